/** Volumes: made, brought from the operator's computer and back, copied, grown, deleted. Never one over another. */
import { z } from 'zod'
import { call, channel, task } from './define.ts'
import { ServerId } from './ids.ts'
import { AbsolutePath, PoolUuid, StorageView, StoreName, VolumeView } from './storage.ts'
import { RemoteText } from './units.ts'

export const VolumeFormat = z.enum(['qcow2', 'raw'])
export type VolumeFormat = z.infer<typeof VolumeFormat>

/** 8 EiB less one: what libvirt takes; JavaScript counts exactly up to 8 PiB. */
const SizeBytes = z.int().min(1).max(Number.MAX_SAFE_INTEGER)

export const NewVolume = z.object({
  poolUuid: PoolUuid,
  name: StoreName,
  format: VolumeFormat,
  capacityBytes: SizeBytes,
  /** thin: grows as it is written to. full: all of its space is taken now. */
  allocation: z.enum(['thin', 'full']),
  /** qcow2 only: the image to hold the differences to. */
  backing: z.object({ path: AbsolutePath, format: VolumeFormat }).nullable()
})
export type NewVolume = z.infer<typeof NewVolume>

export const VolumeRef = z.object({ serverId: ServerId, poolUuid: PoolUuid, name: RemoteText })

/** Why a volume is not to be deleted: a VM uses it, an image needs it, the VMs or its pool could not be asked. */
export const DeleteLock = z.enum(['usedByVm', 'backingOfImage', 'usesUnknown', 'poolNotResponding'])
export type DeleteLock = z.infer<typeof DeleteLock>

export const VolumeDeletePlan = z.object({
  volume: VolumeView,
  locks: z.array(DeleteLock),
  /** As in the storage's view: look before an image that could be the base of one of these is deleted. */
  unknownChains: StorageView.shape.unknownChains,
  /** What will be sent, word by word. */
  commands: z.array(z.string().max(8192))
})
export type VolumeDeletePlan = z.infer<typeof VolumeDeletePlan>

/** How far a job on a volume is. `waiting`: the server is away; it goes on when it is back. */
export const VolumeProgress = z.object({
  step: z.enum(['creating', 'sending', 'receiving', 'waiting', 'checking', 'copying', 'undoing']),
  doneBytes: z.number().nullable(),
  totalBytes: z.number().nullable()
})
export type VolumeProgress = z.infer<typeof VolumeProgress>

/** What a download reports: in browser mode first the address to download from. */
export const VolumeDownloadEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('address'), path: z.string() }),
  z.object({ kind: z.literal('progress'), progress: VolumeProgress })
])
export type VolumeDownloadEvent = z.infer<typeof VolumeDownloadEvent>

/** `sha256` was computed on both ends and is the same; null = the server has no sha256sum. */
export const VolumeDownloadResult = z.object({
  /** Where the operator had it saved; null = it was downloaded by the browser. */
  path: z.string().nullable(),
  sizeBytes: z.number(),
  sha256: z.string().nullable()
})
export type VolumeDownloadResult = z.infer<typeof VolumeDownloadResult>

export const UploadId = z.uuid().brand<'UploadId'>()
export type UploadId = z.infer<typeof UploadId>

export const volumesContract = {
  /** Fails with conflict {name} when the name is taken. */
  'volumes.create': task(
    z.object({ serverId: ServerId, volume: NewVolume }),
    VolumeProgress,
    z.object({ path: RemoteText })
  ),
  /** A full copy in the same pool, without the backing files. Refused with volumeInUse while a running VM writes to it. */
  'volumes.clone': task(
    VolumeRef.extend({ newName: StoreName }),
    VolumeProgress,
    z.object({ path: RemoteText })
  ),
  /**
   * Makes it larger, never smaller: anything else fails with invalidInput. Refused with volumeInUse while a VM runs with
   * it, or while other images hold only the differences to it.
   */
  'volumes.grow': call(VolumeRef.extend({ capacityBytes: SizeBytes }), z.null()),
  'volumes.planDelete': call(VolumeRef, VolumeDeletePlan),
  /** `typedName` must be the volume's name. The plan is made anew right before: volumeInUse when it is locked. */
  'volumes.delete': call(VolumeRef.extend({ typedName: z.string().max(4096) }), z.null()),
  /**
   * Takes a file of the operator's computer as a new volume. Its bytes come by `volumes.uploadBytes` with the same
   * `uploadId`. A link that is lost is waited for and gone on with; when it ends otherwise, the volume is removed.
   */
  'volumes.upload': task(
    z.object({
      serverId: ServerId,
      poolUuid: PoolUuid,
      name: StoreName,
      sizeBytes: SizeBytes,
      uploadId: UploadId
    }),
    VolumeProgress,
    z.object({ path: RemoteText, sizeBytes: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })
  ),
  /**
   * The engine asks for pieces of the file (16 bytes: offset and length, 64 bit each, big-endian) and is sent exactly
   * their bytes. It ends the channel when it needs no more.
   */
  'volumes.uploadBytes': channel(z.object({ uploadId: UploadId })),
  /** The file as it lies on the server; in browser mode a download of the browser. Allowed on look-only servers too. */
  'volumes.download': task(
    VolumeRef.extend({ fileName: z.string().min(1).max(255) }),
    VolumeDownloadEvent,
    VolumeDownloadResult
  )
}

/**
 * Storage of a server: libvirt's pools and their volumes, and who uses each. Pools are acted on by UUID; a volume is the
 * pool's UUID and its name in it. A pool that does not answer is marked and holds nothing else up.
 */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { ServerId, VmUuid } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** libvirt's UUID of a storage pool. The only handle by which a pool is acted on. */
export const PoolUuid = z.string().regex(UUID).brand<'PoolUuid'>()
export type PoolUuid = z.infer<typeof PoolUuid>

export const PoolState = z.enum(['running', 'inactive'])
export type PoolState = z.infer<typeof PoolState>

export const Pool = z.object({
  uuid: PoolUuid,
  name: RemoteText,
  /** libvirt's word: dir, fs, netfs, logical, disk, iscsi, rbd, zfs, … */
  type: RemoteText,
  state: PoolState,
  autostart: z.boolean(),
  persistent: z.boolean(),
  /** Folder or device directory on the server under which its volumes lie. */
  targetPath: RemoteText.nullable(),
  /** Where it comes from: `host:/folder`, a volume group, a device. null = the folder itself. */
  source: RemoteText.nullable(),
  /** As libvirt knew them when the pool was refreshed last. null while it is inactive. */
  capacityBytes: z.number().nullable(),
  allocationBytes: z.number().nullable(),
  availableBytes: z.number().nullable(),
  /** Its storage does not answer, and libvirt is not asked about it: since when. null = it answers. */
  notRespondingSinceAtMs: AtMs.nullable()
})
export type Pool = z.infer<typeof Pool>

/** How a VM uses a file. `backing`: through the image above it; `snapshot`: a snapshot's metadata names it. */
export const UseKind = z.enum([
  'disk',
  'cdrom',
  'floppy',
  'backing',
  'kernel',
  'initrd',
  'dtb',
  'loader',
  'nvram',
  'nvramTemplate',
  'snapshot',
  'other'
])
export type UseKind = z.infer<typeof UseKind>

export const VolumeUse = z.object({
  vmUuid: VmUuid,
  vmName: RemoteText,
  kind: UseKind,
  /** Its device in the VM (vda), where it has one. */
  target: RemoteText.nullable(),
  readOnly: z.boolean(),
  /** The VM runs now. */
  running: z.boolean()
})
export type VolumeUse = z.infer<typeof VolumeUse>

export const Volume = z.object({
  poolUuid: PoolUuid,
  /** Its name in the pool. */
  name: RemoteText,
  path: RemoteText,
  /** libvirt's word: file, block, dir, network, netdir. */
  kind: RemoteText,
  /** qcow2, raw, iso, vmdk, …; null = libvirt does not say. */
  format: RemoteText.nullable(),
  capacityBytes: z.number().nullable(),
  allocationBytes: z.number().nullable(),
  /** The image that this one only holds the differences to, and its format. */
  backingPath: RemoteText.nullable(),
  backingFormat: RemoteText.nullable()
})
export type Volume = z.infer<typeof Volume>

export const VolumeView = Volume.extend({
  /** VMs that use it, by themselves or through images above it. Empty and no `backingOf`: an orphan. */
  usedBy: z.array(VolumeUse).max(256),
  /** Paths of images that this one is the backing file of. */
  backingOf: z.array(RemoteText).max(256)
})
export type VolumeView = z.infer<typeof VolumeView>

export const MAX_VOLUMES_SHOWN = 10_000

/** Volumes of one pool, as they were read. */
export const PoolVolumes = z.object({
  poolUuid: PoolUuid,
  /** When they were read; null = not yet. */
  readAtMs: AtMs.nullable(),
  volumes: z.array(VolumeView).max(MAX_VOLUMES_SHOWN),
  /** Volumes that cannot be shown: names with line feeds, or more than MAX_VOLUMES_SHOWN. */
  leftOut: z.int().nonnegative(),
  /** Why they could not be read this time; `volumes` are those of the last time then. */
  error: ErrorInfo.nullable()
})
export type PoolVolumes = z.infer<typeof PoolVolumes>

export const StorageView = z.object({
  /** null = not read yet. */
  readAtMs: AtMs.nullable(),
  pools: z.array(Pool).max(1000),
  /** One entry for each running pool. */
  contents: z.array(PoolVolumes).max(1000),
  /**
   * Whether all VMs could be asked what they use. While it is false `usedBy` may lack some, no volume counts as an
   * orphan, and nothing can be deleted.
   */
  usesKnown: z.boolean(),
  /**
   * Stopped VMs with a disk outside of every pool that was read: what that disk is based on is not known. An image that
   * seems to be used by nobody may be its base.
   */
  unknownChains: z.array(z.object({ vmName: RemoteText, path: RemoteText })).max(256),
  /** Why the pools could not be listed. null = they were. */
  error: ErrorInfo.nullable()
})
export type StorageView = z.infer<typeof StorageView>

export const PoolAction = z.enum(['start', 'stop', 'refresh', 'autostartOn', 'autostartOff', 'forget'])
export type PoolAction = z.infer<typeof PoolAction>

/**
 * Of a pool or a volume. libvirt's own rule is looser; a name is also a file name in its configuration and, for volumes, on the
 * disk.
 */
export const StoreName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[^/\u0000-\u001f\u007f]+$/)
  .refine((name) => name !== '.' && name !== '..' && name.trim() === name && !name.startsWith('-'))

export const AbsolutePath = z
  .string()
  .max(1024)
  .regex(/^\/[^\u0000-\u001f\u007f]*$/)

export const NewPool = z.discriminatedUnion('type', [
  z.object({ type: z.literal('dir'), name: StoreName, targetPath: AbsolutePath, autostart: z.boolean() }),
  z.object({
    type: z.literal('logical'),
    name: StoreName,
    /** An existing volume group is taken as it is; without `devices` nothing is ever formatted. */
    volumeGroup: z.string().regex(/^[A-Za-z0-9+_.][A-Za-z0-9+_.-]{0,126}$/),
    /** Block devices to make the group of; everything on them is lost. Empty = the group exists. */
    devices: z.array(AbsolutePath).max(32),
    autostart: z.boolean()
  }),
  z.object({
    type: z.literal('netfs'),
    name: StoreName,
    host: z.string().regex(/^[A-Za-z0-9.:_-]{1,253}$/),
    exportPath: AbsolutePath,
    targetPath: AbsolutePath,
    format: z.enum(['auto', 'nfs', 'cifs', 'glusterfs']),
    autostart: z.boolean()
  })
])
export type NewPool = z.infer<typeof NewPool>

export const storageContract = {
  /** Pools, then their volumes as they are read; again after each change, and every 30 s while it is watched. */
  'storage.watch': stream(z.object({ serverId: ServerId }), StorageView, 'latest'),
  /** Reads everything anew. Resolves when all pools that answer have been read. */
  'storage.reload': call(z.object({ serverId: ServerId }), StorageView),
  /**
   * Idempotent. `forget` removes the definition of a stopped pool; its volumes stay where they are. Another name than
   * `seenName` behind the UUID fails with conflict, and nothing is done.
   */
  'storage.actOnPool': call(
    z.object({ serverId: ServerId, poolUuid: PoolUuid, action: PoolAction, seenName: RemoteText }),
    z.object({ outcome: z.enum(['done', 'already']) })
  ),
  /** Defines, builds and starts. When a step fails, what was done before it is undone. */
  'storage.createPool': call(
    z.object({ serverId: ServerId, pool: NewPool }),
    z.object({ poolUuid: PoolUuid })
  )
}

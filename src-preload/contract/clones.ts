/** Cloning VMs, and marking them as templates. The source is never written to; a clone shares no writable disk with it. */
import { z } from 'zod'
import { call, task } from './define.ts'
import { ServerId, VmUuid } from './ids.ts'
import { RemoteText } from './units.ts'
import { DomainState } from './vocabulary.ts'

/** Why a VM cannot be cloned this way; known before anything is made. */
export const CloneRefusalReason = z.enum([
  /** Its disks change while they would be copied. */
  'vmNotOff',
  /** `disks` are no files. */
  'diskNotFile',
  /** `disks` are shared by several VMs on purpose: a clone would write to them too. */
  'diskShared',
  /** `disks` lie in no running storage pool, so that libvirt cannot copy them. */
  'diskNotInPool',
  /** A linked clone needs a file pool for its own layer, and an image format that can stand below one. */
  'cannotLink',
  /** The pool has less room than the copies take. */
  'noSpace'
])
export type CloneRefusalReason = z.infer<typeof CloneRefusalReason>

export const CloneRefusal = z.object({ reason: CloneRefusalReason, disks: z.array(RemoteText).max(64) })
export type CloneRefusal = z.infer<typeof CloneRefusal>

export const CloneMode = z.enum(['full', 'linked'])
export type CloneMode = z.infer<typeof CloneMode>

export const CloneDisk = z.object({
  target: RemoteText,
  path: RemoteText,
  format: RemoteText,
  poolName: RemoteText.nullable(),
  capacityBytes: z.number().nullable(),
  /** What a full copy takes about; less than the capacity where the image is thin. */
  allocationBytes: z.number().nullable()
})
export type CloneDisk = z.infer<typeof CloneDisk>

/** What a clone cannot take over, or takes over differently. */
export const CloneNote = z.enum([
  /** Console passwords are secrets: they are not read, so the clone has none. */
  'consolePassword',
  /** The clone's TPM begins empty. */
  'tpm',
  /** A device of the server is handed to the VM; only one of the two can run at a time. */
  'hostDevice'
])
export type CloneNote = z.infer<typeof CloneNote>

export const ClonePlan = z.object({
  name: RemoteText,
  state: DomainState,
  isTemplate: z.boolean(),
  disks: z.array(CloneDisk).max(256),
  /** CD-ROM and floppy drives with a medium in them. */
  media: z.array(z.object({ target: RemoteText, path: RemoteText })).max(64),
  hasNvram: z.boolean(),
  /** Where a full clone's disks can lie. */
  pools: z
    .array(z.object({ uuid: z.uuid(), name: RemoteText, availableBytes: z.number().nullable() }))
    .max(200),
  canFull: CloneRefusal.nullable(),
  canLink: CloneRefusal.nullable(),
  notes: z.array(CloneNote),
  /** Names on this server, which a clone cannot have. */
  takenNames: z.array(RemoteText).max(5000)
})
export type ClonePlan = z.infer<typeof ClonePlan>

/** The name of a VM that the console makes: no slash (libvirt refuses it), nothing that a terminal would act on. */
export const CloneName = z
  .string()
  .trim()
  .min(1)
  .max(100)
  .regex(/^[^/\u0000-\u001f\u007f]+$/)
  .refine((name) => name !== '.' && name !== '..' && !name.startsWith('-'))

export const CloneRequest = z.object({
  serverId: ServerId,
  vmUuid: VmUuid,
  seenName: RemoteText,
  name: CloneName,
  mode: CloneMode,
  /** Where a full clone's disks go; null = each beside its original. A linked one's always lie beside it. */
  poolUuid: z.uuid().nullable(),
  /** false: the clone's drives are empty. */
  keepMedia: z.boolean(),
  /** Also marks the source as a template: a linked clone breaks when its source is started and writes. */
  markTemplate: z.boolean(),
  start: z.boolean()
})
export type CloneRequest = z.infer<typeof CloneRequest>

export const CloneProgress = z.object({
  step: z.enum(['checking', 'copying', 'defining', 'starting', 'undoing']),
  doneRatio: z.number().min(0).max(1).nullable()
})
export type CloneProgress = z.infer<typeof CloneProgress>

export const CloneResult = z.object({
  vmUuid: VmUuid,
  name: RemoteText,
  /** What libvirt said when it should have been started; the clone is there all the same. */
  startFailed: RemoteText.nullable()
})
export type CloneResult = z.infer<typeof CloneResult>

export const clonesContract = {
  'clones.plan': call(z.object({ serverId: ServerId, vmUuid: VmUuid }), ClonePlan),
  /**
   * Fails with `cloneNotPossible` {reason}, `conflict` {name}; whatever it failed with, what it had made is taken away
   * again, and `leftFiles` in the error's params names what could not be.
   */
  'clones.make': task(CloneRequest, CloneProgress, CloneResult),
  'clones.setTemplate': call(
    z.object({ serverId: ServerId, vmUuid: VmUuid, seenName: RemoteText, template: z.boolean() }),
    z.null()
  )
}

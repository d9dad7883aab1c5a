/**
 * Deleting a VM: a plan of everything that would go, then a task that does exactly the plan the operator confirmed.
 * No file goes that was not ticked. See docs/deletion.md.
 */
import { z } from 'zod'
import { call, task } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { VmRef } from './ids.ts'
import { RemoteText } from './units.ts'

/** Why a file cannot be ticked. */
export const DeletionLock = z.enum([
  /** Another VM uses it too (`users`). */
  'shared',
  /** The VM's own configuration says that others may use it at the same time, from other servers too. */
  'shareable',
  /** Backing file of an image of another VM (`users`). */
  'backing',
  /** Backing file of a volume that no VM of this server uses (`users`: its path). */
  'backingOfVolume',
  /** It cannot be seen what the images of these VMs (`users`) are based on: it may be this file. */
  'chainUnknown',
  /** CD-ROM or floppy image. */
  'medium',
  /** The VM may only read it. */
  'readOnly',
  /** A device of the server, in no pool that could delete it. */
  'blockDevice',
  /** It is reached over the network. */
  'network',
  /** In no pool: libvirt does not manage it. */
  'unmanaged',
  /** Its pool is not active, does not answer, or is gone (`pool`). */
  'poolInactive',
  /** It lies in the folder of an active pool that has not seen it yet (`pool`): refresh the pool. */
  'poolStale',
  /** There is no such file. */
  'missing'
])
export type DeletionLock = z.infer<typeof DeletionLock>

export const DeletionFile = z.object({
  /** Stands for the file in this plan only. */
  id: z.int().nonnegative(),
  path: RemoteText,
  /** `backing`: below a disk of the VM. `snapshot`: named by a snapshot only. */
  kind: z.enum(['disk', 'backing', 'snapshot', 'medium']),
  /** On the server's disk; null = not known. */
  sizeBytes: z.number().nullable(),
  pool: RemoteText.nullable(),
  /** Who else uses it: names of VMs, or paths for `backingOfVolume`. */
  users: z.array(RemoteText).max(64),
  /** null: it may be ticked. */
  lock: DeletionLock.nullable(),
  /** Files of this plan that are built on it: it can only go together with them. */
  neededBy: z.array(z.int()).max(256),
  /** What is run when it is ticked; null while it is locked. */
  command: z.string().max(9_000).nullable()
})
export type DeletionFile = z.infer<typeof DeletionFile>

export const DeletionPlan = z.object({
  /** Stands for all facts that the operator sees here. */
  token: z.string().max(64),
  name: RemoteText,
  /** A QEMU runs for it: it has to be forced off first. */
  active: z.boolean(),
  /** false: it has no saved configuration, so that forcing it off is all. */
  persistent: z.boolean(),
  /** The protect flag is set: it is not deleted. */
  isProtected: z.boolean(),
  snapshots: z.int(),
  checkpoints: z.int(),
  managedSave: z.boolean(),
  /** Firmware settings; `kept` when another VM has the same file. */
  nvram: z.object({ path: RemoteText, kept: z.boolean() }).nullable(),
  tpm: z.boolean(),
  files: z.array(DeletionFile).max(512),
  commands: z.object({ forceOff: z.string(), undefine: z.string().nullable() }),
  /** Pools that could not be looked into: an image there may be based on a file of this VM. */
  unseenPools: z.array(RemoteText).max(256)
})
export type DeletionPlan = z.infer<typeof DeletionPlan>

export const DeletedFile = z.object({
  path: RemoteText,
  /** `gone`: somebody else removed it meanwhile. `kept`: not touched, because something differed from the plan. */
  outcome: z.enum(['deleted', 'gone', 'kept', 'failed']),
  error: ErrorInfo.nullable()
})
export type DeletedFile = z.infer<typeof DeletedFile>

export const DeletionProgress = z.object({
  step: z.enum(['check', 'waiting', 'forceOff', 'undefine', 'file']),
  doneSteps: z.int(),
  totalSteps: z.int(),
  /** What became of the ticked files so far. */
  files: z.array(DeletedFile).max(512)
})
export type DeletionProgress = z.infer<typeof DeletionProgress>

export const DeletionResult = z.object({
  /** `gone`: it was not there any more. */
  machine: z.enum(['deleted', 'gone']),
  files: z.array(DeletedFile).max(512)
})
export type DeletionResult = z.infer<typeof DeletionResult>

const SeenVm = VmRef.extend({ seenName: RemoteText })

export const deletionContract = {
  /** Reads; changes nothing. Throws refused (look-only), disconnected, vmNotFound, vmChanged. */
  'deletion.plan': call(SeenVm, DeletionPlan),
  /** Lets libvirt look into the folders of the pools that have `poolStale` files of this VM. */
  'deletion.refreshPools': call(SeenVm, z.null()),
  /**
   * Throws refused (look-only; `what`: protected, typedName), planChanged {what}: nothing more was done from there on.
   * The same request again goes on where the last one was cut off.
   */
  'deletion.run': task(
    SeenVm.extend({
      /** Must be `seenName`. */
      typedName: RemoteText,
      token: z.string().max(64),
      /** Ids of the ticked files. */
      files: z.array(z.int().nonnegative()).max(512),
      /** It may be forced off when it runs. */
      forceOff: z.boolean()
    }),
    DeletionProgress,
    DeletionResult
  )
}

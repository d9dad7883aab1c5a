/**
 * Snapshots of a VM, and merging external ones back. Acted on by the VM's UUID and the snapshot's name, as libvirt has no
 * other handle for a snapshot; `seenName` is the VM's name that the operator saw.
 */
import { z } from 'zod'
import { call, task } from './define.ts'
import { ServerId, VmUuid } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'
import { DomainState } from './vocabulary.ts'

/** Why something cannot be done with a snapshot here and now; known before anything is sent. */
export const SnapshotRefusalReason = z.enum([
  /** The VM's QEMU does not answer its monitor. */
  'vmHangs',
  /** Its name holds what QEMU's monitor reads otherwise: it is listed, but was not kept, and reverting ends the VM. */
  'nameUnsafe',
  /** libvirt before 10.9 takes no internal snapshot of a VM with UEFI firmware. */
  'uefiNeedsNewerLibvirt',
  /** libvirt before 9.9 does not revert to external snapshots. */
  'externalRevertNeedsNewerLibvirt',
  /** libvirt before 9.9 does not delete external snapshots safely: they are merged back instead. */
  'externalDeleteNeedsNewerLibvirt',
  /** Only qcow2 images can hold internal snapshots; `disks` are of another format. */
  'diskFormat',
  /** `disks` are no files: an external snapshot has no place to put its overlay. */
  'diskNotFile',
  /** The VM has no disk that can change. */
  'noDisks',
  /** Internal and external snapshots would be mixed, or are: libvirt takes them and can undo neither afterwards. */
  'mixedChain',
  /** Needs a running VM. */
  'vmOff',
  /** The VM has no channel for a guest agent, or none is connected to it. */
  'agentMissing',
  /** It is connected, but did not answer in time. */
  'agentSilent',
  /** The present state does not stand on this snapshot: there is nothing of it to merge. */
  'notUnderCurrent',
  /** Other branches grow from it. */
  'hasBranches',
  /** An internal snapshot is not merged: its changes are in the image already. */
  'notExternal',
  /** Other VMs or images stand on `disks`' files: writing into them would break those. */
  'usedByOthers',
  /** The merge ended before it was done: the VM went off, or somebody else stopped it. The chain is as it was. */
  'mergeEnded'
])
export type SnapshotRefusalReason = z.infer<typeof SnapshotRefusalReason>

export const SnapshotRefusal = z.object({
  reason: SnapshotRefusalReason,
  /** The disks it is about; empty when it is about the whole VM. */
  disks: z.array(RemoteText).max(64)
})
export type SnapshotRefusal = z.infer<typeof SnapshotRefusal>

/** Where the snapshot keeps what it keeps. `mixed`: some disks inside, others beside. `none`: libvirt says neither. */
export const SnapshotKind = z.enum(['internal', 'external', 'mixed', 'none'])
export type SnapshotKind = z.infer<typeof SnapshotKind>

export const SnapshotFile = z.object({
  /** Disk target, or null for the file with the memory. */
  target: RemoteText.nullable(),
  path: RemoteText,
  sizeBytes: z.number().nullable()
})
export type SnapshotFile = z.infer<typeof SnapshotFile>

export const Snapshot = z.object({
  name: RemoteText,
  parentName: RemoteText.nullable(),
  isCurrent: z.boolean(),
  kind: SnapshotKind,
  hasMemory: z.boolean(),
  /** The VM's state in it. `diskOnly`: only disks were taken, from a running VM. */
  state: z.union([DomainState, z.literal('diskOnly')]),
  createdAtMs: AtMs.nullable(),
  description: RemoteText.nullable(),
  /** What its own files hold; null = not known, and `spaceUnknown` says why. */
  spaceBytes: z.number().nullable(),
  /** `inImage`: it shares the image with everything else. `fileUnknown`: its files are in no storage pool. */
  spaceUnknown: z.enum(['inImage', 'fileUnknown', 'vmHangs', 'noFiles']).nullable(),
  /** Overlays and memory; empty for internal ones. */
  files: z.array(SnapshotFile).max(128),
  canRevert: SnapshotRefusal.nullable(),
  canDelete: SnapshotRefusal.nullable(),
  canDeleteWithChildren: SnapshotRefusal.nullable(),
  canMergeBack: SnapshotRefusal.nullable()
})
export type Snapshot = z.infer<typeof Snapshot>

/** Snapshots the console can take. */
export const SnapshotWay = z.enum(['internal', 'external', 'externalWithMemory'])
export type SnapshotWay = z.infer<typeof SnapshotWay>

export const SnapshotBoard = z.object({
  /** Parents before their children. */
  snapshots: z.array(Snapshot).max(1000),
  /** More than that were left out. */
  isCut: z.boolean(),
  state: DomainState,
  libvirtVersion: RemoteText.nullable(),
  /** What would be refused; null = it can be taken. */
  canCreate: z.object({
    internal: SnapshotRefusal.nullable(),
    external: SnapshotRefusal.nullable(),
    externalWithMemory: SnapshotRefusal.nullable(),
    quiesce: SnapshotRefusal.nullable()
  })
})
export type SnapshotBoard = z.infer<typeof SnapshotBoard>

/**
 * A new snapshot's name. It becomes part of file names, so no slash; and libvirt writes it unescaped into a line of QEMU's
 * monitor, where a double quote or a backslash makes a snapshot that is listed but does not exist.
 */
export const NewSnapshotName = z
  .string()
  .trim()
  .min(1)
  .max(100)

  .regex(/^[^/"\\\u0000-\u001f\u007f]+$/)
  .refine((name) => name !== '.' && name !== '..' && !name.startsWith('-'))

const SeenVm = z.object({ serverId: ServerId, vmUuid: VmUuid, seenName: RemoteText })
const SnapshotOf = SeenVm.extend({ snapshot: RemoteText })

export const SnapshotProgress = z.object({
  step: z.enum(['checking', 'asking', 'taking', 'reverting', 'deleting', 'merging', 'cleaning']),
  doneRatio: z.number().min(0).max(1).nullable()
})
export type SnapshotProgress = z.infer<typeof SnapshotProgress>

export const SnapshotNew = SeenVm.extend({
  name: NewSnapshotName,
  description: z.string().max(2000),
  way: SnapshotWay,
  /** The guest writes its file systems out and holds still for the moment. Asked of the agent first. */
  quiesce: z.boolean()
})
export type SnapshotNew = z.infer<typeof SnapshotNew>

export const SnapshotRevert = SnapshotOf.extend({
  /** `asTaken`: as the snapshot found it. */
  then: z.enum(['asTaken', 'running', 'paused']),
  /** Takes a snapshot of the present state before; null = that state is given up. */
  keepPresentAs: NewSnapshotName.nullable(),
  /** The VM's name as the operator typed it; must be right while the VM is not off. */
  typedName: RemoteText.nullable()
})
export type SnapshotRevert = z.infer<typeof SnapshotRevert>

export const MergeResult = z.object({
  mergedDisks: z.int(),
  /** Overlays that hold nothing any more and were deleted. */
  deletedFiles: z.array(RemoteText).max(128),
  /** Those that could not be: they are in no storage pool, or something else uses them. */
  leftFiles: z.array(RemoteText).max(128)
})
export type MergeResult = z.infer<typeof MergeResult>

export const snapshotsContract = {
  'snapshots.read': call(z.object({ serverId: ServerId, vmUuid: VmUuid }), SnapshotBoard),
  'snapshots.create': task(SnapshotNew, SnapshotProgress, z.null()),
  /** Fails with `refused` {what: nameNotTyped} when the VM is not off and its name was not typed. */
  'snapshots.revert': task(SnapshotRevert, SnapshotProgress, z.null()),
  'snapshots.delete': task(SnapshotOf.extend({ withChildren: z.boolean() }), SnapshotProgress, z.null()),
  /**
   * Writes the changes of an external snapshot and of those after it down into the image it stands on, while the VM runs.
   * Cancelling leaves the chain as it was.
   */
  'snapshots.mergeBack': task(SnapshotOf, SnapshotProgress, MergeResult)
}

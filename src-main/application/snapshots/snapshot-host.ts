/** What the application needs of libvirt for snapshots: facts, and single commands. Implemented by `remote/libvirt`. */
import type { VmUuid } from '#contract/ids.ts'
import type { SnapshotWay } from '#contract/snapshots.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

/** A disk of the VM as it is now. CD-ROM and floppy drives are not among them. */
export interface VmDisk {
  readonly target: string
  /** null: it is no file (a block device, a volume on the network). */
  readonly path: string | null
  readonly format: string | null
  readonly readOnly: boolean
  /** Files below `path`, nearest first, as the running QEMU has them open; empty while the VM is off. */
  readonly backingPaths: readonly string[]
}

export interface SnapshotDisk {
  readonly target: string
  readonly kind: 'internal' | 'external' | 'no'
  /** The overlay that an external snapshot began for this disk. */
  readonly overlayPath: string | null
}

/** One snapshot as libvirt describes it. */
export interface SnapshotFacts {
  readonly name: string
  readonly parentName: string | null
  readonly isCurrent: boolean
  readonly state: DomainState | 'diskOnly'
  readonly createdAtMs: number | null
  readonly description: string | null
  readonly memory: 'internal' | 'external' | 'no'
  readonly memoryPath: string | null
  readonly disks: readonly SnapshotDisk[]
  /** Disk target → the file that held the disk when the snapshot was taken: its data is in there. */
  readonly pathsWhenTaken: ReadonlyMap<string, string>
}

export interface VmSnapshots {
  readonly name: string
  readonly state: DomainState
  readonly isHung: boolean
  readonly isPersistent: boolean
  readonly isUefi: boolean
  readonly agent: 'none' | 'disconnected' | 'connected'
  readonly disks: readonly VmDisk[]
  /** Parents before their children, as libvirt sorts them. */
  readonly snapshots: readonly SnapshotFacts[]
  readonly isCut: boolean
  /** Bytes that files of snapshots take; those that are not known are missing. */
  readonly sizes: ReadonlyMap<string, number>
}

export interface VmHandle {
  readonly uuid: VmUuid
  /** The name the operator saw; another one behind the UUID → vmChanged, nothing done. */
  readonly seenName: string
}

export interface SnapshotHost {
  readonly libvirtVersion: string | null
  /** Throws vmNotFound; vmChanged when `seenName` is given and is not its name. */
  read(vm: { uuid: VmUuid; seenName: string | null }, signal: AbortSignal): Promise<VmSnapshots>
  /** Whether the guest's agent answers within its deadline. */
  agentAnswers(vm: VmHandle, journal: ActionJournal, signal: AbortSignal): Promise<boolean>
  create(
    vm: VmHandle,
    request: {
      readonly name: string
      readonly description: string
      readonly way: SnapshotWay
      readonly quiesce: boolean
      /** For `externalWithMemory`. */
      readonly memoryPath: string | null
    },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  revert(
    vm: VmHandle,
    request: { readonly snapshot: string; readonly then: 'asTaken' | 'running' | 'paused' },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  /** `metadata`: libvirt only forgets it; no file is touched. */
  delete(
    vm: VmHandle,
    request: { readonly snapshot: string; readonly what: 'only' | 'withChildren' | 'metadata' },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  /** Begins to write what lies above `basePath` down into it; `mergeState` tells how far. */
  startMerge(
    vm: VmHandle,
    disk: { readonly target: string; readonly basePath: string },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  /** null: no job on this disk. */
  mergeState(
    uuid: VmUuid,
    target: string,
    signal: AbortSignal
  ): Promise<{ readonly doneBytes: number; readonly totalBytes: number } | null>
  /** `pivot`: the VM goes on with the base. `abort`: it goes on as before. */
  endMerge(
    vm: VmHandle,
    disk: { readonly target: string; readonly how: 'pivot' | 'abort' },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  /** Of these files, those that some VM of the server still names: as a disk, below one, or in a snapshot. */
  usedPaths(paths: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>
  /** The same without what this VM itself names, and without the images that it uses itself. */
  usedByOthers(uuid: VmUuid, paths: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>
  /** Deletes a file by the pool it lies in. false: it is in no pool. */
  deleteFile(path: string, journal: ActionJournal, signal: AbortSignal): Promise<boolean>
}

/** What the application needs of libvirt for clones. Implemented by `remote/libvirt`. */
import type { VmUuid } from '#contract/ids.ts'
import type { CloneNote } from '#contract/clones.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type { VirthelmMetadata } from '../../domain/libvirt/virthelm-metadata.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

export interface SourceDisk {
  readonly target: string
  /** null: it is no file. */
  readonly path: string | null
  readonly format: string
  /** Made to be written by several VMs. */
  readonly isShared: boolean
  /** A disk that is only read may be used by both. */
  readonly isReadOnly: boolean
  /** null: no running pool knows it. */
  readonly volume: SourceVolume | null
}

export interface SourceVolume {
  readonly poolUuid: string
  readonly poolName: string
  /** Only pools of files can hold the layer of a linked clone. */
  readonly isFilePool: boolean
  readonly capacityBytes: number | null
  readonly allocationBytes: number | null
}

export interface StoragePool {
  readonly uuid: string
  readonly name: string
  /** `dir`, `netfs`, `fs`, `logical`, … */
  readonly type: string
  readonly folder: string | null
  readonly availableBytes: number | null
}

export interface CloneSource {
  readonly name: string
  readonly state: DomainState
  readonly marks: VirthelmMetadata
  readonly disks: readonly SourceDisk[]
  readonly media: readonly { readonly target: string; readonly path: string }[]
  readonly nvramPath: string | null
  readonly notes: readonly CloneNote[]
  readonly pools: readonly StoragePool[]
  readonly takenNames: readonly string[]
  /** The definition for the next start, as libvirt printed it. */
  readonly xml: string
}

/** What becomes of the definition. */
export interface CloneChanges {
  readonly uuid: VmUuid
  readonly name: string
  /** Disk target → the clone's own file and its format. */
  readonly disks: ReadonlyMap<string, { readonly path: string; readonly format: string }>
  readonly keepMedia: boolean
  readonly nvramPath: string | null
}

export interface NewVolume {
  readonly poolUuid: string
  readonly name: string
  readonly format: string
  readonly capacityBytes: number
  /** A layer of its own over this image. */
  readonly backing: { readonly path: string; readonly format: string } | null
}

export interface CloneHost {
  /** Throws vmNotFound; vmChanged when `seenName` is given and is not its name. */
  read(vm: { uuid: VmUuid; seenName: string | null }, signal: AbortSignal): Promise<CloneSource>
  /** null: there is no such volume. */
  volume(
    poolUuid: string,
    name: string,
    signal: AbortSignal
  ): Promise<{ path: string; allocationBytes: number } | null>
  createVolume(volume: NewVolume, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** A copy of the image at `fromPath`, whole by itself. Resolves at the end of the copy. */
  copyVolume(volume: NewVolume, fromPath: string, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** `busy`: libvirt still writes it. */
  deleteVolume(
    poolUuid: string,
    name: string,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<'done' | 'absent' | 'busy'>
  /**
   * A pool on a folder for the moment of one copy: one that runs already, or one that ends with `close`. null: libvirt
   * cannot open the folder, or there is no such file in it.
   */
  poolOver(
    path: string,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<{ readonly poolUuid: string; close(): Promise<void> } | null>
  define(
    source: CloneSource,
    changes: CloneChanges,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
  undefine(uuid: VmUuid, journal: ActionJournal, signal: AbortSignal): Promise<void>
  exists(uuid: VmUuid, signal: AbortSignal): Promise<boolean>
  start(uuid: VmUuid, journal: ActionJournal, signal: AbortSignal): Promise<void>
  setMarks(
    vm: { readonly uuid: VmUuid; readonly isLive: boolean },
    marks: VirthelmMetadata,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
}

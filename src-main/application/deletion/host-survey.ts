/** What a deletion has to know of a server, and what it does there. Implemented by `remote/libvirt/deletion`. */
import type { VmUuid } from '#contract/ids.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

/** Where a disk of a VM lies, as its XML says. */
export interface DiskSource {
  readonly device: 'disk' | 'cdrom' | 'floppy' | 'lun' | 'other'
  readonly kind: 'file' | 'block' | 'volume' | 'network' | 'other'
  /** Path of a file or device; null for the other kinds. */
  readonly path: string | null
  readonly volume: { readonly pool: string; readonly name: string } | null
  /** What is shown when there is no path. */
  readonly text: string
  readonly format: string | null
  readonly readOnly: boolean
  readonly shareable: boolean
  /** Paths below it, nearest first, where the XML knows them (of a running VM). null = it does not say. */
  readonly chain: readonly string[] | null
}

export interface SurveyedDomain {
  readonly uuid: VmUuid
  readonly name: string
  readonly active: boolean
  readonly persistent: boolean
  readonly isProtected: boolean
  readonly managedSave: boolean
  readonly snapshots: readonly string[]
  readonly checkpoints: readonly string[]
  readonly nvram: string | null
  readonly hasTpm: boolean
  /** Of the running and of the saved configuration. */
  readonly disks: readonly DiskSource[]
  /** Disks that only its snapshots name. */
  readonly snapshotDisks: readonly DiskSource[]
  /** Every absolute path anywhere in its documents: disks, kernels, firmware, logs, snapshots, … */
  readonly mentions: ReadonlySet<string>
}

export interface SurveyedVolume {
  readonly pool: string
  readonly name: string
  readonly path: string
  readonly type: 'file' | 'block' | 'dir' | 'network' | 'netdir' | 'ploop' | 'other'
  readonly format: string | null
  readonly capacityBytes: number | null
  readonly allocationBytes: number | null
  readonly backingPath: string | null
}

export interface SurveyedPool {
  readonly name: string
  readonly type: string
  readonly targetPath: string | null
  /** Active, and its volumes could be read. */
  readonly readable: boolean
}

/** One look at everything that may use a file on the server. */
export interface HostSurvey {
  readonly domains: readonly SurveyedDomain[]
  readonly volumes: readonly SurveyedVolume[]
  readonly pools: readonly SurveyedPool[]
  /** What is below an image in no pool: path → its backing path (null = none). Absent: could not be read. */
  readonly imagesBelow: ReadonlyMap<string, string | null>
  /** The same value for two paths: the same file (links, mounts). 'missing': there is none. Absent: not known. */
  readonly identities: ReadonlyMap<string, string>
  /** virsh knows `undefine --tpm`. */
  readonly undefineKnowsTpm: boolean
}

export type DeletionStep =
  | { readonly kind: 'forceOff'; readonly uuid: VmUuid; readonly name: string }
  | {
      readonly kind: 'undefine'
      readonly uuid: VmUuid
      readonly name: string
      readonly flags: readonly string[]
    }
  | { readonly kind: 'volume'; readonly pool: string; readonly name: string }
  | { readonly kind: 'refreshPool'; readonly pool: string }

export interface DeletionHost {
  /** Reads only. One VM's unreadable XML fails the whole: who cannot see everything must not delete. */
  survey(signal: AbortSignal): Promise<HostSurvey>
  /** As an operator would type it. */
  commandOf(step: DeletionStep): string
  /**
   * Sends one step, a row of the journal before it. Acts on VMs by UUID, and only while the UUID leads to that name
   * (vmChanged). A lost answer (disconnected, deadlineExceeded) leaves open whether it was done: survey again.
   */
  run(step: DeletionStep, journal: ActionJournal, signal: AbortSignal): Promise<void>
}

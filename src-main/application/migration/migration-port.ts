/** What a migration needs of each of its two servers. Implemented by `remote/libvirt/migration`. */
import type { VmUuid } from '#contract/ids.ts'
import type { DomainState } from '#contract/vocabulary.ts'
import type {
  DomainChanges,
  DomainFacts,
  HostCapabilities,
  JobFacts,
  PoolFacts,
  VolumeFacts
} from '../../domain/migration/facts.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

export interface PlacedVolume extends VolumeFacts {
  readonly pool: string
}

export interface DomainLook {
  readonly state: DomainState
  readonly persistent: boolean
  readonly autostart: boolean
  readonly hasManagedSave: boolean
  readonly snapshots: number
  readonly checkpoints: number
  /** As it runs now, or as it is defined when it is off. */
  readonly facts: DomainFacts
}

export interface HostLook {
  readonly capabilities: HostCapabilities
  readonly libvirtVersion: string | null
  readonly hypervisorVersion: string | null
  readonly freeMemoryBytes: number | null
  /** Active pools with their facts. */
  readonly pools: readonly PoolFacts[]
  /** Active networks. */
  readonly networks: readonly string[]
  readonly bridges: readonly string[]
  /** Names and UUIDs of all domains. */
  readonly domains: readonly { readonly uuid: string; readonly name: string }[]
  readonly user: string
}

/** Whether a path is there, as far as the account may see. */
export type Presence = 'there' | 'absent' | 'unknown'

export interface Where {
  /** null: no such domain. */
  readonly state: DomainState | null
  readonly persistent: boolean
}

export interface LiveMove {
  readonly uuid: VmUuid
  /** Definition on the target, running and at its next start; null = unchanged. */
  readonly xml: { readonly live: string; readonly persistent: string } | null
  readonly copyDisks: boolean
  /** The operator says that the storage is shared; libvirt cannot know. */
  readonly unsafe: boolean
  /** null: through the console. */
  readonly direct: DirectWay | null
}

/** Where the source finds the target by itself. */
export interface DirectWay {
  readonly host: string
  readonly port: number
  readonly user: string
}

export interface Waits {
  readonly signal: AbortSignal
  readonly deadlineMs?: number
}

/** One server of the two. All calls end by their own deadline; writes are journalled before they are sent. */
export interface MigrationPort {
  host(waits: Waits): Promise<HostLook>
  /** Throws vmNotFound. Asks no monitor. */
  domain(uuid: VmUuid, waits: Waits): Promise<DomainLook>
  where(uuid: VmUuid, waits: Waits): Promise<Where>
  /** With its secrets, changed for the other server; `live`: as it runs, in the form for migration. */
  definition(uuid: VmUuid, form: 'live' | 'persistent', changes: DomainChanges, waits: Waits): Promise<string>
  /** The volume at this path; null when it lies in no active pool. */
  volumeAt(path: string, waits: Waits): Promise<PlacedVolume | null>
  /** null: no such volume. */
  volume(pool: string, name: string, waits: Waits): Promise<PlacedVolume | null>
  presence(paths: readonly string[], waits: Waits): Promise<readonly Presence[]>
  /** Whether the host can give a guest this CPU; `host`: whether its own CPU can do all of that one. */
  compareCpu(
    cpu: { readonly xml: string; readonly as: 'guest' | 'host' },
    facts: DomainFacts,
    waits: Waits
  ): Promise<{ readonly fits: boolean; readonly words: string }>
  /** Whether this server's account can log in to the other and use libvirt there; words: ssh's own. */
  reaches(way: DirectWay, waits: Waits): Promise<{ readonly works: boolean; readonly words: string }>
  job(uuid: VmUuid, waits: Waits): Promise<JobFacts>

  createVolume(volume: NewVolume, journal: ActionJournal, waits: Waits): Promise<void>
  deleteVolume(pool: string, name: string, journal: ActionJournal, waits: Waits): Promise<void>
  define(xml: string, journal: ActionJournal, waits: Waits): Promise<void>
  undefine(uuid: VmUuid, hasNvram: boolean, journal: ActionJournal, waits: Waits): Promise<void>
  autostart(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void>
  resume(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void>
  abortJob(uuid: VmUuid, journal: ActionJournal, waits: Waits): Promise<void>
  /**
   * Resolves when the VM runs on `target`. Aborting ends the waiting alone: see abortJob. Throws libvirtFailed,
   * channelRefused (forwarding is switched off), disconnected, deadlineExceeded.
   */
  moveLive(move: LiveMove, target: MigrationPort, journal: ActionJournal, waits: Waits): Promise<void>
  /** Streams a volume into one of the target's. `onBytes` is told how many more have come. */
  sendVolume(
    from: { readonly pool: string; readonly name: string },
    target: MigrationPort,
    to: { readonly pool: string; readonly name: string },
    options: SendOptions
  ): Promise<{ readonly bytes: number; readonly sha256: string }>
  /** SHA-256 of a volume, worked out on this server. */
  checksum(pool: string, name: string, waits: Waits): Promise<string>

  /** The commands as they are sent and shown. */
  readonly words: CommandWords
}

export interface NewVolume {
  readonly pool: string
  readonly name: string
  readonly format: string
  readonly capacityBytes: number
}

export interface SendOptions extends Waits {
  readonly sourceJournal: ActionJournal
  readonly targetJournal: ActionJournal
  readonly onBytes: (bytes: number) => void
}

export interface CommandWords {
  createVolume(volume: NewVolume): string
  moveLive(move: LiveMove): string
  send(pool: string, name: string): string
  receive(pool: string, name: string): string
  checksum(pool: string, name: string): string
  define(xml: string): string
  undefine(uuid: VmUuid, hasNvram: boolean): string
}

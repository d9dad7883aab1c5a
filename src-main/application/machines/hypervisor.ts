/** What the application needs of libvirt. Implemented by `remote/libvirt` over persistent virsh. */
import type { VmUuid } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { MachineDetail, MachineNow } from '#contract/machines.ts'
import type { Capability } from '#contract/servers.ts'
import type { DomainState, MachineAction } from '#contract/vocabulary.ts'
import type { DeletionHost } from '../deletion/host-survey.ts'
import type { MachineConsoles } from '../consoles/machine-consoles.ts'
import type { MachineConfigurator } from '../configuration/machine-configurator.ts'
import type { GuestAsker } from '../guest/guest-asker.ts'
import type { MachineSettings } from './machine-settings.ts'
import type { CloneHost } from '../clones/clone-host.ts'
import type { MigrationPort } from '../migration/migration-port.ts'
import type { CreationSession } from '../create-machine/creation.ts'
import type { Connection } from '../servers/connection.ts'
import type { SnapshotHost } from '../snapshots/snapshot-host.ts'
import type { NetworkSession, StorageSession } from '../stores/stores.ts'

export interface MachineListing {
  readonly uuid: VmUuid
  readonly name: string
  readonly state: DomainState
  readonly stateReason: string | null
  readonly autostart: boolean
  readonly persistent: boolean
  readonly hasSnapshot: boolean
  readonly hasSavedState: boolean
  readonly needsShutdown: boolean
  readonly isProtected: boolean
  readonly vcpus: number | null
  readonly memoryMaxBytes: number | null
  /** The console's mark: there to be cloned, not to be started by mistake. */
  readonly template: boolean
  /** The operator's words for finding it again, kept in its definition. */
  readonly tags: readonly string[]
}

export interface MachineStats {
  readonly uuid: VmUuid
  /** kind 'vm', key = uuid. What could not be had is absent. */
  readonly values: EntityValues<'vm'>
  readonly memoryUnknown: MachineNow['memoryUnknown']
}

export interface StatsRound {
  readonly machines: readonly MachineStats[]
  /** VMs whose QEMU does not answer its monitor. They are left out of `machines` but never hold the others up. */
  readonly notResponding: readonly VmUuid[]
}

export interface Hypervisor {
  /** Throws libvirtMissing, libvirtDenied, libvirtDaemonDown (expected outcomes: see `capabilityOf`). */
  open(connection: Connection, options: { signal: AbortSignal }): Promise<HypervisorSession>
  /** The capability entries (libvirt, libvirtWrite) that an `open` failure means. */
  capabilitiesOf(error: unknown): readonly Capability[]
}

export interface HypervisorSession {
  readonly creation: CreationSession
  readonly libvirtVersion: string | null
  readonly hypervisorVersion: string | null
  readonly capabilities: readonly Capability[]
  readonly snapshots: SnapshotHost
  readonly clones: CloneHost
  /** For VMs that leave for another server, or come from one. */
  readonly migration: MigrationPort
  /** All domains; safe while a VM hangs. */
  list(signal: AbortSignal): Promise<readonly MachineListing[]>
  /**
   * Bulk stats. `fast`: state, cpu, interfaces. `full`: also balloon and block. One monitor call in flight per host;
   * hung VMs are found, isolated and tried again by themselves.
   */
  stats(tier: 'fast' | 'full', signal: AbortSignal): Promise<StatsRound>
  detail(uuid: VmUuid, signal: AbortSignal): Promise<MachineDetail>
  /** A hint that something changed: read the list again. Also called when events were lost and taken up again. */
  onChange(listener: () => void): void
  /**
   * Acts by UUID. Reads name and UUID back first; another name than `seenName` → vmChanged, nothing done.
   * `beforeSend` is awaited with the exact command before it is sent (the journal); the result goes to `afterSend`.
   */
  act(
    request: {
      readonly uuid: VmUuid
      readonly action: MachineAction
      readonly seenName: string
    },
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<'done' | 'already'>
  readonly configuration: MachineConfigurator
  readonly guests: GuestAsker
  readonly storage: StorageSession
  readonly networks: NetworkSession
  readonly settings: MachineSettings
  /** Deleting VMs and their files. */
  readonly deletion: DeletionHost
  readonly consoles: MachineConsoles
  /** Resolves when the session can no longer answer (daemon gone, channel closed): open a new one. Never rejects. */
  readonly closed: Promise<void>
  close(): void
}

/** Every write is a row before it is sent. */
export interface ActionJournal {
  beforeSend(command: string): Promise<void>
  afterSend(result: {
    readonly exitCode: number | null
    readonly stderr: string
    readonly durationMs: number
    /** Without an exit code: it is known all the same that the server had the command, and that the lost link was its doing. */
    readonly wasTaken?: boolean
  }): Promise<void>
}

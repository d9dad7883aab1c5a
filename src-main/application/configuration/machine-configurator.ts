/** What the application needs to read and change a VM's configuration. Implemented by `remote/libvirt/configuration`. */
import type {
  ChangePlan,
  ChangeResult,
  ChangeScope,
  MachineChange,
  MachineConfiguration,
  MachineXml
} from '#contract/configuration.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

/** The contract's change, with the document of a saved definition in place of its number. */
export type ConfiguratorChange =
  Exclude<MachineChange, { kind: 'restore' }> | { readonly kind: 'restore'; readonly xml: string }

export interface ConfiguratorRequest {
  readonly uuid: VmUuid
  readonly seenName: string
  readonly change: ConfiguratorChange
  readonly scopes: readonly ChangeScope[]
}

/** A change that was planned on what the server said right before. */
export interface PreparedChange {
  readonly plan: ChangePlan
  /** The definition of the next start, as it is before the change. null = transient. */
  readonly nextBootXml: string | null
  /**
   * Sends the plan's steps, one after the other, until one fails. Throws its error when nothing was done before;
   * changeRefused when the plan is empty.
   */
  send(journal: ActionJournal, signal: AbortSignal): Promise<ChangeResult>
}

export interface MachineConfigurator {
  /** Safe while a VM hangs. Throws vmNotFound. */
  read(uuid: VmUuid, signal: AbortSignal): Promise<MachineConfiguration>
  /** As `read`. */
  xml(uuid: VmUuid, signal: AbortSignal): Promise<MachineXml>
  /** A document without what changes at each start. null: it is no definition. */
  linesOf(xml: string): readonly string[] | null
  /** Another name than `seenName` behind the UUID → vmChanged. Nothing is sent yet. */
  prepare(request: ConfiguratorRequest, signal: AbortSignal): Promise<PreparedChange>
}

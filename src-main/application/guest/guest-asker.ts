/** What the application needs to learn about a guest. Implemented by `remote/libvirt`. */
import type { AgentChannel } from '#contract/configuration.ts'
import type { AgentFacts, GuestAddress } from '#contract/guest.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

export interface GuestOutside {
  readonly isActive: boolean
  /** Its QEMU answers its monitor. */
  readonly isResponding: boolean
  readonly channel: AgentChannel
  /** By DHCP leases and the server's ARP table. */
  readonly addresses: readonly GuestAddress[]
}

export type AgentAnswer =
  | { readonly kind: 'answered'; readonly facts: AgentFacts; readonly addresses: readonly GuestAddress[] }
  | { readonly kind: 'silent' | 'notConnected' | 'noChannel' | 'noRight' }
  | { readonly kind: 'failed'; readonly message: string }

export interface GuestAsker {
  /** False: libvirt lets this login only look, and refuses to ask an agent. */
  readonly mayAskAgents: boolean
  /** Asks neither guest nor QEMU: safe while a VM hangs. Throws vmNotFound. */
  outside(uuid: VmUuid, signal: AbortSignal): Promise<GuestOutside>
  /**
   * Asks the agent inside. Before the first time in each run of the VM, libvirt is told how long to wait for it (journalled:
   * it is a write). Never rejects for what the agent does; throws disconnected, cancelled, libvirtDaemonDown.
   */
  agent(uuid: VmUuid, journal: ActionJournal, signal: AbortSignal): Promise<AgentAnswer>
}

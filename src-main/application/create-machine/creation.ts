/** What creating a machine needs of a server's libvirt. Implemented by `remote/libvirt/creation.ts`. */
import type { VmUuid } from '#contract/ids.ts'
import type { PoolUuid } from '#contract/storage.ts'
import type { HostAbilities } from '../../domain/libvirt/os-presets.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'

/** A volume that is to be made. Its name holds a part of the machine's UUID, so that it is nobody else's. */
export interface NewVolume {
  readonly poolUuid: PoolUuid
  readonly name: string
  readonly format: 'qcow2' | 'raw'
  readonly capacityBytes: number
  readonly allocation: 'thin' | 'full'
  /** The image that it only holds the differences to. */
  readonly backing: { readonly path: string; readonly format: string } | null
}

/** One write. Each can be sent again after a lost answer: the second is refused, or changes nothing. */
export type CreateAction =
  | { readonly kind: 'createVolume'; readonly volume: NewVolume }
  | {
      readonly kind: 'copyVolume'
      readonly volume: NewVolume
      readonly fromPoolUuid: PoolUuid
      readonly fromName: string
    }
  | {
      readonly kind: 'growVolume'
      readonly poolUuid: PoolUuid
      readonly name: string
      readonly sizeBytes: number
    }
  | {
      readonly kind: 'uploadVolume'
      readonly poolUuid: PoolUuid
      readonly name: string
      /** null: it was not kept (it may hold a password's hash); the upload cannot be done again. */
      readonly content: Uint8Array | null
    }
  | { readonly kind: 'define'; readonly xml: string }
  | { readonly kind: 'autostart'; readonly vmUuid: VmUuid }
  | { readonly kind: 'start'; readonly vmUuid: VmUuid }
  | { readonly kind: 'forceOff'; readonly vmUuid: VmUuid }
  | { readonly kind: 'undefine'; readonly vmUuid: VmUuid }
  | { readonly kind: 'deleteVolume'; readonly poolUuid: PoolUuid; readonly name: string }

export interface FoundDomain {
  readonly name: string
  readonly isActive: boolean
  /** Active, but QEMU is only being brought up: it may yet fail. */
  readonly isStarting: boolean
  /** Another machine is named like this one's UUID: virsh could take one for the other. */
  readonly hasNamesake: boolean
}

export interface CreationSession {
  /** UUID and name that a domain's XML gives itself; null = it is no domain's XML. */
  identityOf(xml: string): { readonly uuid: string | null; readonly name: string } | null
  /** What this server can do for a new machine. Read once per connection. Throws libvirtFailed, protocolViolation. */
  abilities(signal: AbortSignal): Promise<HostAbilities>
  /** The action as an operator would type it. */
  shown(action: CreateAction): string
  /**
   * Sends one write, journalled. Throws libvirtFailed {stderr}, libvirtDenied; after anything else (disconnected,
   * deadlineExceeded, libvirtDaemonDown, …) it may have been done: read back.
   */
  run(action: CreateAction, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** null = no machine has this UUID. */
  domain(vmUuid: VmUuid, signal: AbortSignal): Promise<FoundDomain | null>
  hasVolume(poolUuid: PoolUuid, name: string, signal: AbortSignal): Promise<boolean>
}

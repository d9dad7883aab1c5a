/** Single settings of a VM that are no changes of its hardware. Implemented by `remote/libvirt/machine-settings.ts`. */
import type { VmUuid } from '#contract/ids.ts'
import type { ActionJournal } from './hypervisor.ts'

export interface SettingTarget {
  readonly uuid: VmUuid
  /** The name the operator saw: behind another one nothing is done (vmChanged). */
  readonly seenName: string
}

export interface MachineSettings {
  /** Only while it is off. Throws vmActionNotPossible {state}, conflict {name} when the name is taken. */
  rename(target: SettingTarget, newName: string, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** Sets or takes away the console's mark that it is not deleted. Idempotent. */
  setProtected(target: SettingTarget, on: boolean, journal: ActionJournal, signal: AbortSignal): Promise<void>
  /** How often the guest tells of its memory, now and after each start. */
  setBalloonPeriod(
    target: SettingTarget,
    periodSec: number,
    journal: ActionJournal,
    signal: AbortSignal
  ): Promise<void>
}

/** States of a VM: how they look, and what can be done in them. Pure. */
import type { MachineView } from '#contract/machines.ts'
import type { ServerView } from '#contract/servers.ts'
import type { DomainState, MachineAction } from '#contract/vocabulary.ts'
import type { DotState } from '../../ui/index.ts'
import { blockOf } from '../servers/index.ts'

export { blockOf }

const DOTS: Record<DomainState, DotState> = {
  running: 'on',
  blocked: 'on',
  paused: 'warn',
  suspended: 'warn',
  shuttingDown: 'busy',
  shutOff: 'idle',
  crashed: 'off',
  unknown: 'empty'
}

/** The dot of a VM. A VM that does not respond is trouble whatever its state says. */
export const machineDot = (view: MachineView): DotState =>
  view.notRespondingSinceAtMs !== null ? 'warn' : DOTS[view.state]

const TONES: Record<DomainState, 'ok' | 'amber' | 'red' | 'neutral' | 'unknown'> = {
  running: 'ok',
  blocked: 'ok',
  paused: 'amber',
  suspended: 'neutral',
  shuttingDown: 'neutral',
  shutOff: 'neutral',
  crashed: 'red',
  unknown: 'unknown'
}
export const machineTone = (state: DomainState): (typeof TONES)[DomainState] => TONES[state]

/** What a button row offers, and what stands in the menu. */
export interface OfferedActions {
  readonly buttons: readonly MachineAction[]
  readonly menu: readonly MachineAction[]
}

export function actionsFor(view: MachineView): OfferedActions {
  // Its QEMU answers nothing: asking the guest is of no use, only the plug helps.
  if (view.notRespondingSinceAtMs !== null && isActive(view.state))
    return { buttons: ['forceOff'], menu: [autostartOf(view)] }
  const { buttons, menu } = OFFERED[view.state]
  const saved: MachineAction[] = view.hasSavedState && !isActive(view.state) ? ['discardSaved'] : []
  return { buttons, menu: [...menu, ...saved, autostartOf(view)] }
}

const OFFERED: Readonly<Record<DomainState, OfferedActions>> = {
  running: { buttons: ['shutDown', 'reboot', 'pause'], menu: ['save', 'reset', 'forceOff'] },
  blocked: { buttons: ['shutDown', 'reboot', 'pause'], menu: ['save', 'reset', 'forceOff'] },
  paused: { buttons: ['resume'], menu: ['save', 'reset', 'forceOff'] },
  shuttingDown: { buttons: [], menu: ['forceOff'] },
  suspended: { buttons: [], menu: ['forceOff'] },
  shutOff: { buttons: ['start'], menu: [] },
  crashed: { buttons: ['start'], menu: [] },
  unknown: { buttons: [], menu: [] }
}

const autostartOf = (view: MachineView): MachineAction => (view.autostart ? 'autostartOff' : 'autostartOn')

/** What stops the guest at once, or loses what it had in memory. */
export const isHarsh = (action: MachineAction): boolean =>
  action === 'forceOff' || action === 'reset' || action === 'discardSaved'

/** What a VM without a saved configuration cannot have. */
export const needsPersistent = (action: MachineAction): boolean =>
  action === 'save' || action === 'autostartOn' || action === 'autostartOff'

/** Key of the action's words: a start from a saved state is no boot. */
export const actionWordOf = (view: MachineView, action: MachineAction): MachineAction | 'startSaved' =>
  action === 'start' && view.hasSavedState ? 'startSaved' : action

/** A QEMU process runs for it. */
export const isActive = (state: DomainState): boolean =>
  state !== 'shutOff' && state !== 'crashed' && state !== 'unknown'

/** The same in words; `hidden`: look-only is a choice and no fault, so that nothing that changes is there at all. */
export function blockWords(
  server: ServerView | undefined,
  t: (key: string) => string
): { readonly reason: string; readonly hidden: boolean } | null {
  const block = blockOf(server)
  return block === null ? null : { reason: t(`machine.blocked.${block}`), hidden: block === 'lookOnly' }
}

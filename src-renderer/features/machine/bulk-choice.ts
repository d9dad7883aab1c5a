/** What can be done with the ticked machines. Pure. */
import type { MachineAction } from '#contract/vocabulary.ts'
import type { MachineRow } from './machine-rows.ts'
import { actionsFor, blockOf, isHarsh, needsPersistent } from './machine-state.ts'

export const BULK_BUTTONS = ['start', 'shutDown', 'reboot', 'pause', 'resume', 'forceOff'] as const
export const BULK_MENU = ['save', 'reset', 'discardSaved', 'autostartOn', 'autostartOff'] as const

/** The ticked machines that the action has anything to do with, and that it can be done with now. */
export function rowsFor(action: MachineAction, rows: readonly MachineRow[]): readonly MachineRow[] {
  return rows.filter(({ view, server }) => {
    if (blockOf(server) !== null || (needsPersistent(action) && !view.persistent)) return false
    const { buttons, menu } = actionsFor(view)
    return buttons.includes(action) || menu.includes(action)
  })
}

export interface ServerCount {
  readonly name: string
  readonly count: number
}

/** How many on which server, most first. */
export function countsByServer(
  rows: readonly Pick<MachineRow, 'view' | 'serverName'>[]
): readonly ServerCount[] {
  const counts = new Map<string, { name: string; count: number }>()
  for (const { view, serverName } of rows) {
    const entry = counts.get(view.ref.serverId) ?? { name: serverName, count: 0 }
    entry.count++
    counts.set(view.ref.serverId, entry)
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || a.name.localeCompare(b.name))
}

export type BulkQuestion = 'none' | 'ask' | 'type'

/** Those that are there to be cloned and would be started. */
export const templatesOf = (action: MachineAction, rows: readonly MachineRow[]): readonly MachineRow[] =>
  action === 'start' ? rows.filter(({ view }) => view.template) : []

/** What many lose at once is typed; what they do in order is asked for, and so is the start of a template. */
export function questionFor(action: MachineAction, rows: readonly MachineRow[]): BulkQuestion {
  if (isHarsh(action)) return rows.length > 1 ? 'type' : 'ask'
  if (templatesOf(action, rows).length > 0) return 'ask'
  return action === 'shutDown' || action === 'reboot' || action === 'save' ? 'ask' : 'none'
}

/** VMs as rows of a table, with what the filter language may ask of them. Pure. */
import type { ServerId } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { ServerView } from '#contract/servers.ts'
import { visibleText } from '../../ui/index.ts'
import {
  matchesFilter,
  parseFilter,
  type Filter,
  type FilterSubject,
  type FilterVocabulary
} from '../filter/index.ts'

export interface MachineRow {
  readonly view: MachineView
  readonly server: ServerView | undefined
  readonly serverName: string
}

export const MACHINE_FILTER: FilterVocabulary = {
  fields: ['server', 'state', 'tag', 'location'],
  numbers: ['cpu', 'mem', 'disk', 'vcpus']
}

const percent = (ratio: number | null | undefined): number | null =>
  ratio === null || ratio === undefined ? null : ratio * 100

export function machineSubject({ view, server, serverName }: MachineRow): FilterSubject {
  const state = view.notRespondingSinceAtMs === null ? [view.state] : [view.state, 'notResponding']
  return {
    texts: [view.name, view.ref.vmUuid, serverName, ...view.tags],
    fields: {
      server: [serverName],
      // Also as two words and as the short everyday ones.
      state: [
        ...state,
        ...state.map((word) => word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)),
        view.state === 'running' ? 'on' : view.state === 'shutOff' ? 'off' : ''
      ],
      // Its own, and those of the server that it is on.
      tag: [...view.tags, ...(server?.record.tags ?? [])],
      location: server === undefined || server.record.location === '' ? [] : [server.record.location]
    },
    numbers: {
      cpu: percent(view.now?.cpuUsedRatio),
      mem: percent(view.now?.memoryUsedRatio),
      disk: percent(view.now?.diskUsedRatio),
      vcpus: view.vcpus
    }
  }
}

const rowOfView = new WeakMap<MachineView, MachineRow>()

/** A machine of which nothing has changed keeps its row: with news of one server only that server's rows are drawn again. */
export function machineRows(
  machines: readonly MachineView[],
  serverOf: (id: ServerId) => ServerView | undefined
): MachineRow[] {
  const servers = new Map<ServerId, ServerView | undefined>()
  return machines.map((view) => {
    const { serverId } = view.ref
    if (!servers.has(serverId)) servers.set(serverId, serverOf(serverId))
    const server = servers.get(serverId)
    const known = rowOfView.get(view)
    if (known !== undefined && known.server === server) return known
    const row = { view, server, serverName: server?.record.name ?? '' }
    rowOfView.set(view, row)
    return row
  })
}

export function filteredRows(
  rows: readonly MachineRow[],
  text: string
): { rows: readonly MachineRow[]; filter: Filter } {
  const filter = parseFilter(text, MACHINE_FILTER)
  return {
    filter,
    rows: filter.terms.length === 0 ? rows : rows.filter((row) => matchesFilter(filter, machineSubject(row)))
  }
}

export const MACHINE_GROUPS = ['none', 'server', 'location', 'tag', 'state'] as const
export type MachineGroupBy = (typeof MACHINE_GROUPS)[number]

/** The tags of a VM as one text: with several it stands once, under all of them. */
export const tagsText = ({ view }: MachineRow): string => view.tags.toSorted().join(', ')

/** What a VM is put under; null = it is not grouped. */
export function machineGroupLabel(
  groupBy: MachineGroupBy,
  stateWords: (row: MachineRow) => string
): ((row: MachineRow) => string) | null {
  switch (groupBy) {
    case 'none':
      return null
    case 'server':
      return (row) => visibleText(row.serverName)
    case 'location':
      return (row) => visibleText(row.server?.record.location ?? '')
    case 'tag':
      return (row) => visibleText(tagsText(row))
    case 'state':
      return stateWords
  }
}

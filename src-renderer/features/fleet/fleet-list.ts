/** Which servers are shown, in which groups and order. Pure. */
import type { ServerView } from '#contract/servers.ts'
import { matchesFilter, type Filter, type FilterSubject, type FilterVocabulary } from '../filter/index.ts'
import { needsOperator } from '../servers/index.ts'

export const FLEET_GROUPS = ['none', 'location', 'tag'] as const
export type FleetGroupBy = (typeof FLEET_GROUPS)[number]

export const FLEET_SORTS = ['attention', 'name', 'cpu', 'memory', 'disk', 'network', 'machines'] as const
export type FleetSort = (typeof FLEET_SORTS)[number]

export interface FleetGroup {
  /** '' for servers without a location or tag, and when nothing is grouped. */
  readonly name: string
  readonly servers: readonly ServerView[]
}

export const FLEET_VOCABULARY: FilterVocabulary = {
  fields: ['tag', 'state', 'location', 'name', 'address', 'user'],
  numbers: ['cpu', 'mem', 'memory', 'disk', 'load', 'vms']
}

const percent = (ratio: number | null | undefined): number | null =>
  ratio === null || ratio === undefined ? null : ratio * 100

/** A server as the filter language sees it. Old values of a server that is off are no values. */
export function fleetSubject(view: ServerView): FilterSubject {
  const { record } = view
  const now = view.presence === 'ON' ? view.now : null
  return {
    texts: [record.name, record.location, record.connection.host, ...record.tags],
    fields: {
      tag: record.tags,
      state: [view.presence],
      location: [record.location],
      name: [record.name],
      address: [record.connection.host],
      user: [record.connection.user]
    },
    numbers: {
      cpu: percent(now?.cpuUsedRatio),
      mem: percent(now?.memoryUsedRatio),
      memory: percent(now?.memoryUsedRatio),
      disk: percent(now?.diskUsedRatio),
      load: now?.load1 ?? null,
      vms: view.machinesRunning
    }
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })
const byName = (a: ServerView, b: ServerView): number => collator.compare(a.record.name, b.record.name)

/** Most troubled first: off, waiting for the operator, nearly full, the rest, off on purpose. */
function attention(view: ServerView): number {
  if (view.connection.kind === 'stopped') return 4
  if (view.presence === 'OFF') return 0
  if (needsOperator(view)) return 1
  const { now } = view
  if (now !== null && Math.max(now.memoryUsedRatio ?? 0, now.diskUsedRatio ?? 0) >= 0.9) return 2
  return 3
}

/**
 * Live values are compared in coarse steps: a card that wins by a hair against its neighbour would change places with
 * it at every tick.
 */
const steps: Record<Exclude<FleetSort, 'attention' | 'name'>, (view: ServerView) => number | null> = {
  cpu: ({ now }) => coarse(now?.cpuUsedRatio, 20),
  memory: ({ now }) => coarse(now?.memoryUsedRatio, 50),
  disk: ({ now }) => coarse(now?.diskUsedRatio, 100),
  network: ({ now }) => {
    if (now === null || now.netRxBytesPerSec === null || now.netTxBytesPerSec === null) return null
    return Math.round(Math.log2(1 + now.netRxBytesPerSec + now.netTxBytesPerSec))
  },
  machines: (view) => view.machinesRunning
}
function coarse(ratio: number | null | undefined, perUnit: number): number | null {
  return ratio === null || ratio === undefined ? null : Math.round(ratio * perUnit)
}

function comparator(sort: FleetSort): (a: ServerView, b: ServerView) => number {
  if (sort === 'name') return byName
  if (sort === 'attention') return (a, b) => attention(a) - attention(b) || byName(a, b)
  const step = steps[sort]
  const value = (view: ServerView): number => (view.presence === 'ON' ? (step(view) ?? -1) : -2)
  return (a, b) => value(b) - value(a) || byName(a, b)
}

function groupNames(view: ServerView, groupBy: FleetGroupBy): readonly string[] {
  switch (groupBy) {
    case 'none':
      return ['']
    case 'location':
      return [view.record.location]
    case 'tag':
      return view.record.tags.length === 0 ? [''] : view.record.tags
  }
}

/** Groups by name, the unnamed one last. By tag, a server with two tags stands in both groups. */
export function groupServers(
  servers: readonly ServerView[],
  groupBy: FleetGroupBy,
  sort: FleetSort
): readonly FleetGroup[] {
  const groups = new Map<string, ServerView[]>()
  for (const view of [...servers].sort(comparator(sort))) {
    for (const name of groupNames(view, groupBy)) {
      const group = groups.get(name)
      if (group === undefined) groups.set(name, [view])
      else group.push(view)
    }
  }
  return [...groups]
    .sort(([a], [b]) => (a === '' ? 1 : b === '' ? -1 : collator.compare(a, b)))
    .map(([name, members]) => ({ name, servers: members }))
}

export const filterServers = (servers: readonly ServerView[], filter: Filter): readonly ServerView[] =>
  filter.terms.length === 0 ? servers : servers.filter((view) => matchesFilter(filter, fleetSubject(view)))

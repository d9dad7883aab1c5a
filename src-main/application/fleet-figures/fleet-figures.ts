/** Figures of the fleet over a range, out of the history: what screens and reports show. docs/fleet-figures.md says what each is. */
import type {
  FleetFigures,
  FleetFiguresQuery,
  GpuFigures,
  Figures,
  ServerFigures
} from '#contract/fleet-figures.ts'
import type { BusyHour, EntityInfo } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { MetricId } from '#contract/metric-catalogue.ts'
import type { ServerRecord } from '#contract/servers.ts'
import { busiestHourOfDay, ratioOf, wholeDays } from '../../domain/fleet-figures/figures.ts'
import type { DayZone } from '../../domain/traffic/days.ts'
import type { DayTotal, HistoryStore, SeriesFigures, ShareBound } from '../storage.ts'

export interface FleetFiguresDeps {
  readonly history: Pick<HistoryStore, 'entities' | 'figures' | 'shares' | 'busyHours' | 'dayTotals'>
  readonly servers: () => readonly ServerRecord[]
  /** Whose midnights divide the day sums of the traffic. */
  readonly zone: () => DayZone
  readonly nowMs: () => number
}

const SERVER_METRICS = [
  'cpuUsedRatio',
  'memoryUsedRatio',
  'memoryUsedBytes',
  'memoryTotalBytes',
  'diskUsedRatio',
  'diskUsedBytes',
  'diskTotalBytes',
  'netRxBytesPerSec',
  'netTxBytesPerSec',
  'powerWatts',
  'usersLoggedIn',
  'machinesRunning',
  'uptimeSec'
] as const satisfies readonly MetricId<'server'>[]
const GPU_METRICS = [
  'memoryTotalBytes',
  'memoryFreeBytes',
  'utilisationRatio'
] as const satisfies readonly MetricId<'gpu'>[]
/** Measured time makes coverage, bytes and energy of them. */
const TIMED = [
  'cpuUsedRatio',
  'uptimeSec',
  'netRxBytesPerSec',
  'netTxBytesPerSec',
  'powerWatts',
  'memoryFreeBytes',
  'utilisationRatio'
]
/** A card idles with more free than this, or with less used than this. */
const IDLE_FREE_BYTES = 8e9
const IDLE_USED_RATIO = 0.1
const MAX_GPUS = 64
const SEC_PER_HOUR = 3_600

/** Throws cancelled. */
export async function readFleetFigures(
  query: FleetFiguresQuery,
  deps: FleetFiguresDeps,
  signal: AbortSignal
): Promise<FleetFigures> {
  const { fromAtMs, toAtMs } = query
  const wanted = new Set<string>(query.serverIds)
  const records = deps
    .servers()
    .filter(({ id }) => wanted.size === 0 || wanted.has(id))
    .toSorted((a, b) => collator.compare(a.name, b.name))
  const ids = records.map(({ id }) => id)
  const cards = await cardsOf(deps.history, ids, query)
  const read = await readHistory(deps, query, ids, cards, signal)
  // What is still to come cannot have been measured, and is not missing.
  const spanMs = Math.max(1, Math.min(toAtMs, deps.nowMs()) - fromAtMs)
  const servers = records.map((record) => serverFigures(record, { read, cards, spanMs }))
  const measured = servers.flatMap(({ serverId, cpuUsedRatio: { mean } }) =>
    mean === null ? [] : [{ serverId, mean }]
  )
  const byCpu = measured.toSorted((a, b) => b.mean - a.mean)
  return {
    fromAtMs,
    toAtMs,
    level: read.level,
    servers,
    busiest: byCpu[0]?.serverId ?? null,
    idlest: byCpu.at(-1)?.serverId ?? null,
    busyHours: [...read.busyHours],
    busiestHourOfDay: busiestHourOfDay(read.busyHours)
  }
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

type Cards = ReadonlyMap<ServerId, readonly EntityInfo[]>

/** Cards that were seen in the range, in the order of their keys. */
async function cardsOf(
  history: FleetFiguresDeps['history'],
  ids: readonly ServerId[],
  { fromAtMs, toAtMs }: FleetFiguresQuery
): Promise<Cards> {
  const found = await Promise.all(
    ids.map(async (id) => {
      const entities = await history.entities(id)
      const cards = entities
        .filter(
          ({ entity, firstAtMs, lastAtMs }) =>
            entity.kind === 'gpu' && firstAtMs < toAtMs && lastAtMs >= fromAtMs
        )
        .toSorted((a, b) => collator.compare(a.entity.key, b.entity.key))
        .slice(0, MAX_GPUS)
      return [id, cards] as const
    })
  )
  return new Map(found)
}

interface ReadHistory {
  readonly level: FleetFigures['level']
  readonly busyHours: readonly BusyHour[]
  series(serverId: ServerId, kind: 'server' | 'gpu', key: string, metric: string): SeriesFigures | undefined
  share(serverId: ServerId, key: string, metric: string): { count: number; inside: number }
  dayTotal(serverId: ServerId, name: string, firstAtMs: number | null): number | null
}

async function readHistory(
  deps: FleetFiguresDeps,
  query: FleetFiguresQuery,
  ids: readonly ServerId[],
  cards: Cards,
  signal: AbortSignal
): Promise<ReadHistory> {
  const { history } = deps
  const { fromAtMs, toAtMs, zone } = query
  const range = { fromAtMs, toAtMs }
  const hosts = ids.map((serverId) => ({ serverId, kind: 'server' as const, key: '' }))
  const gpus = [...cards.values()].flat().map(({ entity }) => entity)
  const bounds: ShareBound[] = gpus.flatMap((entity) => [
    { entity, metric: 'memoryFreeBytes', above: IDLE_FREE_BYTES },
    { entity, metric: 'memoryUsedRatio', below: IDLE_USED_RATIO }
  ])
  const series = [
    ...hosts.map((entity) => ({ entity, metrics: [...SERVER_METRICS] })),
    ...gpus.map((entity) => ({ entity, metrics: [...GPU_METRICS] }))
  ]
  const [figures, shares, busyHours, totals] = await Promise.all([
    history.figures({ series, timed: TIMED, ...range }, signal),
    bounds.length === 0 ? [] : history.shares({ bounds, ...range }, signal),
    hosts.length === 0
      ? []
      : history.busyHours({ entities: hosts, metric: 'cpuUsedRatio', zone, ...range }, signal),
    readDayTotals(deps, query, ids)
  ])
  const bySeries = new Map(
    figures.series.map((one) => [nameOf(one.entity.serverId, one.entity.key, one.metric), one])
  )
  const byBound = new Map(
    bounds.map(({ entity, metric }, index) => [nameOf(entity.serverId, entity.key, metric), shares[index]])
  )
  return {
    level: figures.level,
    busyHours,
    series: (serverId, kind, key, metric) =>
      bySeries.get(nameOf(serverId, kind === 'server' ? '' : key, metric)),
    share: (serverId, key, metric) => byBound.get(nameOf(serverId, key, metric)) ?? { count: 0, inside: 0 },
    dayTotal: totals
  }
}

const nameOf = (serverId: ServerId, key: string, metric: string): string => `${serverId}\n${key}\n${metric}`

/** Sums of whole days, of servers whose sums reach as far back as their values do. */
async function readDayTotals(
  { history, zone, nowMs }: FleetFiguresDeps,
  query: FleetFiguresQuery,
  ids: readonly ServerId[]
): Promise<ReadHistory['dayTotal']> {
  const days = query.zone === zone() ? wholeDays(query, query.zone, nowMs()) : null
  if (days === null || ids.length === 0) return () => null
  const totals = await history.dayTotals({
    serverIds: ids,
    kind: 'server',
    names: ['rxBytes', 'txBytes'],
    fromDay: days.fromDay,
    toDay: days.toDay
  })
  const byName = new Map<string, DayTotal[]>()
  for (const total of totals) {
    const name = nameOf(total.serverId, total.key, total.name)
    byName.set(name, [...(byName.get(name) ?? []), total])
  }
  return (serverId, name, firstAtMs) => {
    const own = byName.get(nameOf(serverId, '', name)) ?? []
    const first = own[0]
    if (first === undefined || firstAtMs === null || first.day > days.dayOf(firstAtMs)) return null
    return own.reduce((sum, { total }) => sum + total, 0)
  }
}

function serverFigures(
  { id, name, location }: ServerRecord,
  { read, cards, spanMs }: { read: ReadHistory; cards: Cards; spanMs: number }
): ServerFigures {
  const of = (metric: MetricId<'server'>): SeriesFigures | undefined => read.series(id, 'server', '', metric)
  const bytes = (metric: MetricId<'server'>, total: string): number | null => {
    const rate = of(metric)
    return read.dayTotal(id, total, rate?.firstAtMs ?? null) ?? overTime(rate)
  }
  const gpus = (cards.get(id) ?? []).map((card) => gpuFigures(card, read, spanMs))
  const energy = overTime(of('powerWatts'))
  return {
    serverId: id,
    name,
    location,
    coverageRatio: Math.max(coverage(of('cpuUsedRatio'), spanMs), coverage(of('uptimeSec'), spanMs)),
    uptimeSec: of('uptimeSec')?.newest ?? null,
    cpuUsedRatio: figuresOf(of('cpuUsedRatio')),
    memoryUsedRatio: figuresOf(of('memoryUsedRatio')),
    memoryUsedBytes: figuresOf(of('memoryUsedBytes')),
    memoryTotalBytes: of('memoryTotalBytes')?.newest ?? null,
    diskUsedRatio: figuresOf(of('diskUsedRatio')),
    diskUsedBytes: figuresOf(of('diskUsedBytes')),
    diskTotalBytes: of('diskTotalBytes')?.newest ?? null,
    netRxBytesPerSec: figuresOf(of('netRxBytesPerSec')),
    netTxBytesPerSec: figuresOf(of('netTxBytesPerSec')),
    netRxBytes: bytes('netRxBytesPerSec', 'rxBytes'),
    netTxBytes: bytes('netTxBytesPerSec', 'txBytes'),
    powerWatts: figuresOf(of('powerWatts')),
    energyWattHours: energy === null ? null : energy / SEC_PER_HOUR,
    usersLoggedIn: figuresOf(of('usersLoggedIn')),
    machinesRunning: figuresOf(of('machinesRunning')),
    gpus,
    gpuIdleOverFreeRatio: idleOfAll(id, cards, read, 'memoryFreeBytes'),
    gpuIdleUnderUsedRatio: idleOfAll(id, cards, read, 'memoryUsedRatio')
  }
}

function gpuFigures({ entity, label }: EntityInfo, read: ReadHistory, spanMs: number): GpuFigures {
  const { serverId, key } = entity
  const of = (metric: MetricId<'gpu'>): SeriesFigures | undefined => read.series(serverId, 'gpu', key, metric)
  return {
    key,
    name: label === '' ? key : label,
    memoryTotalBytes: of('memoryTotalBytes')?.newest ?? null,
    memoryFreeBytes: figuresOf(of('memoryFreeBytes')),
    utilisationRatio: figuresOf(of('utilisationRatio')),
    idleOverFreeRatio: ratioOf([read.share(serverId, key, 'memoryFreeBytes')]),
    idleUnderUsedRatio: ratioOf([read.share(serverId, key, 'memoryUsedRatio')]),
    coverageRatio: Math.max(coverage(of('memoryFreeBytes'), spanMs), coverage(of('utilisationRatio'), spanMs))
  }
}

/** Of the time of all its cards: two cards of which one is idle make one half. */
const idleOfAll = (serverId: ServerId, cards: Cards, read: ReadHistory, metric: string): number | null =>
  ratioOf(
    (cards.get(serverId) ?? [])
      .filter(({ entity }) => !isSlice(entity.key))
      .map(({ entity }) => read.share(serverId, entity.key, metric))
  )

/** Part of a divided card (NVIDIA MIG), whose memory is counted with its card's. */
const isSlice = (key: string): boolean => key.startsWith('MIG-')

const coverage = (series: SeriesFigures | undefined, spanMs: number): number =>
  Math.min(1, (series?.measuredMs ?? 0) / spanMs)

/** A rate per second, times the seconds for which it was measured. */
function overTime(rate: SeriesFigures | undefined): number | null {
  if (rate === undefined || rate.mean === null || rate.measuredMs === null) return null
  return (rate.mean * rate.measuredMs) / 1_000
}

function figuresOf(series: SeriesFigures | undefined): Figures {
  if (series === undefined) return { count: 0, mean: null, median: null, min: null, max: null, p95: null }
  const { count, mean, median, min, max, p95 } = series
  return { count, mean, median, min, max, p95 }
}

/** Questions about a range that are no chart: statistics, a page of rows, who has the most, when the week is busy. */
import type {
  BusyHour,
  BusyQuery,
  HistoryLevel,
  RowsPage,
  RowsPageQuery,
  SeriesStatistics,
  StatisticsQuery
} from '#contract/history.ts'
import { gatherRaw, gatherRollups, type TakePoint } from './gather.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, spanMs } from './keys.ts'
import { Pace } from './pace.ts'
import { planRead, type ReadPlan } from './plan.ts'
import type { KeptFrom, ReadContext } from './read.ts'
import { medianOf, percentileOf } from './percentile.ts'

/** Up to this long statistics are taken of the samples themselves. */
const SAMPLES_UP_TO_MS = 8 * DAY_MS
const MINUTES_UP_TO_MS = 100 * DAY_MS
const HOURS_UP_TO_MS = 2_000 * DAY_MS
const RAW_SLICE_MS = HOUR_MS
const SLOTS_PER_SLICE = 720

/** The finest level that is kept from `fromMs` on and short enough to be read whole. */
export function statisticsLevel(fromMs: number, toMs: number, kept: KeptFrom): HistoryLevel {
  const rangeMs = toMs - fromMs
  if (rangeMs <= SAMPLES_UP_TO_MS && fromMs >= kept.raw) return 'raw'
  if (rangeMs <= MINUTES_UP_TO_MS && fromMs >= kept.minute) return 'minute'
  return rangeMs <= HOURS_UP_TO_MS && fromMs >= kept.hour ? 'hour' : 'day'
}

/** The asked level, or the next coarser one that is kept from `fromMs` on. */
export function keptLevel(asked: HistoryLevel, fromMs: number, kept: KeptFrom): HistoryLevel {
  const levels: HistoryLevel[] = ['raw', 'minute', 'hour', 'day']
  return levels.slice(levels.indexOf(asked)).find((level) => fromMs >= kept[level]) ?? 'day'
}

/** All points of a plan, server by server, in slices. */
export async function gatherAll(
  context: ReadContext,
  plan: ReadPlan,
  level: HistoryLevel,
  range: { readonly fromMs: number; readonly toMs: number },
  pace: Pace,
  take: TakePoint
): Promise<void> {
  if (plan.seen === null) return
  const span = level === 'raw' ? 1 : spanMs(level)
  const sliceMs = level === 'raw' ? RAW_SLICE_MS : SLOTS_PER_SLICE * span
  const fromMs = Math.floor(Math.max(range.fromMs, plan.seen.firstAtMs) / span) * span
  const toMs = Math.min(Math.ceil(range.toMs / span) * span, plan.seen.lastAtMs + span)
  for (const server of plan.servers) {
    for (let at = fromMs; at < toMs; at += sliceMs) {
      const slice = { fromMs: at, toMs: Math.min(toMs, at + sliceMs) }
      if (level === 'raw') gatherRaw(context.raw, server, slice, take)
      else gatherRollups(context, server, level, slice, take)
      await pace.rest()
    }
  }
}

class Gathered {
  sum = 0
  count = 0
  min = Infinity
  max = -Infinity
  readonly means: number[] = []
  private slots = 0
  private lastSlot = -1

  add(atMs: number, sum: number, min: number, max: number, count: number, slotMs: number): void {
    this.sum += sum
    this.count += count
    if (min < this.min) this.min = min
    if (max > this.max) this.max = max
    this.means.push(sum / count)
    const slot = Math.floor(atMs / slotMs)
    if (slot !== this.lastSlot) this.slots++
    this.lastSlot = slot
  }

  coverage(fromMs: number, toMs: number, slotMs: number): number {
    const slots = Math.floor((toMs - 1) / slotMs) - Math.floor(fromMs / slotMs) + 1
    return Math.min(1, this.slots / slots)
  }
}

const BASIS = { raw: 'samples', minute: 'minuteMeans', hour: 'hourMeans', day: 'dayMeans' } as const

/** Throws cancelled. */
export async function statisticsOf(
  context: ReadContext,
  query: StatisticsQuery,
  signal: AbortSignal
): Promise<SeriesStatistics[]> {
  const plan = planRead(context.registry, query.series)
  const { fromAtMs, toAtMs } = query
  const firstMs = Math.max(fromAtMs, plan.seen?.firstAtMs ?? fromAtMs)
  const level = statisticsLevel(firstMs, toAtMs, context.keptFromMs())
  const slotMs = level === 'raw' ? MINUTE_MS : spanMs(level)
  const gathered = plan.columns.map(() => new Gathered())
  await gatherAll(
    context,
    plan,
    level,
    { fromMs: fromAtMs, toMs: toAtMs },
    new Pace(signal),
    (column, atMs, sum, min, max, count) => {
      if (level !== 'raw' || atMs < toAtMs) gathered[column.index]?.add(atMs, sum, min, max, count, slotMs)
    }
  )
  return plan.columns.map(({ entity, metric, scale, index }) => {
    const all = gathered[index] ?? new Gathered()
    const shown = { entity, metric, count: all.count, basis: BASIS[level] }
    if (all.count === 0)
      return { ...shown, mean: null, median: null, min: null, max: null, p95: null, coverageRatio: 0 }
    const means = Float64Array.from(all.means)
    return {
      ...shown,
      mean: all.sum / all.count / scale,
      median: medianOf(means) / scale,
      min: all.min / scale,
      max: all.max / scale,
      p95: percentileOf(means, 0.95) / scale,
      coverageRatio: all.coverage(fromAtMs, toAtMs, slotMs)
    }
  })
}

/** Rows, newest first, as many as asked for. Throws cancelled. */
export async function rowsPageOf(
  context: ReadContext,
  query: RowsPageQuery,
  signal: AbortSignal
): Promise<RowsPage> {
  const plan = planRead(context.registry, query.series)
  const { beforeAtMs, limit } = query
  const level = keptLevel(
    query.level,
    Math.min(query.beforeAtMs - 1, Math.max(query.fromAtMs, plan.seen?.firstAtMs ?? 0)),
    context.keptFromMs()
  )
  const rows = new Map<number, (number | null)[]>()
  const page: RowsPage = { level, atMs: [], rows: [], nextBeforeAtMs: null }
  if (plan.seen === null) return page
  const span = level === 'raw' ? 1 : spanMs(level)
  const sliceMs = level === 'raw' ? RAW_SLICE_MS : SLOTS_PER_SLICE * span
  const fromMs = Math.floor(Math.max(query.fromAtMs, plan.seen.firstAtMs) / span) * span
  const pace = new Pace(signal)
  let toMs = Math.ceil(Math.min(beforeAtMs, plan.seen.lastAtMs + span) / span) * span
  while (toMs > fromMs && rows.size <= limit) {
    const slice = { fromMs: Math.max(fromMs, toMs - sliceMs), toMs }
    const take: TakePoint = (column, atMs, sum, _min, _max, count) => {
      if (atMs >= beforeAtMs) return
      let row = rows.get(atMs)
      if (row === undefined) {
        row = new Array<number | null>(plan.columns.length).fill(null)
        rows.set(atMs, row)
      }
      row[column.index] = sum / count / column.scale
    }
    for (const server of plan.servers) {
      if (level === 'raw') gatherRaw(context.raw, server, slice, take)
      else gatherRollups(context, server, level, slice, take)
    }
    toMs = slice.fromMs
    await pace.rest()
  }
  page.atMs = [...rows.keys()].toSorted((a, b) => b - a).slice(0, limit)
  page.rows = page.atMs.map((at) => rows.get(at) ?? [])
  page.nextBeforeAtMs = rows.size > limit ? (page.atMs.at(-1) ?? null) : null
  return page
}

/** Means by hour of the week, of the rollups by the hour. Throws cancelled. */
export async function busyHoursOf(
  context: ReadContext,
  query: BusyQuery,
  signal: AbortSignal
): Promise<BusyHour[]> {
  const plan = planRead(
    context.registry,
    query.entities.map((entity) => ({ entity, metrics: [query.metric] }))
  )
  const cells = new Map<number, { sum: number; count: number; max: number }>()
  await gatherAll(
    context,
    plan,
    'hour',
    { fromMs: query.fromAtMs, toMs: query.toAtMs },
    new Pace(signal),
    ({ scale }, atMs, sum, _min, max, count) => {
      const date = new Date(atMs)
      const day = query.zone === 'utc' ? date.getUTCDay() : date.getDay()
      const hour = query.zone === 'utc' ? date.getUTCHours() : date.getHours()
      const cell = ((day + 6) % 7) * 24 + hour
      const before = cells.get(cell) ?? { sum: 0, count: 0, max: -Infinity }
      before.sum += sum / scale
      before.count += count
      before.max = Math.max(before.max, max / scale)
      cells.set(cell, before)
    }
  )
  return [...cells]
    .toSorted(([a], [b]) => a - b)
    .map(([cell, { sum, count, max }]) => ({
      weekday: Math.floor(cell / 24),
      hour: cell % 24,
      mean: sum / count,
      max,
      count
    }))
}

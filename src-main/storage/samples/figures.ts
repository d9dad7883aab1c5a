/**
 * Figures of many series over a range, server by server: what a table of the whole fleet shows. Up to two days they are
 * taken of the samples, beyond that of the rollups by the hour: count, mean, minimum and maximum are the same either way.
 */
import type { HistoryLevel } from '#contract/history.ts'
import type { FiguresAnswer, FiguresQuery, SeriesFigures } from '../../application/storage.ts'
import { gatherRaw, type Range, type TakePoint } from './gather.ts'
import { gatherPart, gatherSlots, hourParts } from './gather-range.ts'
import { DAY_MS, HOUR_MS, hourOf } from './keys.ts'
import { MeasuredTime } from './measured-time.ts'
import { Pace } from './pace.ts'
import { medianOf, percentileOf } from './percentile.ts'
import { type Column, planRead, type ServerPlan } from './plan.ts'
import type { KeptFrom, ReadContext } from './read.ts'

/** Up to this long the samples themselves are read, of the whole fleet. */
const SAMPLES_UP_TO_MS = 2 * DAY_MS
const HOURS_UP_TO_MS = 2_000 * DAY_MS

export function figuresLevel({ fromMs, toMs }: Range, kept: KeptFrom): HistoryLevel {
  if (toMs - fromMs <= SAMPLES_UP_TO_MS) {
    if (fromMs >= kept.raw) return 'raw'
    if (fromMs >= kept.minute) return 'minute'
  }
  return toMs - fromMs <= HOURS_UP_TO_MS && fromMs >= kept.hour ? 'hour' : 'day'
}

/** Throws cancelled. */
export async function figuresOf(
  context: ReadContext,
  { series, timed, fromAtMs, toAtMs }: FiguresQuery,
  signal: AbortSignal
): Promise<FiguresAnswer> {
  const plan = planRead(context.registry, series)
  const fromMs = Math.min(toAtMs - 1, Math.max(fromAtMs, plan.seen?.firstAtMs ?? fromAtMs))
  const level = figuresLevel({ fromMs, toMs: toAtMs }, context.keptFromMs())
  const query = {
    level,
    range: { fromMs: fromAtMs, toMs: toAtMs },
    // What is before the first and after the last sample needs no reading.
    seen: { fromMs, toMs: Math.min(toAtMs, (plan.seen?.lastAtMs ?? 0) + 1) },
    timed: new Set(timed)
  }
  const pace = new Pace(signal)
  const found = new Map<Column, SeriesFigures>()
  for (const server of plan.servers) await addServer(context, server, query, pace, found)
  return { level, series: plan.columns.map((column) => found.get(column) ?? noFigures(column)) }
}

interface Query {
  readonly level: HistoryLevel
  readonly range: Range
  readonly seen: Range
  readonly timed: ReadonlySet<string>
}

async function addServer(
  context: ReadContext,
  server: ServerPlan,
  query: Query,
  pace: Pace,
  found: Map<Column, SeriesFigures>
): Promise<void> {
  const gathered = new Map<Column, Gathered>()
  const of = (column: Column): Gathered => {
    let one = gathered.get(column)
    if (one === undefined) {
      one = new Gathered(query.timed.has(column.metric) ? new MeasuredTime(query.range) : null)
      gathered.set(column, one)
    }
    return one
  }
  await gatherServer(context, server, query, pace, of)
  for (const [entityId, { columns }] of server.entities) {
    for (const column of columns) {
      const one = gathered.get(column)
      if (one === undefined) continue
      const entity = { server: server.server, entityId, code: column.code }
      const figures = one.figures(column, one.time?.total(context, entity) ?? null)
      const newest = query.level === 'raw' ? null : newestSample(context, entity, one.lastAtMs, query.range)
      found.set(column, newest === null ? figures : { ...figures, newest: newest / column.scale })
      // Order statistics of a day of samples take their time.
      await pace.rest()
    }
  }
}

async function gatherServer(
  context: ReadContext,
  server: ServerPlan,
  { level, seen }: Query,
  pace: Pace,
  of: (column: Column) => Gathered
): Promise<void> {
  const takeFine: TakePoint = (column, atMs, sum, min, max, count) => {
    const one = of(column)
    one.add(atMs, sum, min, max, count)
    one.time?.addMinute(atMs)
  }
  if (level === 'raw') {
    for (let at = seen.fromMs; at < seen.toMs; at = (hourOf(at) + 1) * HOUR_MS) {
      const slice = { fromMs: at, toMs: Math.min(seen.toMs, (hourOf(at) + 1) * HOUR_MS) }
      gatherRaw(context.raw, server, slice, takeFine)
      await pace.rest()
    }
    return
  }
  if (level === 'minute') {
    await gatherSlots(context, server, level, seen, pace, takeFine)
    return
  }
  const takeSlot: TakePoint = (column, atMs, sum, min, max, count) => {
    const one = of(column)
    one.add(atMs, sum, min, max, count)
    one.time?.addSlot(atMs, level, count)
  }
  if (level === 'day') {
    await gatherSlots(context, server, level, seen, pace, takeSlot)
    return
  }
  const { before, whole, after } = hourParts(seen)
  if (before !== null) addPart(context, server, before, of)
  await gatherSlots(context, server, level, whole, pace, takeSlot)
  if (after !== null) addPart(context, server, after, of)
}

/** Part of an hour stands for one value among the means of hours, as an hour does that was measured in part only. */
function addPart(
  context: ReadContext,
  server: ServerPlan,
  part: Range,
  of: (column: Column) => Gathered
): void {
  const sums = new Map<Column, Gathered>()
  gatherPart(context, server, part, (column, atMs, sum, min, max, count) => {
    let one = sums.get(column)
    if (one === undefined) {
      one = new Gathered(null)
      sums.set(column, one)
    }
    one.add(atMs, sum, min, max, count)
    of(column).time?.addMinute(atMs)
  })
  for (const [column, one] of sums) of(column).add(one.lastAtMs, one.sum, one.min, one.max, one.count)
}

interface EntityColumn {
  readonly server: ServerPlan['server']
  readonly entityId: number
  readonly code: number
}

/** The last sample itself, where it is kept: the mean of its hour is none of it. */
function newestSample(
  context: ReadContext,
  { server, entityId, code }: EntityColumn,
  lastAtMs: number,
  { toMs }: Range
): number | null {
  const hour = context.raw.hour(server.number, entityId, hourOf(lastAtMs))
  const values = hour?.column(code) ?? null
  if (hour === null || values === null) return null
  for (let at = values.length - 1; at >= 0; at--) {
    const value = values[at] ?? NaN
    if (!Number.isNaN(value) && (hour.atMs[at] ?? 0) < toMs) return value
  }
  return null
}

const FIRST_MEANS = 64

/** One series, in the metric's scale. */
class Gathered {
  sum = 0
  count = 0
  min = Infinity
  max = -Infinity
  firstAtMs = Infinity
  lastAtMs = -Infinity
  readonly time: MeasuredTime | null
  private newest = NaN
  private means = new Float64Array(FIRST_MEANS)
  private length = 0

  constructor(time: MeasuredTime | null) {
    this.time = time
  }

  add(atMs: number, sum: number, min: number, max: number, count: number): void {
    this.sum += sum
    this.count += count
    if (min < this.min) this.min = min
    if (max > this.max) this.max = max
    if (atMs < this.firstAtMs) this.firstAtMs = atMs
    if (atMs >= this.lastAtMs) {
      this.lastAtMs = atMs
      // Of a slot the maximum: what is asked for its newest value only grows (uptime) or stays (totals).
      this.newest = max
    }
    if (this.length === this.means.length) {
      const more = new Float64Array(this.length * 2)
      more.set(this.means)
      this.means = more
    }
    this.means[this.length++] = sum / count
  }

  figures({ entity, metric, scale }: Column, measuredMs: number | null): SeriesFigures {
    const means = this.means.subarray(0, this.length)
    return {
      entity,
      metric,
      count: this.count,
      mean: this.sum / this.count / scale,
      median: medianOf(means) / scale,
      min: this.min / scale,
      max: this.max / scale,
      p95: percentileOf(means, 0.95) / scale,
      newest: this.newest / scale,
      firstAtMs: this.firstAtMs,
      measuredMs
    }
  }
}

function noFigures({ entity, metric }: Column): SeriesFigures {
  const none = { count: 0, mean: null, median: null, min: null, max: null, p95: null }
  return { entity, metric, ...none, newest: null, firstAtMs: null, measuredMs: 0 }
}

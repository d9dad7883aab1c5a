/** Reads for charts: the right level, at most as many points as asked for, peaks and gaps kept. */
import type { HistoryLevel, HistoryQuery } from '#contract/history.ts'
import type { PackedAnswer, PackedSeries } from '../packed-answer.ts'
import { Buckets, type Grid, makeGrid } from './buckets.ts'
import { gatherRaw, gatherRollups, type GatherSource } from './gather.ts'
import type { Gaps } from './gaps.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, type RollupLevel, spanMs } from './keys.ts'
import { Pace } from './pace.ts'
import { type Column, planRead, type ReadPlan } from './plan.ts'
import type { RecentHours } from './recent-hours.ts'
import type { Registry } from './registry.ts'

/** Oldest time that each level still has, by retention. */
export type KeptFrom = Record<HistoryLevel, number>

export interface ReadContext extends GatherSource {
  readonly registry: Registry
  readonly gaps: Gaps
  readonly recent: RecentHours
  keptFromMs(): KeptFrom
  /** Of the newest tick of all servers. */
  newestAtMs(): number
}

/** Slots per slice of rollups. */
const SLOTS_PER_SLICE = 720

/** Answers one query. Throws cancelled. */
export async function readHistory(
  context: ReadContext,
  query: HistoryQuery,
  signal: AbortSignal
): Promise<PackedAnswer> {
  const plan = planRead(context.registry, query.series)
  // What was before the first sample needs no pixels.
  const fromMs = Math.min(query.toAtMs - 1, Math.max(query.fromAtMs, plan.seen?.firstAtMs ?? 0))
  const level = chooseLevel(fromMs, query.toAtMs, query.maxPoints, context.keptFromMs())
  const pace = new Pace(signal)
  const points =
    level === 'raw'
      ? await rawPoints(context, plan, { fromMs, toMs: query.toAtMs, maxPoints: query.maxPoints }, pace)
      : await rollupPoints(
          context,
          plan,
          level,
          { fromMs, toMs: query.toAtMs, maxPoints: query.maxPoints },
          pace
        )
  const servers = new Set(query.series.map((series) => series.entity.serverId))
  const gaps = [...servers].flatMap((serverId) => {
    const server = context.registry.find(serverId)
    return server === undefined ? [] : context.gaps.list(server, query.fromAtMs, query.toAtMs)
  })
  return { level, ...points, gaps }
}

/** The coarsest level that still fills half of the points; coarser where retention has taken the finer one. */
export function chooseLevel(
  fromMs: number,
  toMs: number,
  maxPoints: number,
  keptFromMs: KeptFrom
): HistoryLevel {
  const rangeMs = toMs - fromMs
  const enough = maxPoints / 2
  if (rangeMs / DAY_MS >= enough || fromMs < keptFromMs.hour) return 'day'
  if (rangeMs / HOUR_MS >= enough) return 'hour'
  if (rangeMs / MINUTE_MS >= enough) return fromMs >= keptFromMs.minute ? 'minute' : 'hour'
  if (fromMs >= keptFromMs.raw) return 'raw'
  return fromMs >= keptFromMs.minute ? 'minute' : 'hour'
}

interface Range {
  readonly fromMs: number
  readonly toMs: number
  readonly maxPoints: number
}

type Points = Pick<PackedAnswer, 'bucketMs' | 'atMs' | 'series'>

async function rawPoints(context: ReadContext, plan: ReadPlan, range: Range, pace: Pace): Promise<Points> {
  const points: { column: Column; atMs: number; value: number }[] = []
  const times = new Set<number>()
  for (const server of plan.servers) {
    for (let fromMs = range.fromMs; fromMs < range.toMs; fromMs += HOUR_MS) {
      const slice = { fromMs, toMs: Math.min(range.toMs, fromMs + HOUR_MS) }
      gatherRaw(context.raw, server, slice, (column, atMs, value) => {
        points.push({ column, atMs, value })
        times.add(atMs)
      })
      await pace.rest()
    }
  }
  const sorted = [...times].toSorted((a, b) => a - b)
  const spacingMs = medianStep(sorted)
  if (plan.servers.length <= 1) {
    const withHoles = markHoles(sorted, spacingMs, 1)
    if (withHoles.length <= range.maxPoints) return ownTimes(plan, points, withHoles)
  }
  const unitMs = (range.toMs - range.fromMs) / range.maxPoints >= 1000 ? 1000 : 1
  // Several servers tick at different times: one bucket per interval brings them together.
  const leastMs = plan.servers.length > 1 ? serverSpacing(plan) : 0
  const grid = makeGrid(range.fromMs, range.toMs, range.maxPoints, unitMs, leastMs)
  const buckets = new Buckets(grid, plan.columns.length)
  for (const { column, atMs, value } of points) buckets.add(column.index, atMs, value, value, value, 1)
  return answer(plan, grid, buckets)
}

async function rollupPoints(
  context: ReadContext,
  plan: ReadPlan,
  level: RollupLevel,
  range: Range,
  pace: Pace
): Promise<Points> {
  const span = spanMs(level)
  const fromMs = Math.floor(range.fromMs / span) * span
  const toMs = Math.ceil(range.toMs / span) * span
  const grid = makeGrid(fromMs, toMs, range.maxPoints, span, 0)
  const buckets = new Buckets(grid, plan.columns.length)
  const lastMs = Math.min(toMs, Math.floor((plan.seen?.lastAtMs ?? 0) / span) * span + span)
  for (const server of plan.servers) {
    for (let at = fromMs; at < lastMs; at += SLOTS_PER_SLICE * span) {
      const slice = { fromMs: at, toMs: Math.min(lastMs, at + SLOTS_PER_SLICE * span) }
      gatherRollups(context, server, level, slice, (column, atMs, sum, min, max, count) =>
        buckets.add(column.index, atMs, sum, min, max, count)
      )
      await pace.rest()
    }
  }
  return answer(plan, grid, buckets)
}

/** Every sample at its own time. */
function ownTimes(
  plan: ReadPlan,
  points: readonly { column: Column; atMs: number; value: number }[],
  atMs: number[]
): Points {
  const indexOf = new Map(atMs.map((at, index) => [at, index]))
  const means = plan.columns.map(() => new Float64Array(atMs.length).fill(NaN))
  for (const point of points) {
    const mean = means[point.column.index]
    const index = indexOf.get(point.atMs)
    if (mean !== undefined && index !== undefined) mean[index] = point.value / point.column.scale
  }
  const series = plan.columns.map(({ entity, metric, index }) => {
    return { entity, metric, mean: means[index] ?? NONE, min: NONE, max: NONE }
  })
  return { bucketMs: medianStep(atMs) || 1, atMs: Float64Array.from(atMs), series }
}

const NONE = new Float64Array(0)

function answer(plan: ReadPlan, grid: Grid, buckets: Buckets): Points {
  const starts = buckets.filled().map((bucket) => grid.originMs + bucket * grid.bucketMs)
  const atMs = Float64Array.from(markHoles(starts, medianStep(starts), grid.bucketMs))
  const places = atMs.map((at) => (at - grid.originMs) / grid.bucketMs)
  const pick = (values: Float64Array): Float64Array<ArrayBuffer> => {
    const picked = new Float64Array(places.length)
    for (let index = 0; index < places.length; index++) picked[index] = values[places[index] ?? 0] ?? NaN
    return picked
  }
  const series = plan.columns.map(({ entity, metric, index, scale }): PackedSeries => {
    const { mean, min, max, single } = buckets.column(index, scale)
    const ends = single ? { min: NONE, max: NONE } : { min: pick(min), max: pick(max) }
    return { entity, metric, mean: pick(mean), ...ends }
  })
  return { bucketMs: grid.bucketMs, atMs, series }
}

/** Puts one time without values into every hole, so that a line breaks there. */
function markHoles(sorted: readonly number[], spacingMs: number, bucketMs: number): number[] {
  const marked: number[] = []
  for (const [index, at] of sorted.entries()) {
    marked.push(at)
    const next = sorted[index + 1]
    const stepMs = bucketMs > 1 ? bucketMs : spacingMs
    if (next !== undefined && next - at > 2.5 * spacingMs && at + stepMs < next) marked.push(at + stepMs)
  }
  return marked
}

/** Steps are mostly all the same: then the one of most is in the middle, and nothing needs sorting. */
function medianStep(sorted: readonly number[]): number {
  const steps = new Float64Array(Math.max(0, sorted.length - 1))
  let equal = 0
  for (let index = 0; index < steps.length; index++) {
    const step = (sorted[index + 1] ?? 0) - (sorted[index] ?? 0)
    steps[index] = step
    if (step === steps[0]) equal++
  }
  if (equal > steps.length / 2 + 1) return steps[0] ?? 0
  return steps.sort()[Math.floor(steps.length / 2)] ?? 0
}

function serverSpacing(plan: ReadPlan): number {
  return Math.max(1, ...plan.servers.map(({ server }) => server.spacingMs ?? 0))
}

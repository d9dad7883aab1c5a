/** Means between any edges: steps of a calendar, whose days have 23, 24 or 25 hours. */
import type { MeansAnswer, MeansQuery } from '../../application/storage.ts'
import { HOUR_MS } from './keys.ts'
import { Pace } from './pace.ts'
import { planRead } from './plan.ts'
import { gatherAll, keptLevel } from './questions.ts'
import type { ReadContext } from './read.ts'

/** Throws cancelled. */
export async function meansOf(
  context: ReadContext,
  { series, edgesAtMs }: MeansQuery,
  signal: AbortSignal
): Promise<MeansAnswer> {
  const plan = planRead(context.registry, series)
  const [fromMs = 0, toMs = 0] = [edgesAtMs[0], edgesAtMs.at(-1)]
  const steps = Math.max(0, edgesAtMs.length - 1)
  const sums = plan.columns.map(() => new Float64Array(steps))
  const counts = plan.columns.map(() => new Float64Array(steps))
  const finest = edgesAtMs.slice(0, -1).every((at) => at % HOUR_MS === 0) ? 'hour' : 'minute'
  const firstMs = Math.max(fromMs, plan.seen?.firstAtMs ?? fromMs)
  const level = keptLevel(finest, firstMs, context.keptFromMs())
  await gatherAll(
    context,
    plan,
    level,
    { fromMs, toMs },
    new Pace(signal),
    ({ index }, atMs, sum, _min, _max, count) => {
      const step = stepOf(edgesAtMs, atMs)
      const [columnSums, columnCounts] = [sums[index], counts[index]]
      if (step === null || columnSums === undefined || columnCounts === undefined) return
      columnSums[step] = (columnSums[step] ?? 0) + sum
      columnCounts[step] = (columnCounts[step] ?? 0) + count
    }
  )
  const means = plan.columns.map(({ index, scale }) => {
    const counted = counts[index] ?? []
    return Float64Array.from(sums[index] ?? [], (sum, step) => sum / (counted[step] ?? 0) / scale)
  })
  return { level, means }
}

/** Which step a time lies in, by halving; null = before the first or at or after the last edge. */
function stepOf(edges: readonly number[], atMs: number): number | null {
  let low = 0
  let high = edges.length - 1
  if (atMs < (edges[low] ?? 0) || atMs >= (edges[high] ?? 0)) return null
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (atMs < (edges[middle] ?? 0)) high = middle
    else low = middle
  }
  return low
}

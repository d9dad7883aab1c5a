/** A series thinned out for a picture of what a rule would have told. Pure. */
import type { Backtest } from '#contract/alert-rules.ts'
import type { Series } from '../forecast/bins.ts'

const MOST_POINTS = 2_000

type Points = Pick<NonNullable<Backtest['shown']>, 'atMs' | 'values'>

/**
 * Of each of many equal spans the value that is farthest in the direction of the rule, so that no crossing is lost. Where there
 * was none for longer than `gapMs`, a null.
 */
export function drawn(
  { atMs, values }: Series,
  range: { fromAtMs: number; toAtMs: number; gapMs: number; direction: 'above' | 'below' }
): Points {
  const { fromAtMs, toAtMs, direction } = range
  // Half of them for values: as many gaps may be between.
  const spanMs = Math.max(1, (toAtMs - fromAtMs) / (MOST_POINTS / 2 - 1))
  const points: Points = { atMs: [], values: [] }
  let span = -1
  let lastMs: number | null = null
  for (const [index, value] of values.entries()) {
    const at = atMs[index] ?? 0
    if (value === null || at < fromAtMs || at > toAtMs) continue
    if (lastMs !== null && at - lastMs > Math.max(range.gapMs, spanMs)) {
      points.atMs.push(Math.round((lastMs + at) / 2))
      points.values.push(null)
      span = -1
    }
    lastMs = at
    const mine = Math.floor((at - fromAtMs) / spanMs)
    const last = points.values.length - 1
    const drawnValue = points.values[last] ?? null
    if (mine !== span) {
      points.atMs.push(at)
      points.values.push(value)
      span = mine
    } else if (drawnValue !== null && (direction === 'above' ? value > drawnValue : value < drawnValue)) {
      points.atMs[last] = at
      points.values[last] = value
    }
  }
  return points
}

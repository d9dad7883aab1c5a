/** The cheap question before the forecast: could any trend that these values can have reach the threshold at all? Pure. */
import type { Series } from '../forecast/bins.ts'

/**
 * How far a trend can reach beyond values that lie within a range, in multiples of that range. The slope of Theil and Sen is the
 * median of the slopes of all pairs: half of the pairs rise at least as steeply. Among half of the pairs of n neighbouring bins
 * there is one that is at least 0.29 n bins apart, and it rises by no more than the range. The forecast looks back over those n
 * bins (for the level now) and 2.5 times as far ahead: 3.5 n / 0.29 n.
 */
const REACH = 12
/** With bins that are missing, 8 of them may be spread over all 48: 3.5 × 48 / 2.3. */
const REACH_WITH_HOLES = 80
const BINS = 48
/** Fewer may be too few to be asked about; then it is for the forecast to say so. */
const ENOUGH_VALUES = 60

/** True only where the forecast (without what is usual at a time of day) would not say that it crosses. */
export function isOutOfReach(
  { atMs, values }: Series,
  asked: { readonly threshold: number; readonly direction: 'above' | 'below'; readonly nowMs: number }
): boolean {
  if (values.length < ENOUGH_VALUES) return false
  let [lowest, highest, hole] = [Infinity, -Infinity, 0]
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? null
    if (value === null) return false
    if (value < lowest) lowest = value
    if (value > highest) highest = value
    hole = Math.max(hole, (atMs[index + 1] ?? asked.nowMs) - (atMs[index] ?? 0))
  }
  const binMs = (asked.nowMs - (atMs[0] ?? 0)) / BINS
  const distance = asked.direction === 'above' ? asked.threshold - highest : lowest - asked.threshold
  return distance > (highest - lowest) * (hole < binMs ? REACH : REACH_WITH_HOLES)
}

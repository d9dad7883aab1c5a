/** Whether a rise is more than what the series does anyway. Pure. */
import type { Series } from '../forecast/bins.ts'

/** The middle quarter of normal noise reaches this many standard deviations to either side. */
const QUARTER = 0.3186
/** A rise that is smaller than this many standard deviations of the usual change in as long a time is no news. */
const UNUSUAL = 5
/** Of fewer changes it is not known what is usual. */
const LEAST_CHANGES = 24

/**
 * @param usual values of a much longer time than the rise was seen for
 * @param rise change of the value in `seenMs`
 */
export function standsOut(usual: Series, rise: number, seenMs: number): boolean {
  const changes = changesOver(usual, seenMs)
  if (changes.length < LEAST_CHANGES) return true
  changes.sort((a, b) => a - b)
  // The quarter that lies closest together: a rise that lasts for long is in the rest, or is that quarter itself.
  const quarter = changes.length >> 2
  let narrowest = Infinity
  for (let from = 0; from + quarter < changes.length; from++)
    narrowest = Math.min(narrowest, (changes[from + quarter] ?? 0) - (changes[from] ?? 0))
  const deviation = narrowest / 2 / QUARTER
  return Math.abs(rise) >= UNUSUAL * deviation
}

/** By how much the values differ from those so much earlier; where there is one near that time. */
function changesOver({ atMs, values }: Series, spanMs: number): number[] {
  const changes: number[] = []
  let early = 0
  for (let late = 1; late < atMs.length; late++) {
    const wantedMs = (atMs[late] ?? 0) - spanMs
    while (early < late && (atMs[early] ?? 0) < wantedMs) early++
    const [one, other] = [values[early] ?? null, values[late] ?? null]
    const isNear = (atMs[early] ?? 0) - wantedMs < spanMs / 2 && wantedMs >= (atMs[0] ?? 0)
    if (early < late && isNear && one !== null && other !== null) changes.push(other - one)
  }
  return changes
}

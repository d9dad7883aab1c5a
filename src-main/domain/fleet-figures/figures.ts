/** What is made of the figures that the history gives. Pure. */
import { addDays, type DayZone, dayOf, dayShare, type Period } from '../traffic/days.ts'

/** Means by hour of the week, of so many samples. */
export interface HourMean {
  readonly hour: number
  readonly mean: number
  readonly count: number
}

/** Of all parts together; null = there is nothing to count. */
export function ratioOf(
  parts: readonly { readonly count: number; readonly inside: number }[]
): number | null {
  const count = parts.reduce((sum, part) => sum + part.count, 0)
  return count === 0 ? null : parts.reduce((sum, part) => sum + part.inside, 0) / count
}

/** The hour of the day with the highest mean over all days, each sample counted once; of equals the first. null = no values. */
export function busiestHourOfDay(hours: readonly HourMean[]): number | null {
  const sums = Array.from({ length: 24 }, () => ({ sum: 0, count: 0 }))
  for (const { hour, mean, count } of hours) {
    const of = sums[hour]
    if (of === undefined) continue
    of.sum += mean * count
    of.count += count
  }
  let busiest: { hour: number; mean: number } | null = null
  for (const [hour, { sum, count }] of sums.entries())
    if (count > 0 && (busiest === null || sum / count > busiest.mean)) busiest = { hour, mean: sum / count }
  return busiest?.hour ?? null
}

/** The days of a range that begins and ends at midnight (or, beyond the present, anywhere); null = it does not. */
export function wholeDays(
  { fromAtMs, toAtMs }: { readonly fromAtMs: number; readonly toAtMs: number },
  zone: DayZone,
  nowMs: number
): (Period & { dayOf(atMs: number): string }) | null {
  const isMidnight = (atMs: number): boolean => dayShare(atMs, zone) === 0
  if (!isMidnight(fromAtMs) || (!isMidnight(toAtMs) && toAtMs < nowMs)) return null
  const endDay = dayOf(toAtMs, zone)
  const toDay = isMidnight(toAtMs) ? addDays(endDay, -1) : endDay
  return { fromDay: dayOf(fromAtMs, zone), toDay, dayOf: (atMs) => dayOf(atMs, zone) }
}

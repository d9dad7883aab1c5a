/** A week of hours, as a map of busy ones. Pure. */
import type { BusyHour } from '#contract/history.ts'

export interface BusyCell {
  readonly weekday: number
  readonly hour: number
  /** null = there are no values of this hour. */
  readonly busy: BusyHour | null
  /** Of the highest mean, 0 to 1; 0 where there is none. */
  readonly share: number
}

/** Seven rows of 24 cells, Monday first. */
export function busyCells(hours: readonly BusyHour[]): readonly (readonly BusyCell[])[] {
  const highest = Math.max(0, ...hours.map((each) => each.mean))
  const byPlace = new Map(hours.map((each) => [each.weekday * 24 + each.hour, each]))
  return Array.from({ length: 7 }, (_day, weekday) =>
    Array.from({ length: 24 }, (_hour, hour) => {
      const busy = byPlace.get(weekday * 24 + hour) ?? null
      return { weekday, hour, busy, share: busy === null || highest === 0 ? 0 : busy.mean / highest }
    })
  )
}

/** The hours of the week with the highest and the lowest mean; null when there are no values. */
export function extremes(hours: readonly BusyHour[]): { busiest: BusyHour; idlest: BusyHour } | null {
  const [first, ...others] = hours
  if (first === undefined) return null
  let [busiest, idlest] = [first, first]
  for (const each of others) {
    if (each.mean > busiest.mean) busiest = each
    if (each.mean < idlest.mean) idlest = each
  }
  return { busiest, idlest }
}

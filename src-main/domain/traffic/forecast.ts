/** What a month's traffic will be when it ends, as far as the days so far tell. */
import { addDays, daysOf, type Period, weekdayOf } from './days.ts'

/** How many days before today are looked at. */
const LOOK_BACK_DAYS = 28
/** From so many full days on, each day of the week has a mean of its own. */
const WEEKS_KNOWN_DAYS = 14

export interface PeriodForecast {
  readonly totalBytes: number
  /** The full days it is made from. */
  readonly fromDays: number
}

/**
 * The sum so far, and for the rest of the period the mean of the last four weeks' full days, by day of the week once two weeks
 * are known. null until one full day was counted.
 * @param totals bytes by day; a day that is not in it had none
 * @param sinceDay the day on which counting began; it is not a full one
 * @param todayShare 0..1, how much of today has gone by
 */
export function forecastPeriod(
  totals: ReadonlyMap<string, number>,
  {
    period,
    today,
    sinceDay,
    todayShare
  }: { period: Period; today: string; sinceDay: string; todayShare: number }
): PeriodForecast | null {
  const full: string[] = []
  for (let back = 1; back <= LOOK_BACK_DAYS; back++) {
    const day = addDays(today, -back)
    if (day > sinceDay) full.push(day)
  }
  if (full.length === 0) return null
  const mean = (days: readonly string[]): number =>
    days.reduce((sum, day) => sum + (totals.get(day) ?? 0), 0) / days.length
  const overall = mean(full)
  const expected = (day: string): number => {
    const alike = full.filter((other) => weekdayOf(other) === weekdayOf(day))
    return full.length >= WEEKS_KNOWN_DAYS && alike.length > 0 ? mean(alike) : overall
  }
  const used = daysOf(period)
    .filter((day) => day <= today)
    .reduce((sum, day) => sum + (totals.get(day) ?? 0), 0)
  const ahead = daysOf(period)
    .filter((day) => day > today)
    .reduce((sum, day) => sum + expected(day), 0)
  return {
    totalBytes: used + expected(today) * (1 - todayShare) + ahead,
    fromDays: full.length
  }
}

/** Days of a month as bars. Pure. */
import type { HardwareOptions, TrafficDay, TrafficOf } from '#contract/hardware.ts'

export interface DayBar {
  readonly day: string
  readonly rxBytes: number
  readonly txBytes: number
  readonly spreadBytes: number
  /** Of the greatest day of all, 0..1, for the heights. */
  readonly rxShare: number
  readonly txShare: number
  /** Of the day: how much is spread evenly, 0..1. */
  readonly spreadShare: number
  readonly isFuture: boolean
  /** Before counting began. */
  readonly isUnknown: boolean
  readonly isToday: boolean
}

const DAY_MS = 86_400_000
/** A period has 31 days at most; a wrong one does not stop the window. */
const MOST_DAYS = 62

/** All days of the period, in order. */
export function dayBars(
  { days }: TrafficOf,
  period: { readonly fromDay: string; readonly toDay: string },
  { today, sinceDay }: { readonly today: string; readonly sinceDay: string | null }
): DayBar[] {
  const known = new Map(days.map((day) => [day.day, day]))
  const most = Math.max(1, ...days.map((day) => day.rxBytes + day.txBytes))
  const bars: DayBar[] = []
  for (let day = period.fromDay; day <= period.toDay && bars.length < MOST_DAYS; day = nextDay(day)) {
    const { rxBytes = 0, txBytes = 0, spreadBytes = 0 }: Partial<TrafficDay> = known.get(day) ?? {}
    const total = rxBytes + txBytes
    bars.push({
      day,
      rxBytes,
      txBytes,
      spreadBytes,
      rxShare: rxBytes / most,
      txShare: txBytes / most,
      spreadShare: total === 0 ? 0 : Math.min(1, spreadBytes / total),
      isFuture: day > today,
      isUnknown: sinceDay === null || day < sinceDay,
      isToday: day === today
    })
  }
  return bars
}

const nextDay = (day: string): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + DAY_MS).toISOString().slice(0, 10)

/** What a quota counts. */
export const quotaAmount = (
  { rxBytes, txBytes }: { rxBytes: number; txBytes: number },
  quotaOf: HardwareOptions['quotaOf']
): number => (quotaOf === 'received' ? rxBytes : quotaOf === 'sent' ? txBytes : rxBytes + txBytes)

/** A date without a time, as milliseconds to be shown in UTC. */
export const dayAtMs = (day: string): number => Date.parse(`${day}T00:00:00Z`)

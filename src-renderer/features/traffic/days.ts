/** Ranges of days, as dates of the operator. Pure. */
import type { TrafficTotal } from '#contract/traffic.ts'
import { fieldsOf, type Zone } from '../../format/index.ts'

const DAY_MS = 86_400_000
/** More bars than this are no bars any more. */
export const MAX_DAYS = 3_660

export const DAY_PRESETS = { today: 1, week: 7, month: 30, year: 365 } as const
export type DayPreset = keyof typeof DAY_PRESETS

/** Both inclusive. */
export interface DayRange {
  readonly fromDay: string
  readonly toDay: string
}

const two = (value: number): string => String(value).padStart(2, '0')

export function dayOf(atMs: number, zone: Zone): string {
  const [year, month, day] = fieldsOf(atMs, zone)
  return `${year}-${two(month + 1)}-${two(day)}`
}

/** Noon in UTC, so that adding whole days never meets a change of the clock. */
const noonOf = (day: string): number => Date.parse(`${day}T12:00:00Z`)
export const addDays = (day: string, count: number): string =>
  new Date(noonOf(day) + count * DAY_MS).toISOString().slice(0, 10)

/** The last days up to today. */
export function rangeOf(preset: DayPreset, today: string): DayRange {
  return { fromDay: addDays(today, 1 - DAY_PRESETS[preset]), toDay: today }
}

/** null: no such day. */
export function parseDay(text: string): string | null {
  const day = text.trim()
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(noonOf(day))) return null
  return new Date(noonOf(day)).toISOString().slice(0, 10) === day ? day : null
}

export const daysIn = ({ fromDay, toDay }: DayRange): number =>
  Math.round((noonOf(toDay) - noonOf(fromDay)) / DAY_MS) + 1

/** Of the day, for a heading. */
export const dayAtMs = (day: string): number => noonOf(day)

const none: Omit<TrafficTotal, 'key'> = {
  visits: 0,
  judged: 0,
  hits: 0,
  bytes: 0,
  timed: 0,
  responseMs: 0,
  status1xx: 0,
  status2xx: 0,
  status3xx: 0,
  status4xx: 0,
  status5xx: 0,
  statusOther: 0
}

/** A row for each day of the range, also for those without any request. */
export function everyDay(range: DayRange, rows: readonly TrafficTotal[]): TrafficTotal[] {
  const byDay = new Map(rows.map((row) => [row.key, row]))
  return Array.from({ length: Math.min(MAX_DAYS, daysIn(range)) }, (_, index) => {
    const key = addDays(range.fromDay, index)
    return byDay.get(key) ?? { key, ...none }
  })
}

export function everyHour(rows: readonly TrafficTotal[]): TrafficTotal[] {
  const byHour = new Map(rows.map((row) => [row.key, row]))
  return Array.from({ length: 24 }, (_, hour) => byHour.get(two(hour)) ?? { key: two(hour), ...none })
}

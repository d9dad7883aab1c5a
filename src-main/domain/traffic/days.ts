/** Days of the operator, as `2026-11-28`, and periods of a month that begin on a day of his choice. */

/** Whose midnight divides the days: that of the workstation, or UTC. */
export type DayZone = 'local' | 'utc'

export interface DayPart {
  readonly day: string
  /** Of the whole; all parts together are the whole. */
  readonly part: number
}

const DAY_MS = 86_400_000
/** A span longer than this is a clock that was wrong; then the last days take all of it. */
const MAX_DAYS = 400

const pad = (number: number): string => String(number).padStart(2, '0')

export function dayOf(atMs: number, zone: DayZone): string {
  const at = new Date(atMs)
  return zone === 'utc'
    ? at.toISOString().slice(0, 10)
    : `${String(at.getFullYear()).padStart(4, '0')}-${pad(at.getMonth() + 1)}-${pad(at.getDate())}`
}

/** When the day after that of `atMs` begins; days of 23 and 25 hours are as long as they are. */
function nextMidnight(atMs: number, zone: DayZone): number {
  const at = new Date(atMs)
  return zone === 'utc'
    ? Math.floor(atMs / DAY_MS) * DAY_MS + DAY_MS
    : new Date(at.getFullYear(), at.getMonth(), at.getDate() + 1).getTime()
}

/** 0..1: how much of its day has gone by. */
export function dayShare(atMs: number, zone: DayZone): number {
  const end = nextMidnight(atMs, zone)
  const at = new Date(atMs)
  const start =
    zone === 'utc' ? end - DAY_MS : new Date(at.getFullYear(), at.getMonth(), at.getDate()).getTime()
  return (atMs - start) / (end - start)
}

/**
 * Divides `total` evenly over the time between two moments, by days. Nothing is known of when within it the bytes came, so
 * that nothing else would be honest. A span that ends before it began (a clock was set back) is one moment.
 */
export function spreadOverDays(fromMs: number, toMs: number, total: number, zone: DayZone): DayPart[] {
  const start = Math.max(fromMs, toMs - MAX_DAYS * DAY_MS)
  const span = toMs - start
  if (span <= 0) return [{ day: dayOf(toMs, zone), part: total }]
  const parts: DayPart[] = []
  let given = 0
  for (let at = start; at < toMs;) {
    const end = Math.min(nextMidnight(at, zone), toMs)
    // The last part is what is left, so that the parts are the whole.
    const part = end === toMs ? total - given : Math.floor((total * (end - at)) / span)
    parts.push({ day: dayOf(at, zone), part })
    given += part
    at = end
  }
  return parts
}

/** The day that many days later (or earlier). */
export function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** 0 = Sunday. */
export const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay()

/** Both days belong to it. */
export interface Period {
  readonly fromDay: string
  readonly toDay: string
}

/** The month that holds `day` and begins on `resetDay` (1 to 28, so that every month has it). */
export function periodOf(day: string, resetDay: number): Period {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  const first = date >= resetDay ? month - 1 : month - 2
  const at = (months: number, dayOfMonth: number): string =>
    new Date(Date.UTC(year, months, dayOfMonth)).toISOString().slice(0, 10)
  return { fromDay: at(first, resetDay), toDay: at(first + 1, resetDay - 1) }
}

export const periodBefore = (period: Period, resetDay: number): Period =>
  periodOf(addDays(period.fromDay, -1), resetDay)

/** All days of a period, in order. */
export function daysOf({ fromDay, toDay }: Period): string[] {
  const days: string[] = []
  for (let day = fromDay; day <= toDay && days.length < MAX_DAYS; day = addDays(day, 1)) days.push(day)
  return days
}

/**
 * Periods of reports: calendar days, weeks from Monday, months; the one before; and which are due. Pure; the zone's rules
 * (summer time) are the platform's own.
 */
import { addDays, dayOf, weekdayOf, type DayZone } from '../traffic/days.ts'

export type CalendarKind = 'daily' | 'weekly' | 'monthly'

export interface Span {
  readonly fromAtMs: number
  readonly toAtMs: number
}

/**
 * When a wall clock shows this. A time that the change to summer time leaves out is the time as far after the change; of one
 * that comes twice it is the first.
 */
export function wallClock(day: string, at: string, zone: DayZone): number {
  const [year = 1970, month = 1, date = 1] = day.split('-').map(Number)
  const [hour = 0, minute = 0] = at.split(':').map(Number)
  return zone === 'utc'
    ? Date.UTC(year, month - 1, date, hour, minute)
    : new Date(year, month - 1, date, hour, minute).getTime()
}

export const midnight = (day: string, zone: DayZone): number => wallClock(day, '00:00', zone)

/** The first day of the day, week or month that `day` lies in. */
export function firstDay(kind: CalendarKind, day: string): string {
  if (kind === 'daily') return day
  if (kind === 'weekly') return addDays(day, -((weekdayOf(day) + 6) % 7))
  return `${day.slice(0, 8)}01`
}

/** The first day of the next one; `count` -1 = of the one before. */
export function shifted(kind: CalendarKind, first: string, count: number): string {
  if (kind === 'daily') return addDays(first, count)
  if (kind === 'weekly') return addDays(first, 7 * count)
  const [year = 1970, month = 1] = first.split('-').map(Number)
  return new Date(Date.UTC(year, month - 1 + count, 1)).toISOString().slice(0, 10)
}

/** The whole of it, as long as its days are. */
export function calendarSpan(kind: CalendarKind, day: string, zone: DayZone): Span {
  const first = firstDay(kind, day)
  return { fromAtMs: midnight(first, zone), toAtMs: midnight(shifted(kind, first, 1), zone) }
}

/**
 * What a period is compared with: the calendar's one before, cut off as this one is when it has not ended; of a free range the
 * same length just before.
 */
export function spanBefore(kind: CalendarKind | 'range', { fromAtMs, toAtMs }: Span, zone: DayZone): Span {
  const lengthMs = toAtMs - fromAtMs
  if (kind === 'range') return { fromAtMs: Math.max(0, fromAtMs - lengthMs), toAtMs: fromAtMs }
  const first = firstDay(kind, dayOf(fromAtMs, zone))
  const before = calendarSpan(kind, shifted(kind, first, -1), zone)
  const whole = calendarSpan(kind, first, zone)
  if (toAtMs >= whole.toAtMs) return before
  return { fromAtMs: before.fromAtMs, toAtMs: Math.min(before.toAtMs, before.fromAtMs + lengthMs) }
}

/** Edges of equal steps of the wall clock from start to end: every hour, or every day of 23, 24 or 25 hours. */
export function calendarEdges({ fromAtMs, toAtMs }: Span, stepMs: number | 'day', zone: DayZone): number[] {
  const edges = [fromAtMs]
  for (;;) {
    const last = edges.at(-1) ?? toAtMs
    const next = stepMs === 'day' ? midnight(addDays(dayOf(last, zone), 1), zone) : last + stepMs
    if (next >= toAtMs) return [...edges, toAtMs]
    edges.push(next)
  }
}

export interface DuePeriod {
  readonly kind: CalendarKind
  /** Names the period whatever the clock does: `weekly:2026-11-23`. */
  readonly key: string
  readonly first: string
  readonly dueAtMs: number
}

/** How many missed ones of each kind are made up for; older ones can be made by hand. */
const MADE_UP: Record<CalendarKind, number> = { daily: 7, weekly: 5, monthly: 3 }

/** When the report of a period is to be made: at that time of the day after it. */
export const dueAt = (kind: CalendarKind, first: string, at: string, zone: DayZone): number =>
  wallClock(shifted(kind, first, 1), at, zone)

/** Periods whose time has come since `sinceAtMs`, the oldest first. The same again at every call: the archive knows which were made. */
export function duePeriods(
  kind: CalendarKind,
  at: string,
  zone: DayZone,
  sinceAtMs: number,
  nowMs: number
): DuePeriod[] {
  const due: DuePeriod[] = []
  let first = firstDay(kind, dayOf(nowMs, zone))
  for (let back = 0; back <= MADE_UP[kind] && due.length < MADE_UP[kind]; back++) {
    const dueAtMs = dueAt(kind, first, at, zone)
    if (dueAtMs <= sinceAtMs) break
    if (dueAtMs <= nowMs) due.unshift({ kind, key: `${kind}:${first}`, first, dueAtMs })
    first = shifted(kind, first, -1)
  }
  return due
}

/** When the next one is made. */
export function nextDueAt(kind: CalendarKind, at: string, zone: DayZone, nowMs: number): number {
  let first = shifted(kind, firstDay(kind, dayOf(nowMs, zone)), -1)
  for (;;) {
    const dueAtMs = dueAt(kind, first, at, zone)
    if (dueAtMs > nowMs) return dueAtMs
    first = shifted(kind, first, 1)
  }
}

/** Of the files, without an ending: `virthelm-report-2026-W47`. Sorted by name they are sorted by time. */
export function reportFileName(
  kind: CalendarKind | 'range',
  { fromAtMs, toAtMs }: Span,
  zone: DayZone
): string {
  const day = dayOf(fromAtMs, zone)
  const time = (atMs: number): string => {
    const at = new Date(atMs)
    const [hour, minute] =
      zone === 'utc' ? [at.getUTCHours(), at.getUTCMinutes()] : [at.getHours(), at.getMinutes()]
    return `${dayOf(atMs, zone)}-${String(hour).padStart(2, '0')}${String(minute).padStart(2, '0')}`
  }
  const period = {
    daily: day,
    weekly: isoWeek(day),
    monthly: day.slice(0, 7),
    range: `${time(fromAtMs)}-to-${time(toAtMs)}`
  }[kind]
  return `virthelm-report-${period}`
}

/** ISO 8601: `2026-W47`; a week belongs to the year that holds its Thursday. */
export function isoWeek(day: string): string {
  const thursday = addDays(firstDay('weekly', day), 3)
  const year = thursday.slice(0, 4)
  const days = (Date.parse(`${thursday}T00:00:00Z`) - Date.parse(`${year}-01-01T00:00:00Z`)) / 86_400_000
  return `${year}-W${String(Math.floor(days / 7) + 1).padStart(2, '0')}`
}

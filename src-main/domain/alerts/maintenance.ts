/** When a planned time without news is open, and when it comes next. Pure. */
import type { MaintenanceDraft } from '#contract/alerts.ts'
import { instantOf, wallMs } from './zone-time.ts'

const DAY_MS = 86_400_000
/** The longest distance between two that repeat: months, one of them missing none. */
const FARTHEST_DAYS = 64

type Planned = Pick<
  MaintenanceDraft,
  'enabled' | 'zone' | 'fromDay' | 'at' | 'durationMs' | 'repeat' | 'untilDay'
>

export interface MaintenanceTimes {
  /** null = it is not open. */
  readonly openUntilAtMs: number | null
  /** The next begin after now; null = none comes. */
  readonly nextAtMs: number | null
}

/** Throws RangeError for a zone that is none (`isZone`). */
export function maintenanceAt(planned: Planned, atMs: number): MaintenanceTimes {
  if (!planned.enabled) return { openUntilAtMs: null, nextAtMs: null }
  const today = Math.floor(wallMs(planned.zone, atMs) / DAY_MS)
  const firstDay = dayOf(planned.fromDay)
  const lastDay = planned.untilDay === null ? Infinity : dayOf(planned.untilDay)
  const isOne = (day: number): boolean => day >= firstDay && day <= lastDay && occursOn(planned, day)

  // All last equally long, so that the one that began last ends last. A zone's day may be a day off from the wall's: one more.
  const beganMs = firstOf(Math.min(today + 1, lastDay), -1, isOne, planned, (startMs) => startMs <= atMs)
  const nextAtMs = firstOf(Math.max(today - 1, firstDay), 1, isOne, planned, (startMs) => startMs > atMs)
  const endsMs = beganMs === null ? -Infinity : beganMs + planned.durationMs
  return { openUntilAtMs: endsMs > atMs ? endsMs : null, nextAtMs }
}

/** Start of the first day from a day on (forwards or backwards) that has one and fits. */
function firstOf(
  fromDay: number,
  step: 1 | -1,
  isOne: (day: number) => boolean,
  { zone, at }: Planned,
  fits: (startMs: number) => boolean
): number | null {
  const [hours = 0, minutes = 0] = at.split(':').map(Number)
  for (let walked = 0; walked <= FARTHEST_DAYS; walked++) {
    const day = fromDay + step * walked
    if (!isOne(day)) continue
    const startMs = instantOf(zone, day * DAY_MS + (hours * 60 + minutes) * 60_000)
    if (fits(startMs)) return startMs
  }
  return null
}

const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`) / DAY_MS

/** Whether one begins on a day (days since 1970). */
function occursOn({ repeat, fromDay }: Planned, day: number): boolean {
  switch (repeat.kind) {
    case 'once':
      return day === dayOf(fromDay)
    case 'daily':
      return true
    case 'weekly':
      // 1970 began on a Thursday.
      return repeat.weekdays.includes((((day + 3) % 7) + 7) % 7)
    case 'monthly': {
      const date = new Date(day * DAY_MS)
      const lastOfMonth = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
      return date.getUTCDate() === Math.min(repeat.dayOfMonth, lastOfMonth)
    }
  }
}

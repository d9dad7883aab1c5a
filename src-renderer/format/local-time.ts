/** Times as they are typed into a field. Pure. */
import { fieldsOf, timeOf, type Zone } from './time.ts'

/** `2026-11-20 10:17`, also with seconds or without a time, in the zone; null when it is no time. */
export function parseLocalTime(text: string, zone: Zone): number | null {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2}))?)?$/.exec(text.trim())
  if (match === null) return null
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((part) => Number(part ?? 0))
  const atMs = timeOf(zone, year, month - 1, day, hour, minute, second)
  // 31 February is no date, although it can be counted on to 3 March.
  const [, shownMonth, shownDay] = fieldsOf(atMs, zone)
  return Number.isFinite(atMs) &&
    atMs >= 0 &&
    shownMonth === month - 1 &&
    shownDay === day &&
    hour < 24 &&
    minute < 60
    ? atMs
    : null
}

/** The other way, in whole minutes. */
export function localTimeText(atMs: number, zone: Zone): string {
  const [year, month, day, hour, minute] = fieldsOf(atMs, zone)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${year}-${two(month + 1)}-${two(day)} ${two(hour)}:${two(minute)}`
}

/** Names along a time axis: hours of a day, days of a week or month. Never more than fit. */
import type { LineChart } from '../../domain/reports/document.ts'
import { calendarEdges } from '../../domain/reports/calendar.ts'
import { dateText, type Zone } from './report-words.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const MOST = 8

const hourOf = (atMs: number, zone: Zone): number =>
  zone === 'utc' ? new Date(atMs).getUTCHours() : new Date(atMs).getHours()

export function timeTicks(edgesAtMs: readonly number[], zone: Zone): LineChart['ticks'] {
  const [fromAtMs = 0, toAtMs = 0] = [edgesAtMs[0], edgesAtMs.at(-1)]
  const lengthMs = toAtMs - fromAtMs
  if (lengthMs <= 2 * DAY_MS) {
    const hours = [1, 2, 3, 4, 6, 12].find((step) => lengthMs / (step * HOUR_MS) <= MOST) ?? 12
    const first = Math.ceil(fromAtMs / HOUR_MS) * HOUR_MS
    const count = Math.floor((toAtMs - first) / HOUR_MS) + 1
    return Array.from({ length: count }, (_, index) => first + index * HOUR_MS)
      .filter((atMs) => hourOf(atMs, zone) % hours === 0)
      .map((atMs) => ({ atMs, label: dateText(atMs, zone, { hour: '2-digit', minute: '2-digit' }) }))
  }
  const midnights = calendarEdges({ fromAtMs, toAtMs }, 'day', zone).slice(0, -1)
  const every = [1, 2, 3, 5, 7, 14, 30, 60, 90].find((days) => midnights.length / days <= MOST) ?? 180
  return midnights
    .filter((_, index) => index % every === 0)
    .map((atMs) => ({
      atMs,
      label:
        lengthMs <= 8 * DAY_MS
          ? dateText(atMs, zone, { weekday: 'short', day: 'numeric' })
          : dateText(atMs, zone, { day: 'numeric', month: 'short' })
    }))
}

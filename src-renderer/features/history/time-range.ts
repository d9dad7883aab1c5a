/** Which span of time a page shows. Pure. */
import type { ChartRange } from '../../charts/index.ts'
import { fieldsOf, timeOf, type Zone } from '../../format/index.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** Spans that end now and move with it. */
export const PRESETS = {
  live: 15 * MINUTE,
  hour: HOUR,
  sixHours: 6 * HOUR,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  year: 365 * DAY
} as const
export type Preset = keyof typeof PRESETS
export const PRESET_IDS = Object.keys(PRESETS) as Preset[]

/** A moving span, or a fixed one (chosen by date, or zoomed to). */
export type TimeRange =
  { readonly kind: 'preset'; readonly preset: Preset } | ({ readonly kind: 'fixed' } & ChartRange)

/** A span in times, as of `nowMs`. */
export const boundsOf = (range: TimeRange, nowMs: number): ChartRange =>
  range.kind === 'fixed'
    ? { fromAtMs: range.fromAtMs, toAtMs: range.toAtMs }
    : { fromAtMs: nowMs - PRESETS[range.preset], toAtMs: nowMs }

export const durationOf = (range: TimeRange): number =>
  range.kind === 'fixed' ? range.toAtMs - range.fromAtMs : PRESETS[range.preset]

/** How often a moving span is moved: by a pixel, and never more often than once a second. */
export const stepOf = (range: TimeRange, pixels: number): number =>
  Math.max(1_000, Math.round(durationOf(range) / Math.max(1, pixels)))

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

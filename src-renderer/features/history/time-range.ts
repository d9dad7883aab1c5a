/** Which span of time a page shows. Pure. */
import type { ChartRange } from '../../charts/index.ts'

export { localTimeText, parseLocalTime } from '../../format/index.ts'

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

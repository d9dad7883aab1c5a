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

const sameSpan = (one: number, other: number): boolean => Math.abs(one - other) < 1_000

/**
 * One width earlier (-1) or later (1). Never beyond the present: what would reach it becomes the moving span of the
 * same width, where there is one.
 */
export function steppedRange(bounds: ChartRange, direction: -1 | 1, nowMs: number): TimeRange {
  const width = bounds.toAtMs - bounds.fromAtMs
  const toAtMs = bounds.toAtMs + direction * width
  if (toAtMs < nowMs) return { kind: 'fixed', fromAtMs: toAtMs - width, toAtMs }
  const preset = PRESET_IDS.find((id) => sameSpan(PRESETS[id], width))
  return preset === undefined
    ? { kind: 'fixed', fromAtMs: nowMs - width, toAtMs: nowMs }
    : { kind: 'preset', preset }
}

/** Nothing is later: the range ends in the present. */
export const endsNow = (range: TimeRange, nowMs: number): boolean =>
  range.kind === 'preset' || range.toAtMs >= nowMs - 1_000

export const sameRange = (one: TimeRange, other: TimeRange): boolean =>
  one.kind === 'preset'
    ? other.kind === 'preset' && one.preset === other.preset
    : other.kind === 'fixed' && one.fromAtMs === other.fromAtMs && one.toAtMs === other.toAtMs

/** As fields of an address: `range=day`, or `from` and `to` in UTC milliseconds. */
export const rangeFields = (range: TimeRange): Record<'range' | 'from' | 'to', string | undefined> =>
  range.kind === 'preset'
    ? { range: range.preset, from: undefined, to: undefined }
    : {
        range: undefined,
        from: String(Math.round(range.fromAtMs)),
        to: String(Math.round(range.toAtMs))
      }

/** The other way; null when the fields name no range. */
export function rangeFrom(fields: { range?: unknown; from?: unknown; to?: unknown }): TimeRange | null {
  const preset = PRESET_IDS.find((id) => id === fields.range)
  if (preset !== undefined) return { kind: 'preset', preset }
  const whole = (field: unknown): number =>
    typeof field === 'string' && /^\d{1,15}$/.test(field) ? Number(field) : NaN
  const [fromAtMs, toAtMs] = [whole(fields.from), whole(fields.to)]
  return fromAtMs < toAtMs ? { kind: 'fixed', fromAtMs, toAtMs } : null
}

/**
 * The bounds of a question that is asked again as time goes on: of a moving span, the end is rounded up, so that the
 * question changes only every `stepMs`. Whole milliseconds.
 */
export function settledBounds(range: TimeRange, nowMs: number, stepMs: number): ChartRange {
  if (range.kind === 'fixed') return { fromAtMs: Math.floor(range.fromAtMs), toAtMs: Math.ceil(range.toAtMs) }
  const toAtMs = Math.ceil(nowMs / stepMs) * stepMs
  return { fromAtMs: toAtMs - PRESETS[range.preset], toAtMs }
}

/** How often statistics of a moving span are taken again. */
export const settleStepMs = (range: TimeRange): number =>
  Math.max(10_000, Math.round(durationOf(range) / 100))

/**
 * Points to ask for. Of a day or more a point stands for many samples, and the band between their lowest and highest shows
 * every peak at two pixels a point as well as at one: a noisy band of a thousand corners takes four times as long to fill as
 * one of five hundred. In steps of a hundred, so that a window dragged wider does not read at every pixel.
 */
export function pointsFor(range: TimeRange, pixels: number): number {
  const pixelsPerPoint = durationOf(range) >= DAY ? 2 : 1
  return Math.max(100, Math.ceil(pixels / pixelsPerPoint / 100) * 100)
}

/** How often a moving span is moved: by a pixel, and never more often than once a second. */
export const stepOf = (range: TimeRange, pixels: number): number =>
  Math.max(1_000, Math.round(durationOf(range) / Math.max(1, pixels)))

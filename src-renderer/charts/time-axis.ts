/** Ticks of the time axis, on round times of the chosen zone. */
import { fieldsOf, formatTime, timeOf, type TimeShape, type Zone } from '../format/index.ts'
import { plotWidth } from './geometry.ts'
import type { ChartRange } from './types.ts'

export interface TimeTick {
  readonly atMs: number
  readonly label: string
}

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

type Step = { readonly kind: 'ms' | 'day' | 'month'; readonly every: number; readonly aboutMs: number }

const ms = (every: number): Step => ({ kind: 'ms', every, aboutMs: every })
const days = (every: number): Step => ({ kind: 'day', every, aboutMs: every * DAY })
const months = (every: number): Step => ({ kind: 'month', every, aboutMs: every * 30 * DAY })

const STEPS: readonly Step[] = [
  ...[1, 2, 5, 10, 15, 30].map((count) => ms(count * SECOND)),
  ...[1, 2, 5, 10, 15, 30].map((count) => ms(count * MINUTE)),
  ...[1, 2, 3, 6, 12].map((count) => ms(count * HOUR)),
  ...[1, 2, 7, 14].map(days),
  ...[1, 2, 3, 6, 12].map(months)
]

function* timesOf(step: Step, range: ChartRange, zone: Zone): Generator<number> {
  const [year, month, day] = fieldsOf(range.fromAtMs, zone)
  if (step.kind === 'month') {
    const first = Math.floor(month / step.every) * step.every
    for (let index = 0; ; index += step.every) yield timeOf(zone, year, first + index)
  }
  if (step.kind === 'day')
    for (let index = 0; ; index += step.every) yield timeOf(zone, year, month, day + index)
  // From each midnight anew: a day with a change of summer time keeps round hours.
  for (let index = 0; ; index += 1) {
    const midnight = timeOf(zone, year, month, day + index)
    const next = timeOf(zone, year, month, day + index + 1)
    const skipped = index === 0 ? Math.max(0, Math.floor((range.fromAtMs - midnight) / step.every)) : 0
    for (let atMs = midnight + skipped * step.every; atMs < next; atMs += step.every) yield atMs
  }
}

function labelOf(atMs: number, step: Step, zone: Zone, locale: string): string {
  const [, month, , hour, minute, second] = fieldsOf(atMs, zone)
  let shape: TimeShape
  if (step.kind === 'month') shape = month === 0 ? 'year' : 'month'
  else if (step.kind === 'day' || (hour === 0 && minute === 0 && second === 0)) shape = 'day'
  else shape = step.every < MINUTE ? 'clock' : 'minute'
  return formatTime(atMs, shape, zone, locale)
}

/** As many ticks as fit in `width` pixels (the whole box) without crowding; none so near to an edge that it is cut. */
export function timeTicks(range: ChartRange, width: number, zone: Zone, locale: string): TimeTick[] {
  const span = range.toAtMs - range.fromAtMs
  if (!(span > 0)) return []
  const perPixel = span / plotWidth(width)
  const least = 52 * perPixel
  const step =
    STEPS.find((candidate) => candidate.aboutMs >= least) ?? months(12 * Math.ceil(least / (360 * DAY)))
  const edge = 16 * perPixel
  const ticks: TimeTick[] = []
  for (const atMs of timesOf(step, range, zone)) {
    if (atMs > range.toAtMs - edge / 2) break
    if (atMs >= range.fromAtMs + edge / 2) ticks.push({ atMs, label: labelOf(atMs, step, zone, locale) })
  }
  return ticks
}

/** Minimum, sum, maximum, count (and median and p95) of every metric per slot. Integers as the tail keeps them: sums are exact. */
import type { HourColumns } from './chunk-codec.ts'
import { medianOf, percentileOf } from './percentile.ts'

export interface MetricRollup {
  count: number
  sum: number
  min: number
  max: number
  /** Of hours and days; null where it is not known (rolled up before samples were looked at for it). */
  median: number | null
  p95: number | null
}

/** One entity in one slot (a minute, an hour or a day), by metric code. */
export interface SlotRollup {
  readonly slot: number
  readonly metrics: Map<number, MetricRollup>
}

function emptyMetric(): MetricRollup {
  return { count: 0, sum: 0, min: Infinity, max: -Infinity, median: null, p95: null }
}

/** Values that are not a number are left out. */
export function rollUpValues(values: Float64Array, from = 0, to = values.length): MetricRollup {
  const rollup = emptyMetric()
  let { count, sum, min, max } = rollup
  for (let at = from; at < to; at++) {
    const value = values[at] ?? NaN
    if (Number.isNaN(value)) continue
    count++
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  rollup.count = count
  rollup.sum = sum
  rollup.min = min
  rollup.max = max
  return rollup
}

/** As `rollUpValues`, with median and p95. */
export function rollUpWhole(values: Float64Array): MetricRollup {
  const rollup = rollUpValues(values)
  const { count, min, max } = rollup
  if (count === 0) return rollup
  if (min === max) return { ...rollup, median: min, p95: min }
  // A copy: order statistics reorder it.
  const present = count === values.length ? values.slice() : values.filter((value) => !Number.isNaN(value))
  return { ...rollup, median: medianOf(present), p95: percentileOf(present, 0.95) }
}

/** Calls `emit` for each slot of `slotMs` that has values between fromMs and toMs, in order of time. */
export function rollUpSlots(
  { atMs }: HourColumns,
  values: Float64Array,
  slotMs: number,
  range: { readonly fromMs: number; readonly toMs: number },
  emit: (slot: number, rollup: MetricRollup) => void
): void {
  let from = 0
  while (from < atMs.length) {
    const slot = Math.floor((atMs[from] ?? 0) / slotMs)
    const endMs = (slot + 1) * slotMs
    let to = from + 1
    while (to < atMs.length && (atMs[to] ?? 0) < endMs) to++
    if (slot * slotMs >= range.toMs) return
    if (slot * slotMs >= range.fromMs) {
      const rollup = rollUpValues(values, from, to)
      if (rollup.count > 0) emit(slot, rollup)
    }
    from = to
  }
}

/** All metrics of an entity's hour, by the minute, in order of time. */
export function minutesOf(hour: HourColumns, minuteMs: number): SlotRollup[] {
  const slots = new Map<number, SlotRollup>()
  const all = { fromMs: 0, toMs: Infinity }
  for (const code of hour.codes()) {
    const values = hour.column(code)
    if (values === null) continue
    rollUpSlots(hour, values, minuteMs, all, (slot, rollup) => {
      let minute = slots.get(slot)
      if (minute === undefined) {
        minute = { slot, metrics: new Map() }
        slots.set(slot, minute)
      }
      minute.metrics.set(code, rollup)
    })
  }
  return [...slots.values()].toSorted((a, b) => a.slot - b.slot)
}

/** All metrics of an entity's hour as a whole; null when it has no value at all. */
export function hourOfEntity(hour: HourColumns, slot: number): SlotRollup | null {
  const metrics = new Map<number, MetricRollup>()
  for (const code of hour.codes()) {
    const values = hour.column(code)
    const rollup = values === null ? null : rollUpWhole(values)
    if (rollup !== null && rollup.count > 0) metrics.set(code, rollup)
  }
  return metrics.size === 0 ? null : { slot, metrics }
}

/** Adds a rollup of a shorter slot to that of a longer one. Median and p95 cannot be told from those of parts. */
export function mergeMetric(into: MetricRollup, from: MetricRollup): void {
  into.count += from.count
  into.sum += from.sum
  into.min = Math.min(into.min, from.min)
  into.max = Math.max(into.max, from.max)
  into.median = null
  into.p95 = null
}

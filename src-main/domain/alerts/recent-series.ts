/** The newest values of a series as a fixed number of means: what the forecast looks at. Pure. */
import type { Series } from '../forecast/bins.ts'

const SLOTS = 120

/**
 * Equal spans of time, each with the mean of its values. Of a fixed size, whatever comes in; a clock that is set back finds the
 * slots of the time it is at, and those of what is then the future are not seen.
 */
export class RecentSeries {
  readonly spanMs: number
  readonly #slotMs: number
  /** Which slot of all time is at a place; -1 = none. */
  readonly #slots = new Float64Array(SLOTS).fill(-1)
  readonly #counts = new Float64Array(SLOTS)
  readonly #sums = new Float64Array(SLOTS)
  /** Of the distances from the slot's begin, so that a mean stands at the mean time of its values. */
  readonly #aftersMs = new Float64Array(SLOTS)

  constructor(spanMs: number) {
    this.spanMs = spanMs
    this.#slotMs = spanMs / SLOTS
  }

  add(atMs: number, value: number): void {
    const slot = Math.floor(atMs / this.#slotMs)
    const place = slot % SLOTS
    if (this.#slots[place] !== slot) {
      this.#slots[place] = slot
      this.#counts[place] = 0
      this.#sums[place] = 0
      this.#aftersMs[place] = 0
    }
    this.#counts[place]! += 1
    this.#sums[place]! += value
    this.#aftersMs[place]! += atMs - slot * this.#slotMs
  }

  /** The span that ends at a time. */
  upTo(nowMs: number): Series {
    const atMs: number[] = []
    const values: number[] = []
    const last = Math.floor(nowMs / this.#slotMs)
    for (let slot = last - SLOTS + 1; slot <= last; slot++) {
      const place = ((slot % SLOTS) + SLOTS) % SLOTS
      if (this.#slots[place] !== slot) continue
      const count = this.#counts[place] ?? 1
      atMs.push(Math.min(nowMs, slot * this.#slotMs + (this.#aftersMs[place] ?? 0) / count))
      values.push((this.#sums[place] ?? 0) / count)
    }
    return { atMs, values }
  }
}

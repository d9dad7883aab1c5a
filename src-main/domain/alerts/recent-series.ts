/** The newest values of a series as a fixed number of means: what the forecast looks at. Pure. */
import type { Series } from '../forecast/bins.ts'

const SLOTS = 120
/** Fields of a slot: which of all time it is, the count and the sum of its values, the sum of their distances from its begin. */
const FIELDS = 4

/**
 * Equal spans of time, each with the mean of its values. Of a fixed size, whatever comes in; a clock that is set back finds the
 * slots of the time it is at, and those of what is then the future are not seen.
 */
export class RecentSeries {
  readonly spanMs: number
  readonly #slotMs: number
  /** In one piece: a value that is added touches one place in memory. */
  readonly #slots = new Float64Array(SLOTS * FIELDS).fill(-1)

  constructor(spanMs: number) {
    this.spanMs = spanMs
    this.#slotMs = spanMs / SLOTS
  }

  add(atMs: number, value: number): void {
    const slots = this.#slots
    const slot = Math.floor(atMs / this.#slotMs)
    const place = (slot % SLOTS) * FIELDS
    if (slots[place] !== slot) {
      slots[place] = slot
      slots[place + 1] = 0
      slots[place + 2] = 0
      slots[place + 3] = 0
    }
    slots[place + 1]! += 1
    slots[place + 2]! += value
    slots[place + 3]! += atMs - slot * this.#slotMs
  }

  /** The span that ends at a time. A mean stands at the mean time of its values. */
  upTo(nowMs: number): Series {
    const atMs: number[] = []
    const values: number[] = []
    const slots = this.#slots
    const last = Math.floor(nowMs / this.#slotMs)
    for (let slot = Math.max(0, last - SLOTS + 1); slot <= last; slot++) {
      const place = (slot % SLOTS) * FIELDS
      if (slots[place] !== slot) continue
      const count = slots[place + 1] ?? 1
      atMs.push(Math.min(nowMs, slot * this.#slotMs + (slots[place + 3] ?? 0) / count))
      values.push((slots[place + 2] ?? 0) / count)
    }
    return { atMs, values }
  }
}

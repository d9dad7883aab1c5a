/** Values smoothed over the last minutes: a mean in which what is older counts less and less. */

/** After this time a value still counts for a third. */
const FADES_IN_MS = 120_000
/** Older than this it says nothing of now. */
const STALE_AFTER_MS = 300_000

interface Entry {
  readonly mean: number
  readonly atMs: number
}

export class Smoothed {
  readonly #entries = new Map<string, Entry>()

  /** Values that are a little older than the last one are left out; much older ones come of a clock that was set back. */
  add(name: string, value: number, atMs: number): void {
    const last = this.#entries.get(name)
    if (last === undefined || Math.abs(atMs - last.atMs) > STALE_AFTER_MS) {
      this.#entries.set(name, { mean: value, atMs })
    } else if (atMs > last.atMs) {
      const weight = 1 - Math.exp(-(atMs - last.atMs) / FADES_IN_MS)
      this.#entries.set(name, { mean: last.mean + weight * (value - last.mean), atMs })
    }
  }

  /** null = there is none, or none of the last minutes. */
  get(name: string, nowMs: number): number | null {
    const entry = this.#entries.get(name)
    return entry === undefined || nowMs - entry.atMs > STALE_AFTER_MS ? null : entry.mean
  }
}

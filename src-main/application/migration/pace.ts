/** Bytes per second and time to go, from what was done in the last seconds. */
import type { MigrationPhase, MigrationProgress } from '#contract/migration.ts'

const WINDOW_MS = 10_000
/** Before that a pace says little. */
const MIN_SPAN_MS = 1_500

export class Pace {
  readonly #nowMs: () => number
  readonly #seen: { readonly atMs: number; readonly bytes: number }[] = []

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  /** Progress with its pace; `total` null: not known. Bytes never go back. */
  progress(phase: MigrationPhase, bytes: number, total: number | null): MigrationProgress {
    const atMs = this.#nowMs()
    const done = Math.max(bytes, this.#seen.at(-1)?.bytes ?? 0)
    this.#seen.push({ atMs, bytes: done })
    while (this.#seen.length > 2 && atMs - (this.#seen[0]?.atMs ?? atMs) > WINDOW_MS) this.#seen.shift()
    const first = this.#seen[0]
    const spanMs = first === undefined ? 0 : atMs - first.atMs
    const perSec = first === undefined || spanMs < MIN_SPAN_MS ? null : ((done - first.bytes) * 1000) / spanMs
    const left = total === null ? null : Math.max(0, total - done)
    return {
      phase,
      doneRatio: total === null || total === 0 ? null : Math.min(1, done / total),
      bytesDone: done,
      bytesTotal: total,
      bytesPerSec: perSec,
      remainingMs: perSec === null || perSec <= 0 || left === null ? null : Math.round((left / perSec) * 1000)
    }
  }
}

/** Progress of a part of the work that has no bytes. */
export const inPhase = (phase: MigrationPhase): MigrationProgress => ({
  phase,
  doneRatio: null,
  bytesDone: 0,
  bytesTotal: null,
  bytesPerSec: null,
  remainingMs: null
})

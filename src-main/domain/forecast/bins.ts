/** A series as a few medians at even distances: noise and gaps weigh less, and every series costs the same. Pure. */
import { median } from './robust.ts'

export interface Series {
  /** Rising. */
  readonly atMs: readonly number[]
  /** null: no value. */
  readonly values: readonly (number | null)[]
}

export interface Bins {
  /** Middle of each bin that has values, in ms before (negative) or after `nowMs`. */
  readonly x: number[]
  readonly y: number[]
}

/** Bins of the span that ends now; those without values are left out. */
export function binned(series: Series, span: { nowMs: number; spanMs: number; count: number }): Bins {
  const { nowMs, spanMs, count } = span
  const widthMs = spanMs / count
  const bins: Bins = { x: [], y: [] }
  let place = 0
  const held: number[] = []
  const close = (): void => {
    if (held.length === 0) return
    bins.x.push((place + 0.5) * widthMs - spanMs)
    bins.y.push(median(held))
    held.length = 0
  }
  for (let index = 0; index < series.atMs.length; index++) {
    const value = series.values[index]
    const bin = Math.min(count - 1, Math.floor(((series.atMs[index] ?? 0) - (nowMs - spanMs)) / widthMs))
    if (bin < 0 || value === null || value === undefined || !Number.isFinite(value)) continue
    if (bin !== place) close()
    place = bin
    held.push(value)
  }
  close()
  return bins
}

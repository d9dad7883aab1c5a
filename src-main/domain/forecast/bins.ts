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
  const held: number[][] = Array.from({ length: count }, () => [])
  for (let index = 0; index < series.atMs.length; index++) {
    const value = series.values[index]
    const bin = Math.floor(((series.atMs[index] ?? 0) - (nowMs - spanMs)) / widthMs)
    if (value !== null && value !== undefined && Number.isFinite(value))
      held[Math.min(bin, count - 1)]?.push(value)
  }
  const bins: Bins = { x: [], y: [] }
  for (const [place, values] of held.entries()) {
    if (values.length === 0) continue
    bins.x.push((place + 0.5) * widthMs - spanMs)
    bins.y.push(median(values))
  }
  return bins
}

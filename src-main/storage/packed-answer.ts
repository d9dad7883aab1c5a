/** An answer on its way over the port: arrays of numbers as typed arrays, which move instead of being copied one by one. */
import type { HistoryAnswer, MetricSeries } from '#contract/history.ts'

type Values = Float64Array<ArrayBuffer>

/** NaN = no value. */
export interface PackedSeries extends Omit<MetricSeries, 'mean' | 'min' | 'max'> {
  readonly mean: Values
  readonly min: Values
  readonly max: Values
}

export interface PackedAnswer extends Omit<HistoryAnswer, 'atMs' | 'series'> {
  readonly atMs: Values
  readonly series: readonly PackedSeries[]
}

export function unpackAnswer({ atMs, series, ...rest }: PackedAnswer): HistoryAnswer {
  return {
    ...rest,
    atMs: Array.from(atMs),
    series: series.map(({ mean, min, max, ...one }) => ({
      ...one,
      mean: unpacked(mean),
      min: unpacked(min),
      max: unpacked(max)
    }))
  }
}

function unpacked(values: Values): (number | null)[] {
  const all = new Array<number | null>(values.length)
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? NaN
    all[at] = Number.isNaN(value) ? null : value
  }
  return all
}

/** An answer on its way over the port: arrays of numbers as typed arrays, which move instead of being copied one by one. */
import type { HistoryAnswer, MetricSeries } from '#contract/history.ts'

type Values = Float64Array<ArrayBuffer>

/** NaN = no value. */
interface PackedSeries extends Omit<MetricSeries, 'mean' | 'min' | 'max'> {
  readonly mean: Values
  readonly min: Values
  readonly max: Values
}

export interface PackedAnswer extends Omit<HistoryAnswer, 'atMs' | 'series'> {
  readonly atMs: Values
  readonly series: readonly PackedSeries[]
}

export function packAnswer({ atMs, series, ...rest }: HistoryAnswer): PackedAnswer {
  return {
    ...rest,
    atMs: Float64Array.from(atMs),
    series: series.map(({ mean, min, max, ...one }) => ({
      ...one,
      mean: packed(mean),
      min: packed(min),
      max: packed(max)
    }))
  }
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

function packed(values: readonly (number | null)[]): Values {
  const all = new Float64Array(values.length)
  for (let at = 0; at < values.length; at++) all[at] = values[at] ?? NaN
  return all
}

function unpacked(values: Values): (number | null)[] {
  const all = new Array<number | null>(values.length)
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? NaN
    all[at] = Number.isNaN(value) ? null : value
  }
  return all
}

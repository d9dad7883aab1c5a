/** What a chart over time is made of. Pure data; a `null` is a missing value and is never drawn. */
export interface ChartRange {
  readonly fromAtMs: number
  readonly toAtMs: number
}

/**
 * One line. `stack` lines are summed in their order; an `area` is filled down to zero; `peak` is a thin line for the
 * highest value of each bucket (drawn where buckets hold more than one sample, so that peaks never vanish).
 */
export interface ChartLine {
  readonly id: string
  readonly label: string
  /** Place in the theme's series colours. */
  readonly colour: number
  readonly shape: 'stack' | 'area' | 'line' | 'peak'
  readonly values: readonly (number | null)[]
  /** Lowest and highest of each bucket; absent when a bucket is one sample. Drawn as a band around the line. */
  readonly min?: readonly (number | null)[]
  readonly max?: readonly (number | null)[]
}

/** All lines share their times. */
export interface ChartData {
  readonly atMs: readonly number[]
  readonly lines: readonly ChartLine[]
}

/** A time without values, and why. `toAtMs` null = still open. */
export interface ChartGap {
  readonly fromAtMs: number
  readonly toAtMs: number | null
  readonly label: string
}

/** A level drawn across the chart. */
export interface ChartMark {
  readonly value: number
  readonly label: string
  readonly tone: 'red' | 'amber' | 'neutral'
}

export const emptyChartData: ChartData = { atMs: [], lines: [] }

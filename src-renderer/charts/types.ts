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
  /** Place in the theme's series colours; places beyond them are the same colours, dashed. */
  readonly colour: number
  readonly shape: 'stack' | 'area' | 'line' | 'peak'
  readonly values: readonly (number | null)[]
  /** Lowest and highest of each bucket; absent when a bucket is one sample. Drawn as a band around the line. */
  readonly min?: readonly (number | null)[]
  readonly max?: readonly (number | null)[]
  /** Times of its own, as lines of several servers have; absent: those of the data. Never of a `stack`. */
  readonly atMs?: readonly number[]
  /** Whose line it is (a VM's: its own and its server's): gaps of others do not break it. Absent: every gap does. */
  readonly sources?: readonly string[]
  /** Which value axis it is measured by; the left one when absent. */
  readonly axis?: ChartAxis
}

export type ChartAxis = 'left' | 'right'

/** Lines share these times, except those that bring their own. */
export interface ChartData {
  readonly atMs: readonly number[]
  readonly lines: readonly ChartLine[]
}

/** A time without values, and why. `toAtMs` null = still open. */
export interface ChartGap {
  readonly fromAtMs: number
  readonly toAtMs: number | null
  readonly label: string
  /** The label without whose gap it is, for beside a line that is named already. */
  readonly reason?: string
  /** Whose gap it is; absent: everybody's. */
  readonly source?: string
}

/** Something that happened at a time. `label` may hold remote text that was made visible. */
export interface ChartEvent {
  readonly atMs: number
  readonly label: string
  readonly tone: 'ok' | 'amber' | 'red' | 'neutral'
}

/** A level drawn across the chart. */
export interface ChartMark {
  readonly value: number
  readonly label: string
  readonly tone: 'red' | 'amber' | 'neutral'
  /** Where its label stands; at the end when absent. */
  readonly labelAt?: 'start' | 'end'
}

export const emptyChartData: ChartData = { atMs: [], lines: [] }

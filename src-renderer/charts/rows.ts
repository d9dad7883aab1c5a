/** From series with missing values to points that echarts draws with the gaps left open. */
import type { ChartAxis, ChartData, ChartGap, ChartLine } from './types.ts'

/** Times of the rows that are drawn: an index into the data, or null for a break in the line. */
export interface Row {
  readonly atMs: number
  readonly index: number | null
}

/** Where no gap was recorded, a pause of more than this many usual steps is one all the same. */
const BREAK_AFTER_STEPS = 3.5
const LEAST_BREAK_MS = 12_000

/** Median distance of neighbours; 0 when there are none. */
export function usualStep(times: readonly number[]): number {
  const steps: number[] = []
  for (let index = 1; index < times.length; index += 1)
    steps.push((times[index] ?? 0) - (times[index - 1] ?? 0))
  steps.sort((one, other) => one - other)
  return steps[steps.length >> 1] ?? 0
}

/**
 * Rows in which any line has a value, with a break wherever a recorded gap lies between two of them or the pause is far
 * longer than usual. Rows without any value are left out: lanes have rhythms of their own (file systems come every 30 s
 * between the 5 s of the rest), and that is no gap.
 */
export function rowsOf(data: ChartData, gaps: readonly ChartGap[]): Row[] {
  const lines = data.lines.filter((line) => line.atMs === undefined)
  return withBreaks(data.atMs, (index) => lines.some((line) => typeof line.values[index] === 'number'), gaps)
}

/** Rows of lines that were asked for; a pointer that moves asks again and again. */
const known = new WeakMap<ChartLine, { readonly gaps: readonly ChartGap[]; readonly rows: readonly Row[] }>()

/** The rows of one line: `shared` (as rowsOf gives them), or its own where it brings its own times. */
export function rowsOfLine(
  line: ChartLine,
  shared: readonly Row[],
  gaps: readonly ChartGap[]
): readonly Row[] {
  if (line.atMs === undefined) return shared
  const before = known.get(line)
  if (before?.gaps === gaps) return before.rows
  const rows = withBreaks(line.atMs, (index) => typeof line.values[index] === 'number', gapsOf(line, gaps))
  known.set(line, { gaps, rows })
  return rows
}

/** Gaps that break this line. */
export const gapsOf = ({ sources }: ChartLine, gaps: readonly ChartGap[]): readonly ChartGap[] =>
  sources === undefined
    ? gaps
    : gaps.filter((gap) => gap.source === undefined || sources.includes(gap.source))

function withBreaks(
  all: readonly number[],
  hasValue: (index: number) => boolean,
  gaps: readonly ChartGap[]
): Row[] {
  const kept: number[] = []
  for (let index = 0; index < all.length; index += 1) if (hasValue(index)) kept.push(index)
  const times = kept.map((index) => all[index] ?? 0)
  const breakMs = Math.max(LEAST_BREAK_MS, usualStep(times) * BREAK_AFTER_STEPS)
  const rows: Row[] = []
  kept.forEach((index, place) => {
    const atMs = times[place] ?? 0
    const before = times[place - 1]
    if (before !== undefined && (atMs - before > breakMs || gaps.some((gap) => isBetween(gap, before, atMs))))
      rows.push({ atMs: (before + atMs) / 2, index: null })
    rows.push({ atMs, index })
  })
  return rows
}

const isBetween = (gap: ChartGap, before: number, after: number): boolean =>
  gap.fromAtMs < after && (gap.toAtMs ?? Infinity) > before

/** A point, or one with a dot: a value between two breaks has no line to be seen by. */
export type Point = [number, number | null] | { value: [number, number]; symbol: 'circle'; symbolSize: 3 }

/** Points of one line over the rows; `value` gives the value of a row. */
export function pointsOf(
  rows: readonly Row[],
  value: (index: number) => number | null,
  dots = true
): Point[] {
  const values = rows.map((row) => (row.index === null ? null : value(row.index)))
  return rows.map((row, place) => {
    const own = values[place] ?? null
    const alone = own !== null && (values[place - 1] ?? null) === null && (values[place + 1] ?? null) === null
    return alone && dots ? { value: [row.atMs, own], symbol: 'circle', symbolSize: 3 } : [row.atMs, own]
  })
}

/** Highest value that is measured by an axis; stacked lines count together. */
export function highestOf(data: ChartData, axis: ChartAxis = 'left'): number {
  const lines = data.lines.filter((line) => (line.axis ?? 'left') === axis)
  const stacked = lines.filter((line) => line.shape === 'stack')
  let highest = 0
  for (const line of lines)
    if (line.shape !== 'stack')
      for (let index = 0; index < line.values.length; index += 1)
        highest = Math.max(highest, line.max?.[index] ?? line.values[index] ?? 0)
  if (stacked.length > 0)
    for (let index = 0; index < data.atMs.length; index += 1)
      highest = Math.max(
        highest,
        stacked.reduce((sum, line) => sum + (line.values[index] ?? 0), 0)
      )
  return highest
}

/** What the chart tells of one time. Pure. */
import { formatAs, MISSING, quantityText, type DisplayUnit } from '../format/index.ts'
import { nearestIndex } from './geometry.ts'
import { gapsOf, rowsOfLine, usualStep, type Row } from './rows.ts'
import type { ChartData, ChartGap, ChartLine } from './types.ts'

export interface TooltipLine {
  readonly id: string
  readonly label: string
  readonly colour: number
  readonly text: string
  /** `12.0 – 94.1 %` of the bucket, or '' when the bucket is one sample. */
  readonly spread: string
}

export interface TooltipContent {
  readonly atMs: number
  /** Why there is nothing at this time; '' when there is. */
  readonly gap: string
  readonly lines: readonly TooltipLine[]
}

export interface TooltipUnits {
  readonly left: DisplayUnit
  readonly right: DisplayUnit | null
}

interface Pointed {
  readonly atMs: number
  readonly index: number
}

/** The row with a value that is nearest to `atMs`; null when it is farther away than `reachMs` or two usual steps. */
function nearestRow(rows: readonly Row[], atMs: number, reachMs: number): Pointed | null {
  const values = rows.filter((row) => row.index !== null)
  const times = values.map((row) => row.atMs)
  const row = values[nearestIndex(times, atMs)]
  if (row === undefined || row.index === null) return null
  if (Math.abs(row.atMs - atMs) > Math.max(reachMs, usualStep(times) * 2)) return null
  return { atMs: row.atMs, index: row.index }
}

const isIn = (gap: ChartGap, atMs: number): boolean => gap.fromAtMs <= atMs && atMs < (gap.toAtMs ?? Infinity)

function tooltipLine(line: ChartLine, index: number | null, gap: string, units: TooltipUnits): TooltipLine {
  const unit = line.axis === 'right' && units.right !== null ? units.right : units.left
  const at = (values: readonly (number | null)[] | undefined) =>
    index === null ? null : (values?.[index] ?? null)
  const low = at(line.min)
  const high = at(line.max)
  return {
    id: line.id,
    label: line.label,
    colour: line.colour,
    text: gap === '' ? quantityText(formatAs(unit, at(line.values))) : gap,
    spread:
      low === null || high === null
        ? ''
        : `${formatAs(unit, low).value} – ${quantityText(formatAs(unit, high))}`
  }
}

/**
 * Values at the drawn row nearest to `atMs`; inside of a gap its reason instead. null when there is nothing within
 * `reachMs` (some pixels) or two usual steps: far from all values, none is told. Lines with times of their own each give
 * their own nearest value, or the reason of their gap.
 */
export function tooltipAt(
  data: ChartData,
  rows: readonly Row[],
  gaps: readonly ChartGap[],
  units: TooltipUnits,
  atMs: number,
  reachMs: number
): TooltipContent | null {
  if (data.lines.some((line) => line.atMs !== undefined)) return ownTimes(data, gaps, units, atMs, reachMs)
  const gap = gaps.find((candidate) => isIn(candidate, atMs))
  if (gap !== undefined) return { atMs: Math.round(atMs), gap: gap.label, lines: [] }
  const row = nearestRow(rows, atMs, reachMs)
  if (row === null) return null
  const lines = data.lines.map((line) => tooltipLine(line, row.index, '', units))
  // The topmost of a stack stands topmost in the list.
  const stacked = data.lines.some((line) => line.shape === 'stack')
  return { atMs: row.atMs, gap: '', lines: stacked ? lines.reverse() : lines }
}

function ownTimes(
  data: ChartData,
  gaps: readonly ChartGap[],
  units: TooltipUnits,
  atMs: number,
  reachMs: number
): TooltipContent | null {
  let nearest: number | null = null
  const lines = data.lines.map((line) => {
    const gap = gapsOf(line, gaps).find((candidate) => isIn(candidate, atMs))
    if (gap !== undefined) return tooltipLine(line, null, gap.reason ?? gap.label, units)
    const row = nearestRow(rowsOfLine(line, [], gaps), atMs, reachMs)
    if (row !== null && (nearest === null || Math.abs(row.atMs - atMs) < Math.abs(nearest - atMs)))
      nearest = row.atMs
    return tooltipLine(line, row?.index ?? null, '', units)
  })
  const told = nearest !== null || lines.some((line) => line.text !== MISSING)
  return told ? { atMs: nearest ?? Math.round(atMs), gap: '', lines } : null
}

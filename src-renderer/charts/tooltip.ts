/** What the chart tells of one time. Pure. */
import { formatAs, quantityText, type DisplayUnit } from '../format/index.ts'
import { nearestIndex } from './geometry.ts'
import { usualStep, type Row } from './rows.ts'
import type { ChartData, ChartGap } from './types.ts'

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

/**
 * Values at the drawn row nearest to `atMs`; inside of a gap its reason instead. null when there is nothing within
 * `reachMs` (some pixels) or two usual steps: far from all values, none is told.
 */
export function tooltipAt(
  data: ChartData,
  rows: readonly Row[],
  gaps: readonly ChartGap[],
  unit: DisplayUnit,
  atMs: number,
  reachMs: number
): TooltipContent | null {
  const gap = gaps.find((candidate) => candidate.fromAtMs <= atMs && atMs < (candidate.toAtMs ?? Infinity))
  if (gap !== undefined) return { atMs: Math.round(atMs), gap: gap.label, lines: [] }
  const values = rows.filter((candidate) => candidate.index !== null)
  const times = values.map((candidate) => candidate.atMs)
  const row = values[nearestIndex(times, atMs)]
  if (row === undefined || row.index === null) return null
  if (Math.abs(row.atMs - atMs) > Math.max(reachMs, usualStep(times) * 2)) return null
  const { index } = row
  const lines = data.lines.map((line) => {
    const low = line.min?.[index] ?? null
    const high = line.max?.[index] ?? null
    return {
      id: line.id,
      label: line.label,
      colour: line.colour,
      text: quantityText(formatAs(unit, line.values[index] ?? null)),
      spread:
        low === null || high === null
          ? ''
          : `${formatAs(unit, low).value} – ${quantityText(formatAs(unit, high))}`
    }
  })
  // The topmost of a stack stands topmost in the list.
  const stacked = data.lines.some((line) => line.shape === 'stack')
  return { atMs: row.atMs, gap: '', lines: stacked ? lines.reverse() : lines }
}

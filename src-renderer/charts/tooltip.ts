/** What the chart tells of one time. Pure. */
import { formatAs, quantityText, type DisplayUnit } from '../format/index.ts'
import { nearestIndex } from './geometry.ts'
import type { Row } from './rows.ts'
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

/** Values at the drawn row nearest to `atMs`; inside of a gap its reason instead. null when there is nothing to tell. */
export function tooltipAt(
  data: ChartData,
  rows: readonly Row[],
  gaps: readonly ChartGap[],
  unit: DisplayUnit,
  atMs: number
): TooltipContent | null {
  const gap = gaps.find((candidate) => candidate.fromAtMs <= atMs && atMs < (candidate.toAtMs ?? Infinity))
  if (gap !== undefined) return { atMs: Math.round(atMs), gap: gap.label, lines: [] }
  const row =
    rows[
      nearestIndex(
        rows.map((candidate) => candidate.atMs),
        atMs
      )
    ]
  if (row === undefined || row.index === null) return null
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

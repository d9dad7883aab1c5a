/** Bands for gaps, and which of their labels have room. */
import { GRID, plotWidth, timeToX } from './geometry.ts'
import type { ChartGap, ChartRange } from './types.ts'

export interface GapBand {
  readonly fromAtMs: number
  readonly toAtMs: number
  /** '' when there is no room for the words; they are told on hover then. */
  readonly label: string
}

/** About the width of text of 10 px; wide characters count twice. */
const textWidth = (text: string): number =>
  [...text].reduce((sum, character) => sum + (character.charCodeAt(0) > 0x2e80 ? 11 : 5.6), 0)

/** Gaps cut to the range. Labels are given to the longest gaps first and never touch another label or the edges. */
export function gapBands(gaps: readonly ChartGap[], range: ChartRange, width: number): GapBand[] {
  const cut = gaps
    .map((gap) => ({
      label: gap.label,
      fromAtMs: Math.max(gap.fromAtMs, range.fromAtMs),
      toAtMs: Math.min(gap.toAtMs ?? range.toAtMs, range.toAtMs)
    }))
    .filter((gap) => gap.toAtMs > gap.fromAtMs)
  const taken: [number, number][] = []
  const labelled = new Set<object>()
  const byLength = [...cut].sort((one, other) => other.toAtMs - other.fromAtMs - (one.toAtMs - one.fromAtMs))
  for (const gap of byLength) {
    const from = timeToX(gap.fromAtMs, range, width)
    const to = timeToX(gap.toAtMs, range, width)
    const half = textWidth(gap.label) / 2 + 4
    const middle = (from + to) / 2
    const fits =
      middle - half >= GRID.left &&
      middle + half <= GRID.left + plotWidth(width) &&
      to - from >= 6 &&
      !taken.some(([left, right]) => middle - half < right && middle + half > left)
    if (!fits) continue
    taken.push([middle - half, middle + half])
    labelled.add(gap)
  }
  return cut.map((gap) => ({ ...gap, label: labelled.has(gap) ? gap.label : '' }))
}

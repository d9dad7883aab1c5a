/** Where the plot lies in its box. Fixed, so that charts of a page line up and a pixel is a time without asking echarts. */
import type { ChartRange } from './types.ts'

export const GRID = { left: 64, right: 14, top: 10, bottom: 22 } as const

export const plotWidth = (width: number): number => Math.max(1, width - GRID.left - GRID.right)

/** Pixels from the left of the box to a time; may lie outside of the plot. */
export const timeToX = (atMs: number, range: ChartRange, width: number): number =>
  GRID.left + ((atMs - range.fromAtMs) / (range.toAtMs - range.fromAtMs)) * plotWidth(width)

/** The time under a pixel, kept inside of the range. */
export function xToTime(x: number, range: ChartRange, width: number): number {
  const share = Math.min(1, Math.max(0, (x - GRID.left) / plotWidth(width)))
  return range.fromAtMs + share * (range.toAtMs - range.fromAtMs)
}

/** Index of the time nearest to `atMs` in an ascending list; -1 when the list is empty. */
export function nearestIndex(times: readonly number[], atMs: number): number {
  let low = 0
  let high = times.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((times[middle] ?? Infinity) < atMs) low = middle + 1
    else high = middle
  }
  const before = times[low - 1]
  const after = times[low]
  if (before === undefined) return after === undefined ? -1 : low
  if (after === undefined) return low - 1
  return atMs - before <= after - atMs ? low - 1 : low
}

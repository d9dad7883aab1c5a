import { describe, expect, it } from 'vitest'
import { rowsOfLine } from './rows.ts'
import { tooltipAt } from './tooltip.ts'
import type { ChartGap, ChartLine } from './types.ts'

const START = Date.UTC(2026, 10, 20, 10)
const times = (offsetMs: number) => Array.from({ length: 60 }, (_, index) => START + index * 5_000 + offsetMs)
const line = (id: string, offsetMs: number, level: number, axis: 'left' | 'right' = 'left'): ChartLine => ({
  id,
  label: id,
  colour: 0,
  shape: 'line',
  atMs: times(offsetMs),
  values: times(offsetMs).map((_, index) => level + index / 1_000),
  sources: [id],
  axis
})
const gap: ChartGap = {
  fromAtMs: START + 100_500,
  toAtMs: START + 119_000,
  label: 'alpha: link lost 19 s',
  reason: 'link lost 19 s',
  source: 'alpha'
}
/** Two servers that tick 1.7 s apart, one of them by another unit; the first has no values in its gap. */
const alpha = line('alpha', 0, 0.2)
const withGap: ChartLine = {
  ...alpha,
  values: alpha.values.map((value, index) =>
    (alpha.atMs?.[index] ?? 0) > gap.fromAtMs && (alpha.atMs?.[index] ?? 0) < (gap.toAtMs ?? 0) ? null : value
  )
}
const bravo = line('bravo', 1_700, 125_000, 'right')
const data = { atMs: [], lines: [withGap, bravo] }
const at = (ms: number) =>
  tooltipAt(data, [], [gap], { left: 'ratio', right: 'bitsPerSec' }, START + ms, 2_000)

describe('lines with times of their own', () => {
  it('are broken by their own gaps only', () => {
    const breaks = (each: ChartLine) => rowsOfLine(each, [], [gap]).filter((row) => row.index === null)
    expect(breaks(withGap)).toHaveLength(1)
    expect(breaks(bravo)).toHaveLength(0)
  })

  it('each give their own nearest value, by the unit of their axis', () => {
    expect(at(50_000)?.lines.map(({ label, text }) => `${label} ${text}`)).toEqual([
      'alpha 21.0\u00a0%',
      'bravo 1.0\u00a0Mb/s'
    ])
  })

  it('tell the reason of a gap for the one, and the value of the other', () => {
    expect(at(110_000)?.lines.map(({ text }) => text)).toEqual(['link lost 19 s', '1.0\u00a0Mb/s'])
  })

  it('tell nothing far from all values', () => {
    expect(at(900_000)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { gapBands } from './gap-bands.ts'
import { nearestIndex, timeToX, xToTime } from './geometry.ts'
import { highestOf, pointsOf, rowsOf } from './rows.ts'
import type { ChartData } from './types.ts'

const line = (values: (number | null)[], shape: 'line' | 'stack' = 'line') => ({
  id: String(values),
  label: '',
  colour: 0,
  shape,
  values
})
const every = (count: number, ms: number) =>
  Array.from({ length: count }, (_, index) => 1_000_000 + index * ms)
const breaks = (data: ChartData, gaps: Parameters<typeof rowsOf>[1] = []) =>
  rowsOf(data, gaps).filter((row) => row.index === null).length

describe('rowsOf', () => {
  it('takes a slower lane for what it is, not for gaps', () => {
    const values = every(60, 5_000).map((_, index) => (index % 6 === 0 ? 1 : null))
    expect(breaks({ atMs: every(60, 5_000), lines: [line(values)] })).toBe(0)
  })

  it('breaks where values stop for long, even when nobody recorded why', () => {
    const values = every(60, 5_000).map((_, index) => (index > 20 && index < 40 ? null : 1))
    expect(breaks({ atMs: every(60, 5_000), lines: [line(values)] })).toBe(1)
  })

  it('breaks at a short recorded gap between two samples', () => {
    const data = { atMs: every(10, 5_000), lines: [line(every(10, 5_000).map(() => 1))] }
    expect(breaks(data)).toBe(0)
    expect(breaks(data, [{ fromAtMs: 1_011_000, toAtMs: 1_012_000, label: '' }])).toBe(1)
  })

  it('marks a value that stands alone with a dot', () => {
    const data = { atMs: [1_000_000], lines: [line([0.5])] }
    expect(pointsOf(rowsOf(data, []), () => 0.5)).toEqual([
      { value: [1_000_000, 0.5], symbol: 'circle', symbolSize: 3 }
    ])
  })

  it('never makes a value of a missing one', () => {
    const data = { atMs: every(3, 5_000), lines: [line([1, null, 1]), line([2, 2, 2])] }
    const rows = rowsOf(data, [])
    expect(pointsOf(rows, (index) => data.lines[0]?.values[index] ?? null)[1]).toEqual([1_005_000, null])
  })
})

describe('highestOf', () => {
  it('counts stacked lines together and looks at the highest of each bucket', () => {
    expect(highestOf({ atMs: [1, 2], lines: [line([1, 2], 'stack'), line([3, 1], 'stack')] })).toBe(4)
    expect(highestOf({ atMs: [1], lines: [{ ...line([1]), min: [0], max: [9] }] })).toBe(9)
    expect(highestOf({ atMs: [1], lines: [line([null])] })).toBe(0)
  })
})

describe('gapBands', () => {
  const range = { fromAtMs: 0, toAtMs: 900_000 }
  it('cuts to the range, and keeps an open gap open to its end', () => {
    expect(gapBands([{ fromAtMs: -5, toAtMs: 100, label: '' }], range, 500)[0]?.fromAtMs).toBe(0)
    expect(gapBands([{ fromAtMs: 100, toAtMs: null, label: '' }], range, 500)[0]?.toAtMs).toBe(900_000)
    expect(gapBands([{ fromAtMs: 900_001, toAtMs: null, label: '' }], range, 500)).toEqual([])
  })

  it('gives words to the longest where two would touch', () => {
    const bands = gapBands(
      [
        { fromAtMs: 400_000, toAtMs: 430_000, label: 'link lost 30 s' },
        { fromAtMs: 440_000, toAtMs: 600_000, label: 'server off 2 min' }
      ],
      range,
      500
    )
    expect(bands.map((band) => band.label)).toEqual(['', 'server off 2 min'])
  })
})

describe('geometry', () => {
  const range = { fromAtMs: 1_000, toAtMs: 2_000 }
  it('maps pixels to times and back', () => {
    expect(xToTime(timeToX(1_250, range, 500), range, 500)).toBeCloseTo(1_250, 6)
    expect(xToTime(-50, range, 500)).toBe(1_000)
    expect(xToTime(5_000, range, 500)).toBe(2_000)
  })

  it('finds the nearest time', () => {
    expect(nearestIndex([10, 20, 30], 14)).toBe(0)
    expect(nearestIndex([10, 20, 30], 16)).toBe(1)
    expect(nearestIndex([10, 20, 30], 99)).toBe(2)
    expect(nearestIndex([10], -1)).toBe(0)
    expect(nearestIndex([], 5)).toBe(-1)
  })
})

import { describe, expect, it } from 'vitest'
import { timeTicks } from './time-axis.ts'
import { valueAxis } from './value-axis.ts'

const GiB = 1024 ** 3
const labels = (axis: ReturnType<typeof valueAxis>) => axis.ticks.map((tick) => tick.label)

describe('valueAxis', () => {
  it('ends a ratio at 100 % without crowding its last labels', () => {
    expect(labels(valueAxis('ratio', 0.4, 1))).toEqual(['0 %', '25 %', '50 %', '75 %', '100 %'])
  })

  it('ends a ratio of its own accord where it is small, at the whole where it comes near to it', () => {
    expect(valueAxis('ratio', 0.3).max).toBeLessThan(0.5)
    expect(labels(valueAxis('ratio', 0.96))).toEqual(['0 %', '25 %', '50 %', '75 %', '100 %'])
    // More than the whole is shown all the same: the CPU time of several threads, say.
    expect(valueAxis('ratio', 1.6).max).toBeGreaterThanOrEqual(1.6)
  })

  it('steps sizes by powers of two, up to what is installed', () => {
    expect(labels(valueAxis('bytes', 0, 256 * GiB))).toEqual(['0', '64', '128', '192', '256 GiB'])
    expect(labels(valueAxis('bytes', 0, 15.6 * GiB))).toEqual(['0', '4', '8', '12 GiB'])
    expect(valueAxis('bytes', 0, 15.6 * GiB).max).toBe(15.6 * GiB)
  })

  it('shows network rates in bits', () => {
    expect(labels(valueAxis('bitsPerSec', 40_000_000))).toEqual(['0', '100', '200', '300', '400 Mb/s'])
  })

  it('never makes a mountain of nothing', () => {
    expect(valueAxis('ratio', 0.0001).max).toBeGreaterThanOrEqual(0.1)
    expect(valueAxis('load', 0).max).toBeGreaterThanOrEqual(1)
    expect(new Set(labels(valueAxis('count', 1))).size).toBe(labels(valueAxis('count', 1)).length)
  })

  it('has labels that differ for any range', () => {
    for (const unit of ['ratio', 'bytes', 'bytesPerSec', 'bitsPerSec', 'load', 'count'] as const)
      for (let power = -3; power < 14; power += 0.13) {
        const axis = valueAxis(unit, 10 ** power)
        const shown = labels(axis)
        expect(new Set(shown).size).toBe(shown.length)
        expect(shown.length).toBeGreaterThan(1)
        expect(shown.length).toBeLessThanOrEqual(6)
        expect(axis.max).toBeGreaterThanOrEqual(10 ** power)
      }
  })
})

describe('timeTicks', () => {
  const at = Date.UTC(2026, 10, 20, 10, 17, 10)
  const tickLabels = (spanMs: number, width = 520) =>
    timeTicks({ fromAtMs: at - spanMs, toAtMs: at }, width, 'utc', 'en').map((tick) => tick.label)

  it('stand on round times', () => {
    expect(tickLabels(900_000)).toEqual(['10:04', '10:06', '10:08', '10:10', '10:12', '10:14', '10:16'])
    expect(tickLabels(60_000)).toContain('10:16:30')
  })

  it('name the day at midnight, days and months on long ranges', () => {
    expect(tickLabels(86_400_000)).toContain('20 Nov')
    expect(tickLabels(30 * 86_400_000).every((label) => /\d+ (Oct|Nov)/.test(label))).toBe(true)
    const year = tickLabels(365 * 86_400_000)
    expect(year).toContain('2026')
    expect(year).toContain('May')
  })

  it('never crowd, at any span and width', () => {
    for (const width of [200, 360, 520, 1_300])
      for (let span = 5_000; span < 3 * 365 * 86_400_000; span *= 1.7)
        expect(tickLabels(span, width).length).toBeLessThanOrEqual(Math.ceil(width / 50))
  })

  it('end: a reversed or empty range has none', () => {
    expect(timeTicks({ fromAtMs: at, toAtMs: at }, 500, 'utc', 'en')).toEqual([])
  })
})

import { describe, expect, it } from 'vitest'
import {
  boundsOf,
  localTimeText,
  parseLocalTime,
  rangeFields,
  rangeFrom,
  settledBounds,
  steppedRange,
  stepOf,
  type TimeRange
} from './time-range.ts'

describe('ranges', () => {
  it('move with time when they are presets, and stand when they are fixed', () => {
    expect(boundsOf({ kind: 'preset', preset: 'live' }, 1_000_000)).toEqual({
      fromAtMs: 100_000,
      toAtMs: 1_000_000
    })
    expect(boundsOf({ kind: 'fixed', fromAtMs: 5, toAtMs: 9 }, 1_000_000)).toEqual({ fromAtMs: 5, toAtMs: 9 })
  })

  it('move by a pixel, and at most once a second', () => {
    expect(stepOf({ kind: 'preset', preset: 'live' }, 2_000)).toBe(1_000)
    expect(stepOf({ kind: 'preset', preset: 'year' }, 1_000)).toBe(31_536_000)
  })
})

describe('typed times', () => {
  it('are read in the zone of the window and come back the same', () => {
    const atMs = Date.UTC(2026, 10, 20, 10, 17)
    expect(parseLocalTime('2026-11-20 10:17', 'utc')).toBe(atMs)
    for (const zone of ['utc', 'local'] as const)
      expect(parseLocalTime(localTimeText(atMs, zone), zone)).toBe(atMs)
    expect(parseLocalTime('2026-11-20', 'utc')).toBe(Date.UTC(2026, 10, 20))
  })

  it.each(['', 'yesterday', '20.11.2026 10:00', '2026-02-31 10:00', '2026-11-20 25:00', '2026-11-20 10:61'])(
    'refuse “%s”',
    (text) => expect(parseLocalTime(text, 'utc')).toBeNull()
  )
})

describe('steps through time', () => {
  const HOUR = 3_600_000
  const NOW = Date.UTC(2026, 10, 20, 10)

  it('go one width earlier, and later again', () => {
    const earlier = steppedRange({ fromAtMs: NOW - HOUR, toAtMs: NOW }, -1, NOW)
    expect(earlier).toEqual({ kind: 'fixed', fromAtMs: NOW - 2 * HOUR, toAtMs: NOW - HOUR })
    const twice = steppedRange(boundsOf(earlier, NOW), -1, NOW)
    expect(steppedRange(boundsOf(twice, NOW), 1, NOW)).toEqual(earlier)
  })

  it('end in the present, and move with it where the width is that of a preset', () => {
    expect(steppedRange({ fromAtMs: NOW - 1.5 * HOUR, toAtMs: NOW - 0.5 * HOUR }, 1, NOW)).toEqual({
      kind: 'preset',
      preset: 'hour'
    })
    expect(steppedRange({ fromAtMs: NOW - 900, toAtMs: NOW - 100 }, 1, NOW)).toEqual({
      kind: 'fixed',
      fromAtMs: NOW - 800,
      toAtMs: NOW
    })
  })
})

describe('ranges in an address', () => {
  it.each<TimeRange>([
    { kind: 'preset', preset: 'week' },
    { kind: 'fixed', fromAtMs: 1_000, toAtMs: 2_000 }
  ])('come back as they were', (range) => {
    expect(rangeFrom(rangeFields(range))).toEqual(range)
  })

  it('are none when they are nonsense', () => {
    for (const fields of [
      {},
      { range: 'ever' },
      { from: '5', to: '4' },
      { from: '1e3', to: '2e3' },
      { from: ['1'], to: '2' },
      { from: '1' }
    ])
      expect(rangeFrom(fields)).toBeNull()
  })
})

it('asks a question about a moving span only now and then, always with the present in it', () => {
  const range: TimeRange = { kind: 'preset', preset: 'live' }
  const first = settledBounds(range, 1_000_001, 10_000)
  expect(first).toEqual({ fromAtMs: 110_000, toAtMs: 1_010_000 })
  expect(settledBounds(range, 1_009_999, 10_000)).toEqual(first)
  expect(settledBounds(range, 1_010_001, 10_000)).not.toEqual(first)
})

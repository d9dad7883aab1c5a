import { describe, expect, it } from 'vitest'
import { boundsOf, localTimeText, parseLocalTime, stepOf } from './time-range.ts'

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

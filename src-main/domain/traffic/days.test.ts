import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { daysOf, periodBefore, periodOf, spreadOverDays } from './days.ts'

const at = (text: string): number => Date.parse(text)

describe('a month that begins on a day of choice', () => {
  it.each([
    ['2026-11-28', 1, '2026-11-01', '2026-11-30'],
    ['2026-11-28', 28, '2026-11-28', '2026-12-27'],
    ['2026-11-27', 28, '2026-10-28', '2026-11-27'],
    ['2027-01-05', 15, '2026-12-15', '2027-01-14'],
    ['2028-02-29', 1, '2028-02-01', '2028-02-29'],
    ['2027-03-01', 28, '2027-02-28', '2027-03-27']
  ])('%s from day %i on', (day, resetDay, fromDay, toDay) => {
    expect(periodOf(day, resetDay)).toEqual({ fromDay, toDay })
  })

  it('the one before ends the day before', () => {
    expect(periodBefore({ fromDay: '2026-03-15', toDay: '2026-04-14' }, 15)).toEqual({
      fromDay: '2026-02-15',
      toDay: '2026-03-14'
    })
    expect(daysOf({ fromDay: '2026-02-27', toDay: '2026-03-02' })).toEqual([
      '2026-02-27',
      '2026-02-28',
      '2026-03-01',
      '2026-03-02'
    ])
  })
})

describe('spreading over days', () => {
  it('by the time that falls into each', () => {
    expect(spreadOverDays(at('2026-11-27T18:00:00Z'), at('2026-11-28T06:00:00Z'), 1_000, 'utc')).toEqual([
      { day: '2026-11-27', part: 500 },
      { day: '2026-11-28', part: 500 }
    ])
  })

  it('a clock that was set back: all at one moment', () => {
    const now = at('2026-11-28T06:00:00Z')
    expect(spreadOverDays(now + 3_600_000, now, 42, 'utc')).toEqual([{ day: '2026-11-28', part: 42 }])
  })

  it('the parts are the whole, none is negative, days ascend; in either zone', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: at('2020-01-01T00:00:00Z'), max: at('2030-01-01T00:00:00Z') }),
        fc.integer({ min: 0, max: 500 * 86_400_000 }),
        fc.integer({ min: 0, max: 2 ** 50 }),
        fc.constantFrom('utc' as const, 'local' as const),
        (from, span, total, zone) => {
          const parts = spreadOverDays(from, from + span, total, zone)
          expect(parts.reduce((sum, { part }) => sum + part, 0)).toBe(total)
          expect(parts.every(({ part }) => part >= 0)).toBe(true)
          const days = parts.map(({ day }) => day)
          expect(days).toEqual([...new Set(days)].sort())
        }
      ),
      { numRuns: 300 }
    )
  })
})

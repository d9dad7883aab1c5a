import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  calendarEdges,
  calendarSpan,
  duePeriods,
  firstDay,
  isoWeek,
  nextDueAt,
  reportFileName,
  spanBefore,
  wallClock
} from './calendar.ts'

const HOUR_MS = 3_600_000
const at = (text: string): number => Date.parse(text)
const formerZone = process.env['TZ']
beforeAll(() => (process.env['TZ'] = 'Europe/Berlin'))
afterAll(() => {
  if (formerZone === undefined) delete process.env['TZ']
  else process.env['TZ'] = formerZone
})

describe('periods', () => {
  it('a week begins on Monday, a month on its first, across the year', () => {
    expect(firstDay('weekly', '2026-11-29')).toBe('2026-11-23')
    expect(firstDay('weekly', '2026-11-23')).toBe('2026-11-23')
    expect(firstDay('monthly', '2026-02-28')).toBe('2026-02-01')
    const { fromAtMs, toAtMs } = calendarSpan('weekly', '2027-01-01', 'local')
    expect([fromAtMs, toAtMs]).toEqual([at('2026-12-27T23:00:00Z'), at('2027-01-03T23:00:00Z')])
    expect(isoWeek('2027-01-01')).toBe('2026-W53')
    expect(isoWeek('2026-01-01')).toBe('2026-W01')
  })

  it('days of 23 and 25 hours are as long as they are', () => {
    const lengthOf = (day: string): number => {
      const { fromAtMs, toAtMs } = calendarSpan('daily', day, 'local')
      return (toAtMs - fromAtMs) / HOUR_MS
    }
    expect(lengthOf('2026-03-29')).toBe(23)
    expect(lengthOf('2026-10-25')).toBe(25)
    const month = calendarSpan('monthly', '2026-10-01', 'local')
    const edges = calendarEdges(month, 'day', 'local')
    expect(edges).toHaveLength(32)
    expect((edges[25] ?? 0) - (edges[24] ?? 0)).toBe(25 * HOUR_MS)
    expect(calendarEdges(calendarSpan('daily', '2026-10-25', 'local'), HOUR_MS, 'local')).toHaveLength(26)
  })

  it('are compared with the one before; a running one with as much of it', () => {
    expect(spanBefore('monthly', calendarSpan('monthly', '2026-03-05', 'local'), 'local')).toEqual(
      calendarSpan('monthly', '2026-02-05', 'local')
    )
    const running = { fromAtMs: at('2026-11-22T23:00:00Z'), toAtMs: at('2026-11-25T11:00:00Z') }
    expect(spanBefore('weekly', running, 'local')).toEqual({
      fromAtMs: at('2026-11-15T23:00:00Z'),
      toAtMs: at('2026-11-18T11:00:00Z')
    })
    expect(spanBefore('range', { fromAtMs: 1_000, toAtMs: 3_000 }, 'utc')).toEqual({
      fromAtMs: 0,
      toAtMs: 1_000
    })
  })

  it('have names of files that sort by time', () => {
    const day = calendarSpan('daily', '2026-11-27', 'local')
    expect(reportFileName('daily', day, 'local')).toBe('virthelm-report-2026-11-27')
    expect(reportFileName('weekly', calendarSpan('weekly', '2026-11-27', 'local'), 'local')).toBe(
      'virthelm-report-2026-W48'
    )
    expect(reportFileName('range', day, 'local')).toBe('virthelm-report-2026-11-27-0000-to-2026-11-28-0000')
  })
})

describe('what is due', () => {
  const keys = (since: string, now: string, clock = '02:30'): string[] =>
    duePeriods('daily', clock, 'local', at(since), at(now)).map(({ key }) => key)

  it('is nothing before its time, and one period from then on, however often it is asked', () => {
    expect(keys('2026-11-27T12:00:00Z', '2026-11-28T01:29:59Z')).toEqual([])
    expect(keys('2026-11-27T12:00:00Z', '2026-11-28T01:30:00Z')).toEqual(['daily:2026-11-27'])
    expect(keys('2026-11-27T12:00:00Z', '2026-11-28T22:00:00Z')).toEqual(['daily:2026-11-27'])
  })

  it('is what was missed since it is wanted, and no more than a week of it', () => {
    expect(keys('2026-11-25T12:00:00Z', '2026-11-28T12:00:00Z')).toEqual([
      'daily:2026-11-25',
      'daily:2026-11-26',
      'daily:2026-11-27'
    ])
    expect(keys('2020-01-01T00:00:00Z', '2026-11-28T12:00:00Z')).toHaveLength(7)
  })

  it('comes once on the days on which the clocks change', () => {
    // 02:30 is left out on 29 March: it is 03:30 then. On 25 October it comes twice: the first counts.
    expect(wallClock('2026-03-29', '02:30', 'local')).toBe(at('2026-03-29T01:30:00Z'))
    expect(wallClock('2026-10-25', '02:30', 'local')).toBe(at('2026-10-25T00:30:00Z'))
    expect(keys('2026-10-24T12:00:00Z', '2026-10-25T00:30:00Z')).toEqual(['daily:2026-10-24'])
    expect(keys('2026-10-24T12:00:00Z', '2026-10-25T01:45:00Z')).toEqual(['daily:2026-10-24'])
    expect(keys('2026-03-28T12:00:00Z', '2026-03-29T01:29:59Z')).toEqual([])
    expect(keys('2026-03-28T12:00:00Z', '2026-03-29T01:30:00Z')).toEqual(['daily:2026-03-28'])
  })

  it('is told ahead', () => {
    expect(nextDueAt('daily', '07:00', 'local', at('2026-11-28T05:59:59Z'))).toBe(at('2026-11-28T06:00:00Z'))
    expect(nextDueAt('daily', '07:00', 'local', at('2026-11-28T06:00:00Z'))).toBe(at('2026-11-29T06:00:00Z'))
    expect(nextDueAt('weekly', '07:00', 'local', at('2026-11-28T06:00:00Z'))).toBe(at('2026-11-30T06:00:00Z'))
    expect(nextDueAt('monthly', '07:00', 'local', at('2026-11-01T06:00:00Z'))).toBe(
      at('2026-12-01T06:00:00Z')
    )
  })
})

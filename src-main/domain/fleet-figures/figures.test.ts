import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { busiestHourOfDay, ratioOf, wholeDays } from './figures.ts'

describe('the busiest hour of the day', () => {
  it('is that of the highest mean of all its samples, not of its means', () => {
    const hours = [
      { hour: 3, mean: 0.9, count: 10 },
      { hour: 3, mean: 0.1, count: 90 },
      { hour: 4, mean: 0.3, count: 100 },
      { hour: 5, mean: 0.3, count: 1 }
    ]
    expect(busiestHourOfDay(hours)).toBe(4)
    expect(busiestHourOfDay([])).toBeNull()
  })
})

describe('a share of parts', () => {
  it('counts each sample once, and is nothing of nothing', () => {
    expect(
      ratioOf([
        { count: 30, inside: 30 },
        { count: 90, inside: 0 }
      ])
    ).toBe(0.25)
    expect(ratioOf([{ count: 0, inside: 0 }])).toBeNull()
  })
})

describe('whole days', () => {
  let before: string | undefined
  beforeEach(() => {
    before = process.env['TZ']
    process.env['TZ'] = 'Europe/Berlin'
  })
  afterEach(() => {
    if (before === undefined) delete process.env['TZ']
    else process.env['TZ'] = before
  })
  const at = (text: string): number => new Date(text).getTime()

  it('begin and end at midnight, also where a day has 23 or 25 hours', () => {
    const spring = { fromAtMs: at('2026-03-28T00:00'), toAtMs: at('2026-03-30T00:00') }
    expect(spring.toAtMs - spring.fromAtMs).toBe(47 * 3_600_000)
    expect(wholeDays(spring, 'local', at('2026-06-01T00:00'))).toMatchObject({
      fromDay: '2026-03-28',
      toDay: '2026-03-29'
    })
    const autumn = { fromAtMs: at('2026-10-25T00:00'), toAtMs: at('2026-10-26T00:00') }
    expect(autumn.toAtMs - autumn.fromAtMs).toBe(25 * 3_600_000)
    expect(wholeDays(autumn, 'local', at('2026-11-01T00:00'))).toMatchObject({
      fromDay: '2026-10-25',
      toDay: '2026-10-25'
    })
    expect(wholeDays(autumn, 'utc', at('2026-11-01T00:00'))).toBeNull()
  })

  it('may end anywhere beyond the present, and nowhere else', () => {
    const range = { fromAtMs: at('2026-05-04T00:00'), toAtMs: at('2026-05-05T12:00') }
    expect(wholeDays(range, 'local', at('2026-05-05T11:59'))?.toDay).toBe('2026-05-05')
    expect(wholeDays(range, 'local', at('2026-05-05T12:01'))).toBeNull()
    expect(wholeDays({ ...range, fromAtMs: at('2026-05-04T00:01') }, 'local', 0)).toBeNull()
  })
})

import { describe, expect, it } from 'vitest'
import { addDays, periodOf } from './days.ts'
import { forecastPeriod } from './forecast.ts'

const period = periodOf('2026-11-20', 1)
const steady = (bytes: (day: string) => number, from = '2026-10-01'): Map<string, number> => {
  const totals = new Map<string, number>()
  for (let day = from; day < '2026-11-20'; day = addDays(day, 1)) totals.set(day, bytes(day))
  return totals
}

describe('what the month will be', () => {
  it('the same every day: thirty days of it', () => {
    const totals = steady(() => 10).set('2026-11-20', 5)
    expect(
      forecastPeriod(totals, { period, today: '2026-11-20', sinceDay: '2026-10-01', todayShare: 0.5 })
    ).toEqual({ totalBytes: 300, fromDays: 28 })
  })

  it('quiet week-ends stay quiet', () => {
    const bytes = (day: string): number =>
      [0, 6].includes(new Date(`${day}T00:00:00Z`).getUTCDay()) ? 1 : 10
    const forecast = forecastPeriod(steady(bytes).set('2026-11-20', 10), {
      period,
      today: '2026-11-20',
      sinceDay: '2026-10-01',
      todayShare: 1
    })
    let truth = 0
    for (let day = '2026-11-01'; day <= '2026-11-30'; day = addDays(day, 1)) truth += bytes(day)
    expect(forecast?.totalBytes).toBe(truth)
  })

  it('the day on which counting began is not a full one; before the first full day there is none', () => {
    const one = new Map([
      ['2026-11-19', 2],
      ['2026-11-20', 1]
    ])
    const at = (sinceDay: string) =>
      forecastPeriod(one, { period, today: '2026-11-20', sinceDay, todayShare: 0.5 })
    expect(at('2026-11-19')).toBeNull()
    expect(at('2026-11-18')).toEqual({ totalBytes: 3 + 1 + 20, fromDays: 1 })
  })
})

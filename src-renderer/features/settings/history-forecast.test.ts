import { HistoryUsage } from '#contract/history.ts'
import { Settings } from '#contract/settings.ts'
import { describe, expect, it } from 'vitest'
import { budgetEffect, forecastOf } from './history-forecast.ts'

const NOW_MS = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000
const MIB = 1024 ** 2
const { retention } = Settings.parse({})
/** 100 MiB of samples a day, kept for a week; 80 MiB of minutes for each day whose samples are gone. */
const usageAfter = (days: number): HistoryUsage => {
  const rawDays = Math.min(7, days)
  const minuteDays = days - rawDays
  const oldest = NOW_MS - days * DAY_MS
  return HistoryUsage.parse({
    fileBytes: rawDays * 100 * MIB + minuteDays * 80 * MIB + 8 * MIB,
    rawBytes: rawDays * 100 * MIB,
    freeBytes: 8 * MIB,
    budgetBytes: null,
    rawSamples: 1,
    oldestAtMs: { raw: NOW_MS - rawDays * DAY_MS, minute: oldest, hour: oldest, day: oldest }
  })
}

describe('the forecast of the history’s size', () => {
  it('keeps each level for its span, whatever there is today', () => {
    for (const days of [10, 40, 90])
      expect(forecastOf(usageAfter(days), retention, NOW_MS)?.yearBytes).toBeCloseTo(
        (7 * 100 + 83 * 80) * MIB,
        -3
      )
    // In the first week there are no minutes to go by yet.
    for (const days of [0.5, 2, 6])
      expect(forecastOf(usageAfter(days), retention, NOW_MS)?.yearBytes).toBeCloseTo(
        (7 * 100 + 83 * 100) * MIB,
        -3
      )
  })

  it('does not guess from the first hours, nor from nothing', () => {
    expect(forecastOf(usageAfter(0.1), retention, NOW_MS)).toBeNull()
    const empty = { ...usageAfter(1), oldestAtMs: { raw: null, minute: null, hour: null, day: null } }
    expect(forecastOf(empty, retention, NOW_MS)).toBeNull()
  })

  it('says what a budget takes away: minutes first, then samples', () => {
    const forecast = forecastOf(usageAfter(20), retention, NOW_MS)
    if (forecast === null) throw new Error('no forecast')
    expect(budgetEffect(forecast, retention, 8_000 * MIB)).toEqual({ kind: 'fits' })
    const fewerMinutes = budgetEffect(forecast, retention, 1_500 * MIB)
    expect(fewerMinutes).toMatchObject({ kind: 'fewerMinutes', wantedDays: 90 })
    expect(fewerMinutes.kind === 'fits' ? 0 : fewerMinutes.days).toBeCloseTo(17)
    const fewerSamples = budgetEffect(forecast, retention, 200 * MIB)
    expect(fewerSamples).toMatchObject({ kind: 'fewerSamples', wantedDays: 7 })
    expect(fewerSamples.kind === 'fits' ? 0 : fewerSamples.days).toBeCloseTo(2)
  })
})

import { HistoryUsage } from '#contract/history.ts'
import { Settings } from '#contract/settings.ts'
import { describe, expect, it } from 'vitest'
import { budgetEffect, forecastOf } from './history-forecast.ts'

const NOW_MS = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000
const MIB = 1024 ** 2
const { retention } = Settings.parse({})
/** 100 MiB of samples and 5 MiB of means a day, for `days`. */
const usageAfter = (days: number): HistoryUsage =>
  HistoryUsage.parse({
    fileBytes: days * 105 * MIB + 8 * MIB,
    rawBytes: days * 100 * MIB,
    freeBytes: 8 * MIB,
    budgetBytes: null,
    rawSamples: 1,
    oldestAtMs: {
      raw: NOW_MS - days * DAY_MS,
      minute: NOW_MS - days * DAY_MS,
      hour: NOW_MS - days * DAY_MS,
      day: null
    }
  })

describe('the forecast of the history’s size', () => {
  it('keeps each level for its span, whatever there is today', () => {
    for (const days of [0.5, 2, 6]) {
      const forecast = forecastOf(usageAfter(days), retention, NOW_MS)
      expect(forecast?.yearBytes).toBeCloseTo((7 * 100 + 90 * 5) * MIB, -3)
    }
  })

  it('does not guess from the first hours, nor from nothing', () => {
    expect(forecastOf(usageAfter(0.1), retention, NOW_MS)).toBeNull()
    const empty = { ...usageAfter(1), oldestAtMs: { raw: null, minute: null, hour: null, day: null } }
    expect(forecastOf(empty, retention, NOW_MS)).toBeNull()
  })

  it('says what a budget takes away: samples first, then minutes', () => {
    const forecast = forecastOf(usageAfter(2), retention, NOW_MS)
    if (forecast === null) throw new Error('no forecast')
    expect(budgetEffect(forecast, retention, 1_150 * MIB)).toEqual({ kind: 'fits' })
    const fewerSamples = budgetEffect(forecast, retention, 650 * MIB)
    expect(fewerSamples).toMatchObject({ kind: 'fewerSamples', wantedDays: 7 })
    expect(fewerSamples.kind === 'fits' ? 0 : fewerSamples.days).toBeCloseTo(2)
    const fewerMinutes = budgetEffect(forecast, retention, 200 * MIB)
    expect(fewerMinutes).toMatchObject({ kind: 'fewerMinutes', wantedDays: 90 })
    expect(fewerMinutes.kind === 'fits' ? 0 : fewerMinutes.days).toBeCloseTo(40)
  })
})

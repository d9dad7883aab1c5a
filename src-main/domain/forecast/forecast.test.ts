import { describe, expect, it } from 'vitest'
import type { Series } from './bins.ts'
import { dailyProfile } from './daily-profile.ts'
import { forecast, type ForecastQuestion } from './forecast.ts'

const MINUTE_MS = 60_000
const NOW_MS = 1_764_288_000_000

/** A value a minute up to now, from a rule by minutes before now (negative). */
function series(minutes: number, valueAt: (minute: number) => number | null): Series {
  const places = Array.from({ length: minutes }, (_unused, index) => index - minutes)
  return { atMs: places.map((minute) => NOW_MS + minute * MINUTE_MS), values: places.map(valueAt) }
}

/** Repeatable noise of a standard deviation of about one. */
function noise(seed: number): () => number {
  let state = seed
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
}

const ask = (recent: Series, more: Partial<ForecastQuestion> = {}) =>
  forecast({ recent, threshold: 0.8, direction: 'above', nowMs: NOW_MS, horizonMs: 60 * MINUTE_MS, ...more })

describe('the forecast', () => {
  it('tells when a ramp passes the threshold, with a range around it', () => {
    const noisy = noise(7)
    const answer = ask(series(120, (minute) => 0.7 + (minute * 0.2) / 60 + noisy() * 0.01))
    expect(answer).toMatchObject({ kind: 'crosses', basis: 'trend' })
    if (answer.kind !== 'crosses') return
    const inMinutes = (atMs: number | null): number => ((atMs ?? 0) - NOW_MS) / MINUTE_MS
    expect(inMinutes(answer.atMs)).toBeGreaterThan(27)
    expect(inMinutes(answer.atMs)).toBeLessThan(33)
    expect(inMinutes(answer.earliestAtMs)).toBeLessThan(inMinutes(answer.atMs))
    expect(inMinutes(answer.latestAtMs)).toBeGreaterThan(inMinutes(answer.atMs))
    expect(answer.changePerHour).toBeCloseTo(0.2, 1)
  })

  it('works downwards too', () => {
    const free = series(120, (minute) => 0.3 - (minute * 0.2) / 60)
    expect(ask(free, { threshold: 0.2, direction: 'below' })).toMatchObject({ kind: 'crosses' })
    expect(ask(free, { threshold: 0.2, direction: 'above' })).toEqual({ kind: 'beyond' })
  })

  it('sees a trend that began a while ago, and not the flat time before it', () => {
    const answer = ask(series(120, (minute) => (minute < -40 ? 0.4 : 0.4 + ((minute + 40) * 0.4) / 60)))
    expect(answer).toMatchObject({ kind: 'crosses' })
    if (answer.kind === 'crosses') expect((answer.atMs - NOW_MS) / MINUTE_MS).toBeCloseTo(20, 0)
  })

  it('sees a rise without any noise for what it is, straight or bent', () => {
    // What is left of a perfect line is the dust of its rounding, which resembles its neighbours.
    expect(
      ask(series(120, (minute) => (minute < -80 ? 0.3 : 0.3 + ((minute + 80) * 0.25) / 60)))
    ).toMatchObject({ kind: 'crosses' })
    expect(ask(series(120, (minute) => 0.3 + 0.4 * ((minute + 120) / 120) ** 1.2))).toMatchObject({
      kind: 'crosses'
    })
  })

  it('takes a step for a new level, not for a trend', () => {
    expect(ask(series(120, (minute) => (minute < -60 ? 0.2 : 0.6)))).toEqual({ kind: 'stays' })
    expect(ask(series(120, (minute) => (minute < -10 ? 0.2 : 0.6)))).toEqual({
      kind: 'unknown',
      reason: 'justChanged'
    })
  })

  it('does not foretell from too little', () => {
    expect(ask(series(0, () => null))).toEqual({ kind: 'unknown', reason: 'tooFewValues' })
    expect(ask(series(120, (minute) => (minute < -10 ? null : 0.5 + minute / 100)))).toEqual({
      kind: 'unknown',
      reason: 'tooFewValues'
    })
  })

  it('warns at most once in twenty days of noise', () => {
    let warned = 0
    for (let day = 0; day < 20; day++) {
      const noisy = noise(1_000 + day)
      const values = Array.from({ length: 1_440 + 120 }, () => 0.4 + 0.02 * (day % 5) + noisy() * 0.05)
      let inRow = 0
      let isWarned = false
      for (let at = 120; at < values.length; at += 5) {
        const answer = ask(series(120, (minute) => values[at + minute] ?? null))
        inRow = answer.kind === 'crosses' ? inRow + 1 : 0
        isWarned ||= inRow >= 2
      }
      if (isWarned) warned++
    }
    expect(warned).toBeLessThanOrEqual(1)
  })

  it('knows what is usual at that time of day', () => {
    const usual = (minute: number, mean: number): number =>
      mean - 0.25 * Math.cos((2 * Math.PI * ((NOW_MS / MINUTE_MS + minute) % 1_440)) / 1_440)
    const days = (mean: number) => dailyProfile(series(7 * 1_440, (minute) => usual(minute, mean)))
    // The morning's rise, which ends below the threshold every day.
    const atNineMs = NOW_MS + 9 * 60 * MINUTE_MS
    const morning = (mean: number): Series => {
      const places = Array.from({ length: 120 }, (_unused, index) => 9 * 60 - 120 + index)
      return {
        atMs: places.map((minute) => NOW_MS + minute * MINUTE_MS),
        values: places.map((minute) => usual(minute, mean))
      }
    }
    expect(ask(morning(0.5), { nowMs: atNineMs, profile: days(0.5) })).toEqual({ kind: 'stays' })
    expect(ask(morning(0.6), { nowMs: atNineMs, profile: days(0.6) })).toMatchObject({
      kind: 'crosses',
      basis: 'timeOfDay'
    })
  })

  it('gives the same answer to the same question, in any order of asking', () => {
    const noisy = noise(3)
    const question = series(120, (minute) => 0.7 + minute / 600 + noisy() * 0.01)
    expect(ask(question)).toEqual(ask(question))
  })
})

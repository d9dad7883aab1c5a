import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR_MS, MINUTE_MS, normalNoise, START_MS } from '../../../test/fakes/alert-feed.ts'
import { forecast } from '../forecast/forecast.ts'
import type { Answers } from './alert-state.ts'
import { Foresight, spreadOf } from './foresight.ts'
import { isOutOfReach } from './out-of-reach.ts'
import { RecentSeries } from './recent-series.ts'

describe('recent values', () => {
  it('are means of equal spans, the newest of them, at their mean time', () => {
    const recent = new RecentSeries(2 * HOUR_MS)
    for (let second = 0; second < 4 * 3_600; second += 10) recent.add(START_MS + second * 1_000, second)
    const nowMs = START_MS + 4 * HOUR_MS - 1
    const { atMs, values } = recent.upTo(nowMs)
    expect(values).toHaveLength(120)
    // A minute's values: 0, 10 … 50 seconds after its begin.
    expect(values[0]).toBe(2 * 3_600 + 25)
    expect(atMs[0]).toBe(START_MS + 2 * HOUR_MS + 25_000)
    expect(values.at(-1)).toBe(4 * 3_600 - 35)
  })

  it('are rising in time, within the span and bounded, whatever the clock did', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -2 * HOUR_MS, max: 3 * HOUR_MS }), { maxLength: 300 }),
        (steps) => {
          const recent = new RecentSeries(HOUR_MS)
          let nowMs = START_MS
          for (const stepMs of steps) recent.add((nowMs += stepMs), 1)
          const { atMs, values } = recent.upTo(nowMs)
          expect(atMs).toEqual(atMs.toSorted((a, b) => a - b))
          expect(values.every((value) => value === 1)).toBe(true)
          expect(values.length).toBeLessThanOrEqual(120)
          for (const at of atMs) {
            expect(at).toBeLessThanOrEqual(nowMs)
            expect(at).toBeGreaterThan(nowMs - HOUR_MS - MINUTE_MS)
          }
        }
      ),
      { numRuns: 50 }
    )
  })
})

describe('what is out of reach', () => {
  // Rises that a trend could be seen in: bent, with steps, with holes, with noise; the threshold near the edge of reach.
  const shape = fc.record({
    seed: fc.integer({ min: 1, max: 10_000 }),
    noise: fc.constantFrom(0, 0.001, 0.02, 0.1),
    rise: fc.double({ min: 0, max: 1, noNaN: true }),
    power: fc.double({ min: 0.3, max: 6, noNaN: true }),
    holes: fc.constantFrom(0, 0, 0.3, 0.7),
    reach: fc.double({ min: 0.5, max: 100, noNaN: true }),
    direction: fc.constantFrom('above' as const, 'below' as const)
  })

  it('is never foretold', () => {
    let asked = 0
    fc.assert(
      fc.property(shape, ({ seed, noise, rise, power, holes, reach, direction }) => {
        const noisy = normalNoise(seed)
        const places = Array.from({ length: 120 }, (_unused, index) => index).filter(
          (index) => Math.abs(noisy()) > holes * 2 || index === 0
        )
        const sign = direction === 'above' ? 1 : -1
        const values = places.map((index) => sign * (rise * (index / 120) ** power + noisy() * noise))
        const recent = { atMs: places.map((index) => START_MS + index * MINUTE_MS), values }
        const nowMs = START_MS + 120 * MINUTE_MS
        const range = Math.max(...values) - Math.min(...values)
        const threshold =
          (direction === 'above' ? Math.max(...values) : Math.min(...values)) + sign * range * reach
        if (!isOutOfReach(recent, { threshold, direction, nowMs })) return
        asked++
        const said = forecast({ recent, threshold, direction, nowMs, horizonMs: 1_000 * HOUR_MS })
        expect(said.kind).not.toBe('crosses')
      }),
      { numRuns: 1_000 }
    )
    expect(asked).toBeGreaterThan(100)
  })
})

describe('foresight', () => {
  const question = { threshold: 0.8, direction: 'above' as const }

  it('asks each series once a minute, spread over it', () => {
    const turns = new Map<number, number>()
    for (let series = 0; series < 300; series++) {
      const foresight = new Foresight(HOUR_MS, `server-${series}`)
      const answers: Answers[] = []
      let turn: number | undefined
      for (let atMs = START_MS; atMs < START_MS + 5 * MINUTE_MS; atMs += 2_000) {
        foresight.ask(answers, question, atMs)
        if (turn !== undefined && answers[0]?.turn !== turn) {
          const phase = atMs % MINUTE_MS
          turns.set(phase, (turns.get(phase) ?? 0) + 1)
        }
        turn = answers[0]?.turn
      }
    }
    const counts = [...turns.values()]
    const asked = counts.reduce((sum, count) => sum + count, 0)
    expect(asked / 300).toBeGreaterThan(4)
    expect(asked / 300).toBeLessThanOrEqual(5)
    expect(turns.size).toBe(30)
    expect(Math.max(...counts)).toBeLessThan(100)
  })

  it('believes several answers, and ends a warning after many', () => {
    const foresight = new Foresight(HOUR_MS, 'one')
    const answers: Answers[] = []
    let atMs = START_MS
    const give = (minutes: number, valueAt: (minute: number) => number): boolean[] =>
      Array.from({ length: minutes }, (_unused, minute) => {
        atMs += MINUTE_MS
        foresight.add(atMs, valueAt(minute))
        return foresight.ask(answers, question, atMs) !== null
      })
    give(60, (minute) => 0.4 + 0.001 * (minute % 3))
    const rise = give(60, (minute) => 0.4 + minute * 0.005)
    const first = rise.indexOf(true)
    expect(first).toBeGreaterThan(2)
    expect(answers[0]).toMatchObject({ isWarning: true })
    expect(answers[0]?.crosses).toBeGreaterThanOrEqual(3)
    give(240, () => 0.6)
    expect(answers[0]).toMatchObject({ isWarning: false, crosses: 0 })
  })

  it('spreads texts evenly', () => {
    const buckets = Array.from({ length: 10 }, () => 0)
    for (let index = 0; index < 5_000; index++) {
      const bucket = Math.floor(spreadOf(`7f3c-${index}/cpu`) * 10)
      buckets[bucket] = (buckets[bucket] ?? 0) + 1
    }
    expect(Math.min(...buckets)).toBeGreaterThan(350)
  })
})

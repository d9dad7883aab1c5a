import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Backtest, type RuleWatch } from '#contract/alert-rules.ts'
import { condition, HOUR_MS, MINUTE_MS, normalNoise, START_MS } from '../../../test/fakes/alert-feed.ts'
import { backtest, type BacktestEntity, type BacktestRequest, type StoredSeries } from './backtest.ts'
import { drawn } from './backtest-drawing.ts'

const serverId = '5f0c1f6e-3d54-4c7e-9d6f-0a4a4f6f1e01' as BacktestEntity['entity']['serverId']
const watch: Extract<RuleWatch, { kind: 'metric' }> = {
  kind: 'metric',
  entityKind: 'mount',
  metric: 'usedRatio',
  pattern: ''
}
const TO_MS = START_MS + 24 * HOUR_MS

const entity = (key: string, different: Parameters<typeof condition>[0] = {}): BacktestEntity => ({
  entity: { serverId, kind: 'mount', key },
  label: key,
  condition: condition(different)
})

/** A value a minute from `fromMs` to the end of the range, by minutes after its begin. */
function minutes(valueAt: (minute: number) => number | undefined, fromMs = START_MS): StoredSeries {
  const [atMs, values]: [number[], number[]] = [[], []]
  for (let at = fromMs; at <= TO_MS; at += MINUTE_MS) {
    const value = valueAt((at - START_MS) / MINUTE_MS)
    if (value === undefined) continue
    atMs.push(at)
    values.push(value)
  }
  return { atMs, values, gaps: [] }
}

const tested = (
  stored: Record<string, StoredSeries>,
  different: Parameters<typeof condition>[0] = {},
  more: Partial<BacktestRequest> = {}
) =>
  backtest({
    watch,
    level: 'RED',
    fromAtMs: START_MS,
    toAtMs: TO_MS,
    storedEveryMs: MINUTE_MS,
    entities: Object.keys(stored).map((key) => entity(key, different)),
    read: async ({ label }) => stored[label] ?? { atMs: [], values: [], gaps: [] },
    pause: async () => undefined,
    onProgress: () => undefined,
    ...more
  })

const inMinutes = (atMs: number | null | undefined): number => ((atMs ?? NaN) - START_MS) / MINUTE_MS

describe('trying a rule on history', () => {
  it('tells each raise and recovery, and draws the entity with the most', async () => {
    const answer = await tested({
      '/': minutes((minute) => (minute % 480 >= 100 && minute % 480 < 130 ? 0.9 : 0.4)),
      '/srv': minutes(() => 0.5),
      '/gone': { atMs: [], values: [], gaps: [] }
    })
    expect(Backtest.parse(answer)).toEqual(answer)
    expect(answer).toMatchObject({ entities: 3, withValues: 2, leftOut: 0, medianLeadMs: null })
    expect(
      answer.raises.map(({ label, raisedAtMs, recoveredAtMs }) => [
        label,
        inMinutes(raisedAtMs),
        inMinutes(recoveredAtMs)
      ])
    ).toEqual([
      ['/', 101, 131],
      ['/', 581, 611],
      ['/', 1_061, 1_091]
    ])
    expect(answer.shown?.label).toBe('/')
    expect(answer.shown?.values).toContain(0.9)
  })

  it('judges the forecast: what came true and how long before, and what did not', async () => {
    const noise = normalNoise(3)
    const answer = await tested(
      {
        rises: minutes(
          (minute) => Math.min(0.95, 0.3 + (0.6 * Math.max(0, minute - 600)) / 150) + noise() * 0.005,
          START_MS - 2 * HOUR_MS
        ),
        ends: minutes(
          (minute) => Math.min(0.7, 0.3 + (0.6 * Math.max(0, minute - 600)) / 90) + noise() * 0.005
        )
      },
      { forecastWithinMs: HOUR_MS }
    )
    expect(answer).toMatchObject({ forecastsRight: 1, forecastsWrong: 1 })
    expect((answer.medianLeadMs ?? 0) / MINUTE_MS).toBeGreaterThan(30)
    const [wrong, right] = ['ends', 'rises'].map((label) =>
      answer.raises.filter((raise) => raise.label === label)
    )
    expect(wrong).toMatchObject([{ level: 'AMBER', cause: 'forecast', redAtMs: null }])
    expect(right).toMatchObject([{ level: 'AMBER', cause: 'forecast', recoveredAtMs: null }])
    expect(inMinutes(right?.[0]?.redAtMs)).toBeCloseTo(726, -1)
  })

  it('knows what is usual at that time of day', async () => {
    // From six to ten it rises to 75 % every day, and falls again in the evening.
    const daily = (minute: number): number => {
      const hour = (((minute % 1_440) + 1_440) % 1_440) / 60
      return 0.3 + 0.45 * Math.max(0, Math.min(1, (hour - 6) / 4, (22 - hour) / 4))
    }
    const days = { atMs: [] as number[], values: [] as number[] }
    for (let minute = -7 * 1_440; minute < 1_440; minute += 10) {
      days.atMs.push(START_MS + minute * MINUTE_MS)
      days.values.push(daily(minute))
    }
    const stored = minutes(daily, START_MS - 2 * HOUR_MS)
    const without = await tested({ a: stored }, { forecastWithinMs: HOUR_MS })
    const withDays = await tested({ a: { ...stored, days } }, { forecastWithinMs: HOUR_MS })
    expect(without.forecastsWrong).toBe(1)
    expect(withDays.raises).toEqual([])
  })

  it('tells silence of a server that was online, and none of one that was off', async () => {
    const silent = minutes((minute) => (minute > 300 && minute < 360 ? undefined : 0.4))
    const gap = { fromAtMs: START_MS + 300 * MINUTE_MS, toAtMs: START_MS + 360 * MINUTE_MS }
    const answer = await tested({ silent, off: { ...silent, gaps: [gap] } }, { noDataForMs: 10 * MINUTE_MS })
    expect(answer.raises).toMatchObject([{ label: 'silent', cause: 'noData' }])
    expect(inMinutes(answer.raises[0]?.raisedAtMs)).toBeCloseTo(310, -1)
    expect(inMinutes(answer.raises[0]?.recoveredAtMs)).toBe(360)
  })

  it('leaves others their turn within an entity, and ends when the pause is refused', async () => {
    let pauses = 0
    const values = { a: minutes(() => 0.4) }
    await tested(values, {}, { pause: async () => void pauses++ })
    expect(pauses).toBeGreaterThanOrEqual(7)
    const cancelled = new Error('cancelled')
    const done: number[] = []
    await expect(
      tested(values, {}, { pause: () => Promise.reject(cancelled), onProgress: (count) => done.push(count) })
    ).rejects.toBe(cancelled)
    expect(done).toEqual([0])
  })

  it('tells how many more than two thousand there were', async () => {
    const answer = await tested(
      Object.fromEntries(
        ['a', 'b', 'c', 'd'].map((key) => [key, minutes((minute) => (minute % 2 === 0 ? 0.9 : 0.1))])
      ),
      { forMs: 0, recoverForMs: 0, minSamples: 1 }
    )
    expect(answer.raises).toHaveLength(2_000)
    expect(answer.leftOut).toBe(4 * 721 - 2_000)
  })
})

describe('the drawing', () => {
  it('keeps the peak, shows gaps, and is never longer than allowed', () => {
    const range = { fromAtMs: START_MS, toAtMs: TO_MS, gapMs: 5 * MINUTE_MS, direction: 'above' as const }
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            after: fc.integer({ min: 1, max: 40_000 }),
            value: fc.option(fc.double({ min: 0, max: 1, noNaN: true }))
          }),
          { maxLength: 5_000 }
        ),
        (steps) => {
          let at = START_MS
          const atMs = steps.map(({ after }) => (at += after))
          const values = steps.map(({ value }) => value)
          const points = drawn({ atMs, values }, range)
          expect(points.atMs.length).toBe(points.values.length)
          expect(points.atMs.length).toBeLessThanOrEqual(2_000)
          expect(points.atMs).toEqual(points.atMs.toSorted((a, b) => a - b))
          const inRange = values.filter(
            (value, index) => value !== null && (atMs[index] ?? 0) <= TO_MS
          ) as number[]
          expect(Math.max(...(points.values.filter((value) => value !== null) as number[]))).toBe(
            Math.max(...inRange)
          )
        }
      ),
      { numRuns: 20 }
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  AlertFeed,
  condition,
  HOUR_MS,
  MINUTE_MS,
  normalNoise,
  SECOND_MS,
  START_MS
} from '../../../test/fakes/alert-feed.ts'
import { type AlertState, newAlertState } from './alert-state.ts'
import { endAlert, evaluate } from './evaluate.ts'
import { Foresight } from './foresight.ts'

const RAISED = 'raised RED threshold'
const RECOVERED = 'recovered recovered'
const calm = (): number => 0.3
const high = (): number => 0.9

describe('a threshold', () => {
  it('raises after its duration and recovers after its own, once each', () => {
    const feed = new AlertFeed()
    feed.giveFor(5 * MINUTE_MS, calm)
    const beganMs = feed.atMs
    feed.giveFor(10 * MINUTE_MS, high).giveFor(10 * MINUTE_MS, calm)
    expect(feed.words).toEqual([RAISED, RECOVERED])
    // First beyond one sample after the begin, and a minute from there.
    expect(feed.told[0]?.atMs).toBe(beganMs + 70 * SECOND_MS)
    expect(feed.told[1]?.atMs).toBe(beganMs + 10 * MINUTE_MS + 70 * SECOND_MS)
  })

  it.each([0, 1, 5])(
    'raises once for an hour between 0.79 and 0.81 around 0.8, with a duration of %i min',
    (minutes) => {
      for (let seed = 1; seed <= 20; seed++) {
        const noise = normalNoise(seed)
        const feed = new AlertFeed({ forMs: minutes * MINUTE_MS, minSamples: 1 })
        feed.giveFor(10 * MINUTE_MS, calm)
        feed.giveFor(HOUR_MS, () => Math.min(0.81, Math.max(0.79, 0.8 + noise() * 0.006)))
        expect(feed.words).toEqual([RAISED])
        feed.giveFor(10 * MINUTE_MS, () => 0.7)
        expect(feed.words).toEqual([RAISED, RECOVERED])
      }
    }
  )

  it('raises once for a slow swing of 79 to 81 %, and for steps of 79 and 81 %', () => {
    for (const wave of [
      (minute: number) => 0.8 + 0.01 * Math.sin((2 * Math.PI * minute) / 10),
      (minute: number) => (Math.round(minute * 6) % 2 === 0 ? 0.79 : 0.81)
    ]) {
      const feed = new AlertFeed({ forMs: 5 * MINUTE_MS })
      feed.giveFor(HOUR_MS, wave).giveFor(10 * MINUTE_MS, calm)
      expect(feed.words).toEqual([RAISED, RECOVERED])
    }
  })

  it('does not add up peaks between which it recovered, or that are much rarer than the duration', () => {
    const feed = new AlertFeed()
    feed.giveFor(HOUR_MS, (minute) => (minute % 1 < 0.5 ? 0.9 : 0.3))
    feed.giveFor(HOUR_MS, (minute) => (Math.round(minute * 6) % 15 === 0 ? 0.9 : 0.78))
    expect(feed.words).toEqual([])
  })

  it('does not wait for one value more as one came a few milliseconds early', () => {
    const feed = new AlertFeed({ forMs: 20 * SECOND_MS, recoverForMs: 20 * SECOND_MS, minSamples: 1 })
    feed.give(0.3)
    feed.jump(150)
    const lengths = [high, calm].map((value) => {
      const beganMs = feed.give(value()).length === 0 ? feed.atMs : 0
      // 19.7 s after the first.
      feed.jump(-300).give(value())
      feed.give(value())
      return (feed.told.at(-1)?.atMs ?? 0) - beganMs
    })
    expect(feed.words).toEqual([RAISED, RECOVERED])
    expect(lengths).toEqual([19_700, 19_700])
  })

  it('asks for the least number of samples', () => {
    const feed = new AlertFeed({ forMs: 0, minSamples: 3 })
    feed.give(0.9)
    feed.give(0.9)
    expect(feed.words).toEqual([])
    feed.give(0.9)
    expect(feed.words).toEqual([RAISED])
  })

  it('works downwards: healthy below 1, at once', () => {
    const feed = new AlertFeed({
      direction: 'below',
      threshold: 1,
      recoverAt: 1,
      forMs: 0,
      recoverForMs: 0,
      minSamples: 1
    })
    for (const value of [1, 0, 0, 1, 1]) feed.give(value)
    expect(feed.words).toEqual([RAISED, RECOVERED])
  })

  it('remembers the farthest value, also of the time before it was raised', () => {
    const feed = new AlertFeed()
    feed.give(0.99)
    feed.giveFor(3 * MINUTE_MS, () => 0.85)
    expect(feed.state.open).toMatchObject({ worst: 0.99, value: 0.85 })
  })

  it('ends for another reason, and may be raised anew then', () => {
    const feed = new AlertFeed().giveFor(2 * MINUTE_MS, high)
    feed.told.push(...endAlert(feed.state, feed.atMs, 'ruleChanged'))
    expect(endAlert(feed.state, feed.atMs, 'targetGone')).toEqual([])
    feed.giveFor(2 * MINUTE_MS, high)
    expect(feed.words).toEqual([RAISED, 'recovered ruleChanged', RAISED])
  })
})

describe('gaps and clocks', () => {
  it('counts no gap as beyond: neither a suspend nor a lost link', () => {
    const feed = new AlertFeed({ forMs: 5 * MINUTE_MS })
    feed
      .giveFor(2 * MINUTE_MS, high)
      .jump(8 * HOUR_MS)
      .giveFor(4 * MINUTE_MS, high)
    feed.giveFor(10 * MINUTE_MS, () => null, false).giveFor(4 * MINUTE_MS, high)
    expect(feed.words).toEqual([])
    feed.giveFor(2 * MINUTE_MS, high)
    expect(feed.words).toEqual([RAISED])
  })

  it('is not broken by a few samples that are missing', () => {
    const feed = new AlertFeed({ forMs: 5 * MINUTE_MS })
    feed.giveFor(6 * MINUTE_MS, (minute) => (Math.round(minute * 6) % 3 === 0 ? null : 0.9))
    expect(feed.words).toEqual([RAISED])
  })

  it('keeps an alert through eight hours of suspend: one that lasts is told once, one that is over recovers', () => {
    const lasting = new AlertFeed().giveFor(5 * MINUTE_MS, high)
    lasting.jump(8 * HOUR_MS).giveFor(10 * MINUTE_MS, high)
    expect(lasting.words).toEqual([RAISED])
    const over = new AlertFeed().giveFor(5 * MINUTE_MS, high)
    over.jump(8 * HOUR_MS).giveFor(10 * MINUTE_MS, calm)
    expect(over.words).toEqual([RAISED, RECOVERED])
  })

  it.each([HOUR_MS, -HOUR_MS])('is told once though the clock is set by %i ms', (byMs) => {
    // Whenever it is set: before the raise, while it lasts, while it recovers.
    for (const [before, during, after] of [
      [byMs, 0, 0],
      [0, byMs, 0],
      [0, 0, byMs]
    ] as const) {
      const feed = new AlertFeed().giveFor(5 * MINUTE_MS, calm)
      feed
        .giveFor(30 * SECOND_MS, high)
        .jump(before)
        .giveFor(5 * MINUTE_MS, high)
      feed.jump(during).giveFor(5 * MINUTE_MS, high)
      feed
        .giveFor(30 * SECOND_MS, calm)
        .jump(after)
        .giveFor(5 * MINUTE_MS, calm)
      expect(feed.words).toEqual([RAISED, RECOVERED])
      expect(feed.told[1]?.atMs).toBeGreaterThanOrEqual(feed.told[0]?.atMs ?? Infinity)
    }
  })

  it('is the same wherever the console is restarted', () => {
    const values = [
      ...Array<number>(20).fill(0.9),
      ...Array<number>(10).fill(0.78),
      ...Array<number>(15).fill(0.3),
      ...Array<number>(15).fill(0.9)
    ]
    const whole = new AlertFeed()
    for (const value of values) whole.give(value)
    expect(whole.words).toEqual([RAISED, RECOVERED, RAISED])
    for (let place = 0; place < values.length; place++) {
      const restarted = new AlertFeed()
      for (const [index, value] of values.entries()) {
        if (index === place) restarted.restart()
        restarted.give(value)
      }
      expect(restarted.told).toEqual(whole.told)
    }
  })
})

describe('no data', () => {
  const silent = (): null => null
  const quiet = { noDataForMs: 5 * MINUTE_MS }

  it('is told after its time while the server is online, and is over with the next value', () => {
    const feed = new AlertFeed(quiet).giveFor(MINUTE_MS, calm)
    feed.giveFor(5 * MINUTE_MS - 10 * SECOND_MS, silent)
    expect(feed.words).toEqual([])
    feed.giveFor(10 * MINUTE_MS, silent)
    expect(feed.words).toEqual(['raised RED noData'])
    feed.give(0.3)
    expect(feed.words).toEqual(['raised RED noData', RECOVERED])
  })

  it('is not told of a server that is off, nor of the time the console was closed, nor of what never spoke', () => {
    const off = new AlertFeed(quiet).giveFor(MINUTE_MS, calm).giveFor(HOUR_MS, silent, false)
    off.giveFor(4 * MINUTE_MS, silent)
    const asleep = new AlertFeed(quiet)
      .giveFor(MINUTE_MS, calm)
      .jump(8 * HOUR_MS)
      .giveFor(4 * MINUTE_MS, silent)
    const never = new AlertFeed(quiet).giveFor(HOUR_MS, silent)
    expect([...off.words, ...asleep.words, ...never.words]).toEqual([])
  })

  it('is no second alert beside one that lasts', () => {
    const feed = new AlertFeed(quiet).giveFor(5 * MINUTE_MS, high).giveFor(HOUR_MS, silent)
    expect(feed.words).toEqual([RAISED])
  })

  it('gives way to a value that is beyond, in one step', () => {
    const feed = new AlertFeed({ ...quiet, forMs: 0, minSamples: 1 }).giveFor(MINUTE_MS, calm)
    feed.giveFor(10 * MINUTE_MS, silent).give(0.9)
    expect(feed.words).toEqual(['raised RED noData', RECOVERED, RAISED])
  })

  it('waits for values that come rarely', () => {
    const feed = new AlertFeed(quiet, 30 * MINUTE_MS)
    feed.give(0.3)
    feed.give(null)
    expect(feed.words).toEqual([])
  })
})

describe('whatever comes', () => {
  const sample = fc.record({
    afterMs: fc.oneof(
      { weight: 12, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
      fc.integer({ min: -2 * HOUR_MS, max: 10 * HOUR_MS })
    ),
    value: fc.option(
      fc.oneof(fc.double({ min: 0, max: 1 }), fc.constantFrom(NaN, Infinity, 0.8, 0.75, 0.9, 0.3))
    ),
    isOnline: fc.boolean(),
    isRestart: fc.boolean()
  })
  const rule = fc.record({
    forMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }),
    recoverForMs: fc.integer({ min: 0, max: 2 * MINUTE_MS }),
    minSamples: fc.integer({ min: 1, max: 4 }),
    direction: fc.constantFrom('above' as const, 'below' as const),
    forecastWithinMs: fc.option(fc.constantFrom(5 * MINUTE_MS, 24 * HOUR_MS)),
    noDataForMs: fc.option(fc.constant(MINUTE_MS))
  })

  it('never raises twice without an end between, and remembers little', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 150 }), rule, (samples, different) => {
        const made = condition(different)
        const horizonMs = made.forecastWithinMs
        let state: AlertState = newAlertState()
        let atMs = START_MS
        let isOpen = false
        let lastMs = -Infinity
        const foresight = horizonMs === null ? null : new Foresight(horizonMs, 'any')
        for (const { afterMs, value, isOnline, isRestart } of samples) {
          atMs += afterMs
          if (isRestart) state = JSON.parse(JSON.stringify(state)) as AlertState
          for (const told of evaluate(
            state,
            { atMs, value, isOnline },
            { condition: made, level: 'RED', everyMs: 10_000, foresight }
          )) {
            expect(told.kind === 'raised').toBe(!isOpen)
            isOpen = told.kind !== 'recovered'
            if (told.kind === 'recovered') expect(told.atMs).toBeGreaterThanOrEqual(lastMs)
            lastMs = told.atMs
          }
          expect(state.open !== null).toBe(isOpen)
        }
        expect(JSON.stringify(state).length).toBeLessThan(1_500)
      }),
      { numRuns: 150 }
    )
  })

  it('recovers always, once it is good for long enough', () => {
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), rule, (samples, different) => {
        const feed = new AlertFeed({ ...different, direction: 'above', forecastWithinMs: null })
        for (const { afterMs, value, isOnline } of samples) feed.jump(afterMs - 10_000).give(value, isOnline)
        feed.giveFor(5 * MINUTE_MS, calm)
        expect(feed.state.open).toBeNull()
      }),
      { numRuns: 100 }
    )
  })
})

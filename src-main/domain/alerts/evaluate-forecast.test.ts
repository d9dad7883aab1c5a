import { describe, expect, it } from 'vitest'
import { AlertFeed, HOUR_MS, MINUTE_MS, normalNoise, SECOND_MS } from '../../../test/fakes/alert-feed.ts'

const RECOVERED = 'recovered recovered'
const calm = (): number => 0.3

describe('the forecast', () => {
  const AMBER = 'raised AMBER forecast'
  const foretelling = { forecastWithinMs: HOUR_MS, recoverForMs: 2 * MINUTE_MS }

  it.each([1, 2, 3, 4, 5, 6])(
    'warns of a ramp before it is there, then it is RED, without a flicker (%i)',
    (seed) => {
      const noise = normalNoise(seed)
      const feed = new AlertFeed(foretelling, 30 * SECOND_MS)
      feed.giveFor(2 * HOUR_MS, () => 0.3 + noise() * 0.01)
      const beganMs = feed.atMs
      // 0.3 to 0.95 within two hours: at 80 % after 92 minutes.
      feed.giveFor(2 * HOUR_MS, (minute) => 0.3 + (0.65 * minute) / 120 + noise() * 0.01)
      const crossedMs = beganMs + (0.5 / 0.65) * 2 * HOUR_MS
      expect(feed.words).toEqual([AMBER, 'reached RED threshold'])
      const [warned, red] = feed.told.map(({ atMs }) => atMs)
      expect((crossedMs - (warned ?? 0)) / MINUTE_MS).toBeGreaterThan(30)
      expect(Math.abs(crossedMs - (red ?? 0)) / MINUTE_MS).toBeLessThan(6)
      expect(feed.state.open).toMatchObject({ level: 'RED', cause: 'threshold', reachedAtMs: red })
      feed.giveFor(HOUR_MS, calm)
      expect(feed.words).toEqual([AMBER, 'reached RED threshold', RECOVERED])
    }
  )

  it('takes a warning back once, when the rise has ended below', () => {
    const noise = normalNoise(11)
    const feed = new AlertFeed(foretelling, 30 * SECOND_MS)
    feed.giveFor(HOUR_MS, () => 0.3 + noise() * 0.005)
    feed.giveFor(HOUR_MS, (minute) => 0.3 + (0.4 * minute) / 60 + noise() * 0.005)
    expect(feed.words).toEqual([AMBER])
    expect(feed.state.open?.forecast).toMatchObject({ basis: 'trend' })
    feed.giveFor(4 * HOUR_MS, () => 0.7 + noise() * 0.005)
    expect(feed.words).toEqual([AMBER, RECOVERED])
  })

  it('warns at most once of twenty noisy series in a day', { timeout: 60_000 }, () => {
    let warnings = 0
    for (let series = 0; series < 20; series++) {
      const noise = normalNoise(100 + series)
      const feed = new AlertFeed(foretelling, 30 * SECOND_MS)
      const [level, wide] = [0.3 + 0.02 * (series % 10), 0.02 + 0.01 * (series % 5)]
      feed.giveFor(24 * HOUR_MS, () => level + noise() * wide)
      warnings += feed.told.filter(({ kind }) => kind === 'raised').length
    }
    expect(warnings).toBeLessThanOrEqual(1)
  })

  it('sees a disk that fills within the hour though it is asked for a day', () => {
    const noise = normalNoise(5)
    const feed = new AlertFeed({ forecastWithinMs: 24 * HOUR_MS }, 30 * SECOND_MS)
    feed.giveFor(48 * HOUR_MS, () => 0.4 + noise() * 0.0001)
    feed.giveFor(50 * MINUTE_MS, (minute) => 0.4 + (0.45 * minute) / 50)
    expect(feed.words).toEqual([AMBER, 'reached RED threshold'])
  })

  it('does not take each whim of a wandering series for the way to its threshold', () => {
    const noise = normalNoise(503)
    let wander = 0
    const feed = new AlertFeed({ forecastWithinMs: 24 * HOUR_MS }, MINUTE_MS)
    feed.giveFor(5 * 24 * HOUR_MS, () => 0.45 + (wander = 0.98 * wander + noise() * 0.02))
    expect(feed.told.filter(({ kind }) => kind === 'raised').length).toBeLessThanOrEqual(5)
  })

  it('goes on after a restart with history to look at: no second warning, and its end is told', () => {
    const ramp = (minute: number): number => 0.3 + (0.5 * minute) / 120
    const feed = new AlertFeed(foretelling, 30 * SECOND_MS)
    feed.giveFor(HOUR_MS, calm).giveFor(80 * MINUTE_MS, ramp)
    expect(feed.words).toEqual([AMBER])
    feed.restart().giveFor(60 * MINUTE_MS, (minute) => ramp(80 + minute))
    expect(feed.words).toEqual([AMBER, 'reached RED threshold'])
  })
})

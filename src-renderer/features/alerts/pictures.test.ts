/** Small pictures and figures of alerts. */
import type { Alert } from '#contract/alerts.ts'
import type { Backtest } from '#contract/alert-rules.ts'
import { describe, expect, it } from 'vitest'
import { alertsOf } from '../../../test/fakes/engine-alert-list.ts'
import { makeServer, NINE_SERVERS } from '../../../test/fakes/engine-model.ts'
import { forecastLines, trendPicture, trendSpan } from './alert-trend.ts'
import { tallies, tallyFigure } from './alert-tally.ts'
import { backtestPicture, countsOf } from './backtest-picture.ts'

const NOW = 1_700_000_000_000
const HOUR = 3_600_000
const servers = NINE_SERVERS.map((plan, index) => makeServer(plan, index, NOW))
const alerts = alertsOf(servers, NOW)
const memory = alerts.find(({ preset }) => preset === 'memory') as Alert

describe('the forecast of an alert', () => {
  it('reaches the threshold when it says, at the earliest and at the latest', () => {
    const at = (atMs: number) => forecastLines(memory, NOW, atMs)
    expect(at(NOW + 2 * HOUR)?.mean[1]).toBeCloseTo(0.9)
    expect(at(NOW + 80 * 60_000)?.high[1]).toBeCloseTo(0.9)
    expect(at(NOW + 190 * 60_000)?.low[1]).toBeCloseTo(0.9)
  })
  it('stays where it is at the lower end when it may not come at all', () => {
    const disk = alerts.find(({ preset }) => preset === 'disk') as Alert
    expect(forecastLines(disk, NOW, NOW + 20 * HOUR)?.low).toEqual([0.812, 0.812])
  })
  it('is none once it is due, or over', () => {
    expect(forecastLines(memory, NOW + 3 * HOUR, NOW + 4 * HOUR)).toBeNull()
    expect(forecastLines({ ...memory, recoveredAtMs: NOW }, NOW, NOW + HOUR)).toBeNull()
  })
  it('is drawn with as much of the past as of what lies ahead', () => {
    const { fromAtMs, toAtMs } = trendSpan(memory, NOW)
    expect(NOW - fromAtMs).toBe(toAtMs - NOW)
    expect(toAtMs).toBeGreaterThan(NOW + 190 * 60_000)
  })
})

describe('the picture of a row', () => {
  it('lifts the pen at a gap, and closes each part down to the floor', () => {
    const points = { atMs: [0, 1, 2, 3, 4], values: [1, 2, null, 2, 1] }
    const { line, area, thresholdY } = trendPicture(points, { fromAtMs: 0, toAtMs: 4 }, 1.5, null, 40, 10)
    expect(line.match(/M/g)).toHaveLength(2)
    expect(area.match(/Z/g)).toHaveLength(2)
    expect(thresholdY).toBe(5)
  })
  it('is none without values', () => {
    expect(trendPicture({ atMs: [], values: [] }, { fromAtMs: 0, toAtMs: 1 }, null, null, 40, 10).line).toBe(
      ''
    )
  })
})

describe('tallies', () => {
  it('count what is not quiet, VMs with their server', () => {
    const { servers: byServer, vms } = tallies(alerts)
    const bravo = byServer.get(memory.serverId)
    expect(bravo).toMatchObject({ red: 1, amber: 1 })
    expect([...vms.values()]).toMatchObject([{ red: 1, amber: 0 }])
    const nas = alerts.find(({ quiet }) => quiet !== null)?.serverId as Alert['serverId']
    expect(byServer.get(nas)).toBeUndefined()
  })
  it('are the same objects while only values have changed', () => {
    const before = tallies(alerts)
    const after = tallies(
      alerts.map((alert) => ({ ...alert, value: 0.5 })),
      before
    )
    for (const [id, tally] of after.servers) expect(tally).toBe(before.servers.get(id))
  })
  it('say RED, or else AMBER, or nothing', () => {
    expect(tallyFigure({ red: 2, amber: 7 })).toEqual({ level: 'RED', count: 2 })
    expect(tallyFigure({ red: 0, amber: 7 })).toEqual({ level: 'AMBER', count: 7 })
    expect(tallyFigure({ red: 0, amber: 0 })).toBeNull()
  })
})

describe('the picture of a try on history', () => {
  const entity = { serverId: memory.serverId, kind: 'server' as const, key: '' }
  const raise = { entity, label: '', recoveredAtMs: null }
  const backtest: Backtest = {
    fromAtMs: 0,
    toAtMs: 100,
    entities: 2,
    withValues: 2,
    raises: [
      { ...raise, level: 'AMBER', cause: 'forecast', raisedAtMs: 10, redAtMs: 20, recoveredAtMs: 30 },
      { ...raise, level: 'AMBER', cause: 'forecast', raisedAtMs: 40, redAtMs: null, recoveredAtMs: 50 },
      { ...raise, level: 'RED', cause: 'threshold', raisedAtMs: 60, redAtMs: 60 },
      {
        ...raise,
        entity: { ...entity, kind: 'mount', key: '/' },
        level: 'RED',
        cause: 'threshold',
        raisedAtMs: 5,
        redAtMs: 5
      }
    ],
    leftOut: 0,
    forecastsRight: 1,
    forecastsWrong: 1,
    medianLeadMs: 10,
    shown: { entity, label: '', atMs: [0, 50, 100], values: [1, 2, 3] }
  }
  it('has a band per alert of the shown entity, AMBER until it came true', () => {
    expect(backtestPicture(backtest, 2, 100, 10).bands).toEqual([
      { level: 'AMBER', x: 10, width: 10 },
      { level: 'RED', x: 20, width: 10 },
      { level: 'AMBER', x: 40, width: 10 },
      { level: 'RED', x: 60, width: 40 }
    ])
  })
  it('tells warned ones apart from those that came without a warning', () => {
    expect(countsOf(backtest)).toEqual({ raises: 4, warned: 2, unwarned: 2 })
  })
})

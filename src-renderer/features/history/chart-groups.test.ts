import { describe, expect, it } from 'vitest'
import type { HistoryAnswer } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { chartGroups, groupData } from './chart-groups.ts'
import { choose, type SeriesId } from './choice.ts'
import { appendTick, byServer } from './series-data.ts'

const ALPHA = '11111111-1111-4111-8111-111111111111' as ServerId
const BRAVO = '22222222-2222-4222-8222-222222222222' as ServerId
const of = (serverId: ServerId, metric: string): SeriesId => ({
  entity: { serverId, kind: 'server', key: '' },
  metric
})
const groupsOf = (...metrics: string[]) =>
  chartGroups(
    choose(
      [],
      metrics.map((metric) => of(ALPHA, metric))
    )
  ).map(({ left, right, series }) => [left, right, series.map(({ metric }) => metric).join(' ')])

describe('chartGroups', () => {
  it('lets series of one unit share an axis', () => {
    expect(groupsOf('cpuUsedRatio', 'memoryUsedRatio')).toEqual([
      ['ratio', null, 'cpuUsedRatio memoryUsedRatio']
    ])
  })

  it('measures a second unit at the right, and gives each further one a chart of its own', () => {
    expect(
      groupsOf('cpuUsedRatio', 'netRxBytesPerSec', 'load1', 'memoryUsedRatio', 'diskReadBytesPerSec')
    ).toEqual([
      ['ratio', 'bitsPerSec', 'cpuUsedRatio netRxBytesPerSec memoryUsedRatio'],
      ['load', null, 'load1'],
      ['bytesPerSec', null, 'diskReadBytesPerSec']
    ])
  })

  it('has no chart for nothing', () => {
    expect(groupsOf()).toEqual([])
  })
})

describe('groupData', () => {
  const START = Date.UTC(2026, 10, 20, 10)
  const chosen = choose([], [of(ALPHA, 'cpuUsedRatio'), of(BRAVO, 'cpuUsedRatio')])
  /** Raw samples of two servers that tick at different times, as one answer holds them. */
  const answer: HistoryAnswer = {
    level: 'raw',
    bucketMs: 5_000,
    atMs: [START, START + 1_700, START + 5_000, START + 6_700],
    series: [
      { ...chosen[0], mean: [0.1, null, 0.2, null], min: [], max: [] },
      { ...chosen[1], mean: [null, 0.8, null, 0.9], min: [], max: [] }
    ].map(({ entity, metric, ...rest }) => ({
      entity: entity ?? of(ALPHA, '').entity,
      metric: metric ?? '',
      ...rest
    })),
    gaps: []
  }
  const [group] = chartGroups(chosen)
  const lines = (hidden = new Set<number>(), data = byServer(answer, [ALPHA, BRAVO])) =>
    group === undefined ? [] : groupData(group, data, hidden, ({ entity }) => entity.serverId).lines

  it('gives each line the times at which its own server was measured', () => {
    expect(lines().map(({ atMs, values }) => [atMs, values])).toEqual([
      [
        [START, START + 5_000],
        [0.1, 0.2]
      ],
      [
        [START + 1_700, START + 6_700],
        [0.8, 0.9]
      ]
    ])
  })

  it('leaves hidden lines out, and the colours of the others alone', () => {
    expect(lines(new Set([0])).map(({ colour }) => colour)).toEqual([1])
  })

  it('goes on live for the server that ticked, and leaves the other alone', () => {
    const data = byServer(answer, [ALPHA, BRAVO])
    const alpha = data.get(ALPHA)
    if (alpha === undefined) throw new Error('no data')
    appendTick(
      alpha,
      {
        serverId: ALPHA,
        atMs: START + 10_000,
        entities: [{ kind: 'server', key: '', values: { cpuUsedRatio: 0.3 } }]
      },
      START
    )
    expect(lines(new Set(), data).map(({ values }) => values)).toEqual([
      [0.1, 0.2, 0.3],
      [0.8, 0.9]
    ])
  })

  it('has a server in it of which there is nothing, so that it is not taken for one still being read', () => {
    expect(byServer({ ...answer, series: [] }, [ALPHA]).has(ALPHA)).toBe(true)
  })
})

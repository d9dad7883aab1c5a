import { describe, expect, it } from 'vitest'
import type { EntityInfo } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { ENTITY_KINDS, METRICS } from '#contract/metric-catalogue.ts'
import { allMetrics, estimate, whatOf, type ChosenMetrics } from './export-plan.ts'

const serverId = '00000000-0000-4000-8000-000000000001' as ServerId
const HOUR = 3_600_000
const info = (kind: EntityInfo['entity']['kind'], key: string, from = 0, to = 10 * HOUR): EntityInfo => ({
  entity: { serverId, kind, key },
  label: '',
  firstAtMs: from,
  lastAtMs: to
})

describe('what is chosen', () => {
  it('is all, some kinds whole, some metrics, or nothing', () => {
    const all = allMetrics()
    const none = Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, []])) as unknown as ChosenMetrics
    expect(whatOf(all)).toEqual({ by: 'all' })
    expect(whatOf({ ...none, vm: all.vm, disk: ['awaitMs'] })).toEqual({
      by: 'kinds',
      kinds: [
        { kind: 'disk', metrics: ['awaitMs'] },
        { kind: 'vm', metrics: null }
      ]
    })
    expect(whatOf(none)).toBeNull()
  })
})

describe('the estimate', () => {
  const servers = [
    {
      serverId,
      intervalMs: 5_000,
      entities: [info('server', ''), info('disk', 'vda'), info('disk', 'old', 0, 1)]
    }
  ]
  const range = { fromAtMs: HOUR, toAtMs: 2 * HOUR }
  const what = { by: 'all' } as const

  it('counts a row per sample and a column per metric of what was there in the range', () => {
    const metrics = Object.keys(METRICS.server).length + Object.keys(METRICS.disk).length
    const wide = estimate({ what, servers, ...range, level: 'raw', form: 'wide' })
    expect(wide).toMatchObject({ rows: 720, columns: metrics })
    const long = estimate({ what, servers, ...range, level: 'raw', form: 'long' })
    expect(long).toMatchObject({ rows: 720 * metrics, columns: 0 })
    expect(long.bytes).toBeGreaterThan(wide.bytes * 5)
  })

  it('counts three columns per metric of a rollup, and its slots once for all servers', () => {
    const series = [{ entity: { serverId, kind: 'server' as const, key: '' }, metrics: ['load1'] }]
    const twice = [...servers, ...servers]
    expect(
      estimate({ what: { by: 'series', series }, servers, ...range, level: 'minute', form: 'wide' })
    ).toMatchObject({ rows: 60, columns: 3 })
    expect(estimate({ what, servers: twice, ...range, level: 'minute', form: 'wide' }).rows).toBe(60)
    expect(estimate({ what, servers: twice, ...range, level: 'raw', form: 'wide' }).rows).toBe(1_440)
  })

  it('is nothing where nothing was measured', () => {
    expect(
      estimate({ what, servers, fromAtMs: 20 * HOUR, toAtMs: 21 * HOUR, level: 'raw', form: 'wide' })
    ).toEqual({ rows: 0, columns: 0, bytes: 0 })
  })
})

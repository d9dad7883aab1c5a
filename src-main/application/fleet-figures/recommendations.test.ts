import { describe, expect, it } from 'vitest'
import type { Recommendations } from '#contract/fleet-figures.ts'
import { Recommendations as Schema } from '#contract/fleet-figures.ts'
import type { ServerView } from '#contract/servers.ts'
import { FakeClock, settle } from '../../../test/fakes/engine-parts.ts'
import { makeServer, manyServers } from '../../../test/fakes/engine-model.ts'
import { BestServers, NO_ALERTS, type AlertLevels } from './recommendations.ts'

const GIB = 2 ** 30

function world(count: number, alerts: AlertLevels = NO_ALERTS) {
  const clock = new FakeClock()
  const views: ServerView[] = manyServers(count).map((plan, index) => {
    const { view } = makeServer(plan, index, clock.nowMs())
    return {
      ...view,
      presence: 'ON',
      connection: { kind: 'online', sinceAtMs: 0 },
      record: { ...view.record, name: `server-${index}`, lookOnly: false },
      capabilities: [{ id: 'libvirt', works: true, cause: null, fix: null }]
    }
  })
  const best = new BestServers({ views: () => views, alerts, clock })
  const tick = (index: number, values: Record<string, number>): void => {
    const serverId = views[index]?.record.id
    if (serverId === undefined) throw new Error('no such server')
    best.takeTick({ serverId, atMs: clock.nowMs(), entities: [{ kind: 'server', key: '', values }] })
  }
  const levels = (now: Recommendations): string[] => now.servers.map(({ level }) => level)
  return { clock, views, best, tick, levels }
}

const ROOMY = {
  cpuUsedRatio: 0.1,
  memoryUsedRatio: 0.2,
  memoryTotalBytes: 64 * GIB,
  diskUsedRatio: 0.3,
  swapUsedRatio: 0
}

describe('recommendations', () => {
  it('judge every server, and name the freest of those that have the thing', () => {
    const { best, tick, views } = world(4)
    tick(0, { ...ROOMY, cpuUsedRatio: 0.9 })
    tick(1, { ...ROOMY, gpuMemoryFreeBytes: 20 * GIB, gpuMemoryTotalBytes: 24 * GIB })
    tick(2, { ...ROOMY, memoryTotalBytes: 256 * GIB })
    const now = Schema.parse(best.now())
    expect(now.servers.map(({ level, reasons }) => [level, reasons[0]?.code])).toEqual([
      ['poor', 'cpuBusy'],
      ['good', 'gpuMemoryFree'],
      ['good', 'cpuFree'],
      ['poor', 'noValues']
    ])
    const ids = views.map(({ record }) => record.id)
    expect(now.byGpuMemory).toEqual([ids[1]])
    expect(now.byMemory).toEqual([ids[2], ids[1], ids[0]])
    expect(now.byCpu.at(-1)).toBe(ids[0])
  })

  it('follow the alerts, and are off where the operator has said so', () => {
    const { best, tick, views, levels } = world(4, {
      levelOf: (serverId) => (serverId === views_(0) ? 'red' : serverId === views_(1) ? 'amber' : null),
      inMaintenance: (serverId) => serverId === views_(2)
    })
    function views_(index: number): string | undefined {
      return views[index]?.record.id
    }
    for (const index of [0, 1, 2, 3]) tick(index, ROOMY)
    const last = views[3]
    if (last !== undefined) views[3] = { ...last, expectedOff: { action: 'shutDown', atMs: 0 } }
    const now = best.now()
    expect(levels(now)).toEqual(['poor', 'fair', 'poor', 'poor'])
    expect(now.servers.map(({ reasons }) => reasons[0]?.code)).toEqual([
      'alertRed',
      'alertAmber',
      'maintenance',
      'off'
    ])
  })

  it('come at once, then only when something has changed, every few seconds at most', async () => {
    const { best, tick, clock, levels } = world(1)
    const life = new AbortController()
    const seen: string[][] = []
    const reading = (async () => {
      for await (const now of best.watch(life.signal)) seen.push(levels(now))
    })()
    await settle()
    expect(seen).toEqual([['poor']])
    tick(0, ROOMY)
    await clock.advance(1_000)
    expect(seen).toHaveLength(1)
    await clock.advance(3_000)
    expect(seen).toEqual([['poor'], ['good']])
    await clock.advance(20_000)
    expect(seen).toHaveLength(2)
    life.abort()
    await reading
  })

  it('forget a server that was removed, and values that nobody brings any more', async () => {
    const { best, tick, clock, views, levels } = world(1)
    tick(0, ROOMY)
    expect(levels(best.now())).toEqual(['good'])
    await clock.advance(301_000)
    expect(levels(best.now())).toEqual(['poor'])
    const [view] = views.splice(0)
    if (view !== undefined) best.forget(view.record.id)
    await clock.advance(10_000)
    expect(best.now().servers).toEqual([])
  })
})

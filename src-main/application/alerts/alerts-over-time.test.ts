/** Sleep, clocks that are set, cables that are pulled, restarts in the middle of an alert. */
import { describe, expect, it } from 'vitest'
import type { AlertRule } from '#contract/alert-rules.ts'
import type { HistoryQuery } from '#contract/history.ts'
import { ruleOf } from '../../../test/fakes/alerts.ts'
import { AlertsWorld } from '../../../test/fakes/alerts-world.ts'
import type { LiveProcess } from '../../domain/processes/process.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const busy = (): Record<string, number> => ({ cpuUsedRatio: 0.95 })
const idle = (): Record<string, number> => ({ cpuUsedRatio: 0.1 })
const serverOff = (): AlertRule =>
  ruleOf({
    name: 'off',
    watch: { kind: 'serverOff' },
    condition: { forMs: MINUTE_MS, recoverForMs: 0 }
  })

async function worldOf(rules: readonly AlertRule[]): Promise<AlertsWorld> {
  const world = new AlertsWorld(rules)
  await world.open()
  return world
}

describe('a server that is off', () => {
  it('is told after a minute, with the reason, and recovers when it answers', async () => {
    const world = await worldOf([serverOff()])
    const [alpha, beta] = [world.add('alpha'), world.add('beta')]
    await world.tickFor(10_000, idle, { serverId: beta })
    world.lost(alpha, 'connectTimeout')
    await world.clock.advance(55_000)
    expect(world.teller.said).toEqual([])
    await world.clock.advance(20_000)
    expect(world.alerts.now().alerts[0]).toMatchObject({
      cause: 'serverOff',
      failureCode: 'connectTimeout',
      threshold: null,
      value: null
    })
    world.online(alpha)
    await world.clock.advance(10_000)
    expect(world.teller.said).toEqual(['raised RED alpha', 'recovered RED alpha recovered'])
  })

  it('because the operator said so is no alert, and ends one', async () => {
    const world = await worldOf([serverOff()])
    const [alpha, beta] = [world.add('alpha'), world.add('beta')]
    world.server(alpha).isExpectedOff = true
    world.lost(alpha, 'connectTimeout')
    await world.clock.advance(5 * MINUTE_MS)
    expect(world.teller.said).toEqual([])
    world.lost(beta, 'connectTimeout')
    world.online(alpha)
    await world.clock.advance(2 * MINUTE_MS)
    expect(world.teller.said).toEqual(['raised RED beta'])
    world.server(beta).isExpectedOff = true
    await world.clock.advance(10_000)
    expect(world.teller.said.slice(1)).toEqual(['recovered RED beta expectedOff'])
  })

  it('is no alert while it has never given a value, or while nobody looks at it', async () => {
    const world = await worldOf([serverOff()])
    const [alpha, beta] = [world.add('alpha'), world.add('beta', { collecting: false })]
    world.lost(alpha, 'connectTimeout')
    world.server(alpha).presence = 'EMPTY'
    world.lost(beta)
    await world.clock.advance(5 * MINUTE_MS)
    expect(world.teller.said).toEqual([])
  })
})

describe("the workstation's own network", () => {
  it('that is lost is one banner and no alert of a server; what stays away after it is', async () => {
    const world = await worldOf([serverOff()])
    const servers = ['alpha', 'beta', 'gamma'].map((name) => world.add(name))
    const [alpha, beta, gamma] = servers as [(typeof servers)[0], (typeof servers)[0], (typeof servers)[0]]
    await world.tickFor(10_000, idle, { serverId: alpha })
    const lostAtMs = world.clock.nowMs()
    for (const serverId of servers) {
      world.lost(serverId)
      await world.clock.advance(3_000)
    }
    await world.clock.advance(30 * MINUTE_MS)
    expect(world.teller.said).toEqual([])
    expect(world.alerts.now()).toMatchObject({
      alerts: [],
      ownNetworkLost: { sinceAtMs: lostAtMs }
    })
    world.online(alpha)
    world.online(beta)
    await world.clock.advance(50_000)
    expect(world.alerts.now().ownNetworkLost).toBeNull()
    expect(world.teller.said).toEqual([])
    await world.clock.advance(30_000)
    expect(world.teller.said).toEqual(['raised RED gamma'])
    expect(world.server(gamma).presence).toBe('OFF')
  })

  it('is there when servers refuse: then they are told', async () => {
    const world = await worldOf([serverOff()])
    const servers = ['alpha', 'beta'].map((name) => world.add(name))
    await world.clock.advance(10_000)
    for (const serverId of servers) world.lost(serverId, 'connectionRefused')
    await world.clock.advance(2 * MINUTE_MS)
    expect(world.alerts.now().ownNetworkLost).toBeNull()
    expect(world.teller.said).toEqual(['raised RED alpha', 'raised RED beta'])
  })

  it('after a sleep is not judged until somebody answers; a night is no long high value and no silence', async () => {
    const rule = ruleOf({ condition: { noDataForMs: 2 * MINUTE_MS } })
    const world = await worldOf([serverOff(), rule])
    const alpha = world.add('alpha')
    await world.tickFor(30_000, busy, { serverId: alpha })
    world.clock.suspend(8 * HOUR_MS)
    world.lost(alpha)
    await world.clock.advance(20_000)
    expect(world.alerts.now().ownNetworkLost).not.toBeNull()
    world.online(alpha)
    await world.tickFor(20_000, busy, { serverId: alpha })
    expect(world.alerts.now().ownNetworkLost).toBeNull()
    expect(world.teller.said).toEqual([])
    await world.tickFor(MINUTE_MS, busy, { serverId: alpha })
    expect(world.teller.said).toEqual(['raised RED alpha'])
  })
})

describe('a clock that is set', () => {
  it.each([
    ['forwards', 2 * HOUR_MS],
    ['back', -2 * HOUR_MS]
  ])('%s raises nothing by itself, ends nothing and repeats nothing', async (_where, stepMs) => {
    const rule = ruleOf({ condition: { noDataForMs: 5 * MINUTE_MS } })
    const world = await worldOf([rule, serverOff()])
    const [alpha, beta] = [world.add('alpha'), world.add('beta')]
    for (let turn = 0; turn < 24; turn++) {
      world.tick(beta, { cpuUsedRatio: turn < 22 ? 0.1 : 0.95 })
      await world.tickFor(5_000, busy, { serverId: alpha })
    }
    expect(world.teller.said).toEqual(['raised RED alpha'])
    world.clock.suspend(stepMs)
    for (let turn = 0; turn < 8; turn++) {
      world.tick(beta, busy())
      await world.tickFor(5_000, busy, { serverId: alpha })
    }
    expect(world.teller.said).toEqual(['raised RED alpha'])
    await world.tickFor(3 * MINUTE_MS, idle, { serverId: alpha })
    expect(world.teller.said.slice(1)).toContain('recovered RED alpha recovered')
    const ended = [...world.store.alerts.values()].find(({ alert }) => alert.serverName === 'alpha')?.alert
    expect(ended?.recoveredAtMs).toBeGreaterThanOrEqual(ended?.raisedAtMs ?? 0)
  })
})

describe('a restart in the middle of an alert', () => {
  it.each([false, true])('repeats nothing and loses no recovery (killed: %s)', async (killed) => {
    const world = await worldOf([ruleOf(), serverOff()])
    const [alpha, beta] = [world.add('alpha'), world.add('beta')]
    world.lost(beta, 'connectionRefused')
    await world.tickFor(2 * MINUTE_MS, busy, { serverId: alpha })
    expect(world.teller.said.toSorted()).toEqual(['raised RED alpha', 'raised RED beta'])
    await world.restart({ killed })
    expect(world.shown()).toHaveLength(2)
    await world.tickFor(3 * MINUTE_MS, busy, { serverId: alpha })
    expect(world.teller.said).toHaveLength(2)
    await world.restart({ killed })
    world.online(beta)
    await world.tickFor(3 * MINUTE_MS, idle, { serverId: alpha })
    expect(world.teller.said.slice(2).toSorted()).toEqual([
      'recovered RED alpha recovered',
      'recovered RED beta recovered'
    ])
    await world.restart({ killed })
    await world.tickFor(MINUTE_MS, idle, { serverId: alpha })
    expect([world.teller.said.length, world.shown()]).toEqual([4, []])
  })

  it('tells what was committed and not told, with the id that it would have had', async () => {
    const world = await worldOf([ruleOf()])
    const alpha = world.add('alpha')
    const ids: string[] = []
    // It takes the news and the console is killed before it can say so.
    const { raised } = world.teller
    world.teller.raised = (news) => {
      ids.push(news.newsId)
      return Promise.withResolvers<void>().promise
    }
    await world.tickFor(2 * MINUTE_MS, busy, { serverId: alpha })
    world.teller.raised = (news) => {
      ids.push(news.newsId)
      return raised(news)
    }
    await world.restart({ killed: true })
    await world.clock.advance(5_000)
    expect(world.teller.said).toEqual(['raised RED alpha'])
    expect(new Set(ids).size).toBe(1)
  })

  it('ends those whose rule or server went while it was closed', async () => {
    const rule = ruleOf()
    const world = await worldOf([rule])
    const [alpha, beta] = [world.add('alpha'), world.add('beta')]
    for (let turn = 0; turn < 24; turn++) {
      world.tick(beta, busy())
      await world.tickFor(5_000, busy, { serverId: alpha })
    }
    await world.alerts.close()
    world.played.delete(beta)
    await world.restart({ killed: true })
    await world.clock.advance(5_000)
    expect(world.teller.said.slice(2)).toEqual(['recovered RED beta targetGone'])
    world.store.rules.delete(rule.id)
    await world.restart()
    await world.clock.advance(5_000)
    expect(world.teller.said.slice(3)).toEqual(['recovered RED alpha ruleChanged'])
  })
})

describe('what is foretold', () => {
  const rule = ruleOf({ condition: { forecastWithinMs: HOUR_MS } })
  /** 0.3 at first, 0.8 after four hours, and on. */
  const ramp = (afterMs: number): Record<string, number> => ({
    cpuUsedRatio: Math.min(0.95, 0.3 + (0.5 * afterMs) / (4 * HOUR_MS))
  })

  it('is AMBER first, then RED, told as two news of one alert', async () => {
    const world = await worldOf([rule])
    const alpha = world.add('alpha')
    await world.tickFor(3.9 * HOUR_MS, ramp, { serverId: alpha })
    expect(world.teller.said).toEqual(['raised AMBER alpha'])
    const [amber] = world.alerts.now().alerts
    expect(amber).toMatchObject({ level: 'AMBER', cause: 'forecast', redAtMs: null })
    expect(amber?.forecast?.atMs).toBeGreaterThan(world.clock.nowMs())
    await world.alerts.acknowledge(amber!.id, 'seen')
    await world.restart({ killed: true })
    await world.tickFor(20 * MINUTE_MS, (afterMs) => ramp(3.9 * HOUR_MS + afterMs), { serverId: alpha })
    expect(world.teller.said).toEqual(['raised AMBER alpha', 'escalated RED alpha'])
    expect(world.alerts.now().alerts[0]).toMatchObject({
      id: amber?.id,
      level: 'RED',
      cause: 'threshold',
      acknowledged: null
    })
    expect(world.marks.map(({ kind }) => kind)).toEqual(['alertRaised', 'alertRaised'])
  })

  it('is remembered from the history after a start', async () => {
    const world = await worldOf([rule])
    const alpha = world.add('alpha')
    const asked: HistoryQuery[] = []
    world.history = {
      read: async (query) => {
        asked.push(query)
        const [series] = query.series
        if (series === undefined) throw new Error('nothing asked')
        const stepMs = (query.toAtMs - query.fromAtMs) / 240
        const atMs = Array.from({ length: 240 }, (_, slot) => Math.round(query.fromAtMs + slot * stepMs))
        const mean = atMs.map((at) => 0.75 - (0.125 * (query.toAtMs - at)) / HOUR_MS)
        return {
          level: 'minute',
          bucketMs: stepMs,
          atMs,
          gaps: [],
          series: [{ entity: series.entity, metric: 'cpuUsedRatio', mean, min: [], max: [] }]
        }
      }
    }
    await world.tickFor(5 * MINUTE_MS, (afterMs) => ({ cpuUsedRatio: 0.75 + (0.125 * afterMs) / HOUR_MS }), {
      serverId: alpha
    })
    expect(asked).toHaveLength(2)
    expect(world.teller.said).toEqual(['raised AMBER alpha'])
  })
})

describe('a process', () => {
  const rule = ruleOf({
    watch: { kind: 'process', measure: 'cpuUsedRatio', pattern: '' },
    condition: { forMs: 20_000, minSamples: 2, recoverForMs: 20_000 }
  })
  const processOf = (pid: number, cpuRatio: number): LiveProcess =>
    ({
      pid,
      startTicks: pid * 10,
      name: `work${pid}`,
      user: 'root',
      commandLine: '',
      cpuRatio,
      memoryRatio: 0
    }) as LiveProcess

  it('is named, recovers when it calms down or is gone, also over a restart', async () => {
    const world = await worldOf([rule])
    const alpha = world.add('alpha')
    const read = async (turns: number, processes: readonly LiveProcess[]): Promise<void> => {
      for (let turn = 0; turn < turns; turn++) {
        world.alerts.takeProcesses(alpha, { atMs: world.clock.nowMs(), processes })
        await world.clock.advance(10_000)
      }
    }
    await read(4, [processOf(1, 1), processOf(2, 0.9), processOf(3, 0.1)])
    expect(world.teller.said).toEqual(['raised RED alpha work1', 'raised RED alpha work2'])
    expect(
      world.alerts
        .now()
        .alerts.map(({ process }) => process?.pid)
        .toSorted()
    ).toEqual([1, 2])
    await world.restart({ killed: true })
    await read(3, [processOf(1, 1), processOf(2, 0.9), processOf(3, 0.1)])
    expect(world.teller.said).toHaveLength(2)
    await world.restart({ killed: true })
    await read(6, [processOf(2, 0.2), processOf(3, 0.1)])
    expect(world.teller.said.slice(2)).toEqual([
      'recovered RED alpha work1 targetGone',
      'recovered RED alpha work2 recovered'
    ])
  })
})

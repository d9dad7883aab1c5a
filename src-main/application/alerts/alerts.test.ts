import { describe, expect, it } from 'vitest'
import type { AlertRule } from '#contract/alert-rules.ts'
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import { ruleOf } from '../../../test/fakes/alerts.ts'
import { AlertsWorld } from '../../../test/fakes/alerts-world.ts'

const MINUTE_MS = 60_000
const vm = (digit: number): VmUuid => `00000000-0000-4000-8000-00000000000${digit}` as VmUuid
const busy = (): Record<string, number> => ({ cpuUsedRatio: 0.95 })
const idle = (): Record<string, number> => ({ cpuUsedRatio: 0.1 })

async function worldOf(rules: readonly AlertRule[]): Promise<AlertsWorld> {
  const world = new AlertsWorld(rules)
  await world.open()
  return world
}

/** RED and told. */
async function raisedWorld(rule = ruleOf()) {
  const world = await worldOf([rule])
  const serverId = world.add('alpha')
  await world.tickFor(2 * MINUTE_MS, busy, { serverId })
  expect(world.teller.said).toEqual(['raised RED alpha'])
  return { world, serverId, rule }
}

describe('an alert of a metric', () => {
  it('is raised, committed and told once, and recovers once', async () => {
    const { world, serverId } = await raisedWorld()
    expect(world.alerts.now()).toMatchObject({ counts: { red: 1, amber: 0 }, ownNetworkLost: null })
    expect(world.alerts.now().alerts[0]).toMatchObject({
      level: 'RED',
      cause: 'threshold',
      threshold: 0.8,
      value: 0.95,
      worst: 0.95,
      forMs: MINUTE_MS,
      entity: { serverId, kind: 'server', key: '' },
      label: ''
    })
    await world.tickFor(3 * MINUTE_MS, idle, { serverId })
    expect(world.teller.said).toEqual(['raised RED alpha', 'recovered RED alpha recovered'])
    expect(world.alerts.now().alerts).toEqual([])
    expect(world.marks.map(({ kind }) => kind)).toEqual(['alertRaised', 'alertRecovered'])
    const [kept] = world.store.alerts.values()
    expect(kept).toMatchObject({ told: { ended: true }, alert: { ended: 'recovered', worst: 0.95 } })
  })

  it('is on the disk before it is told', async () => {
    const world = await worldOf([ruleOf()])
    const serverId = world.add('alpha')
    const { raised } = world.teller
    let onDisk = 0
    world.teller.raised = (news) => {
      onDisk = [...world.store.alerts.values()].filter(({ alert }) => alert.id === news.alert.id).length
      return raised(news)
    }
    await world.tickFor(2 * MINUTE_MS, busy, { serverId })
    expect([world.teller.said.length, onDisk]).toEqual([1, 1])
  })

  it('is told all the same when the disk is full, and kept once there is room', async () => {
    const world = await worldOf([ruleOf()])
    const serverId = world.add('alpha')
    world.store.full = true
    await world.tickFor(2 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said).toEqual(['raised RED alpha'])
    expect(world.store.alerts.size).toBe(0)
    world.store.full = false
    await world.clock.advance(10_000)
    expect(world.store.alerts.size).toBe(1)
  })

  it('is told with the next check when its teller could not take it, or did not answer in time', async () => {
    const world = await worldOf([ruleOf()])
    const serverId = world.add('alpha')
    world.teller.failure = new AppError('diskFull')
    await world.tickFor(2 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said).toEqual([])
    world.teller.failure = null
    await world.clock.advance(10_000)
    expect(world.teller.said).toEqual(['raised RED alpha'])
  })

  it('ends when its rule is changed, and when its rule is removed', async () => {
    const { world, serverId, rule } = await raisedWorld()
    await world.alerts.rules.save(rule.id, {
      ...rule,
      condition: { ...rule.condition, threshold: 0.9, recoverAt: 0.85 }
    })
    await world.tickFor(2 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said.slice(1)).toEqual(['recovered RED alpha ruleChanged', 'raised RED alpha'])
    await world.alerts.removeRule(rule.id)
    await world.clock.advance(5_000)
    expect(world.teller.said.slice(3)).toEqual(['recovered RED alpha ruleChanged'])
  })

  it('goes on when only the name of its rule is changed', async () => {
    const { world, rule } = await raisedWorld()
    await world.alerts.rules.save(rule.id, { ...rule, name: 'another' })
    await world.clock.advance(10_000)
    expect(world.teller.said).toHaveLength(1)
    expect(world.shown()).toHaveLength(1)
  })

  it('follows the tags of its server: one that no longer fits ends it', async () => {
    const rule = ruleOf({ scopes: [{ kind: 'tag', tag: 'prod' }] })
    const world = await worldOf([rule])
    const serverId = world.add('alpha', { tags: ['prod'] })
    const other = world.add('beta')
    for (let turn = 0; turn < 30; turn++) {
      world.tick(other, busy())
      await world.tickFor(5_000, busy, { serverId })
    }
    expect(world.teller.said).toEqual(['raised RED alpha'])
    world.edit(serverId, { tags: [] })
    await world.clock.advance(5_000)
    expect(world.teller.said.slice(1)).toEqual(['recovered RED alpha ruleChanged'])
  })

  it('ends when its server is removed, or when nobody is to look at it any more', async () => {
    const first = await raisedWorld()
    first.world.remove(first.serverId)
    await first.world.clock.advance(5_000)
    expect(first.world.teller.said.slice(1)).toEqual(['recovered RED alpha targetGone'])
    const second = await raisedWorld()
    second.world.edit(second.serverId, { collecting: false })
    await second.world.clock.advance(5_000)
    expect(second.world.teller.said.slice(1)).toEqual(['recovered RED alpha targetGone'])
  })

  it('ends when its mount is gone while others go on', async () => {
    const watch = { kind: 'metric', entityKind: 'mount', metric: 'usedRatio', pattern: '/data*' } as const
    const world = await worldOf([ruleOf({ watch })])
    const serverId = world.add('alpha')
    const root = (): void => world.tick(serverId, { usedRatio: 0.5 }, 'mount', '/')
    for (let turn = 0; turn < 6; turn++) {
      root()
      world.tick(serverId, { usedRatio: 0.99 }, 'mount', '/data')
      await world.clock.advance(30_000)
    }
    expect(world.teller.said).toEqual(['raised RED alpha /data'])
    for (let turn = 0; turn < 8; turn++) {
      root()
      await world.clock.advance(30_000)
    }
    expect(world.teller.said.slice(1)).toEqual(['recovered RED alpha /data targetGone'])
  })

  it('of a silent server that is online is raised, of one that is off not', async () => {
    const rule = ruleOf({ condition: { noDataForMs: 2 * MINUTE_MS } })
    const world = await worldOf([rule])
    const serverId = world.add('alpha')
    await world.tickFor(MINUTE_MS, idle, { serverId })
    world.lost(serverId)
    await world.clock.advance(10 * MINUTE_MS)
    expect(world.teller.said).toEqual([])
    world.online(serverId)
    await world.clock.advance(3 * MINUTE_MS)
    expect(world.shown()).toEqual(['RED noData alpha'])
    await world.tickFor(10_000, idle, { serverId })
    expect(world.teller.said).toEqual(['raised RED alpha', 'recovered RED alpha recovered'])
  })
})

describe('a VM', () => {
  const watch = { kind: 'metric', entityKind: 'vm', metric: 'cpuUsedRatio', pattern: '' } as const

  it('keeps its alert when it moves to another server', async () => {
    const world = await worldOf([ruleOf({ watch })])
    const [here, there] = [world.add('alpha'), world.add('beta')]
    world.machine(here, vm(1))
    await world.tickFor(2 * MINUTE_MS, busy, { serverId: here, kind: 'vm', key: vm(1) })
    world.machine(there, vm(1), { state: 'paused' })
    await world.tickFor(30_000, busy, { serverId: here, kind: 'vm', key: vm(1) })
    world.machine(here, vm(1), { state: 'shutOff' })
    world.machine(there, vm(1))
    await world.tickFor(MINUTE_MS, busy, { serverId: there, kind: 'vm', key: vm(1) })
    expect(world.teller.said).toEqual(['raised RED alpha'])
    expect(world.alerts.now().alerts[0]).toMatchObject({ serverId: there, vmUuid: vm(1), vmName: 'vm1' })
    await world.tickFor(3 * MINUTE_MS, idle, { serverId: there, kind: 'vm', key: vm(1) })
    expect(world.teller.said).toHaveLength(2)
  })

  it('that is switched off is no longer busy; one that is deleted is gone', async () => {
    const world = await worldOf([ruleOf({ watch })])
    const serverId = world.add('alpha')
    world.machine(serverId, vm(1))
    world.machine(serverId, vm(2))
    for (let turn = 0; turn < 24; turn++) {
      world.tick(serverId, busy(), 'vm', vm(1))
      await world.tickFor(5_000, busy, { serverId, kind: 'vm', key: vm(2) })
    }
    expect(world.teller.said).toHaveLength(2)
    world.machine(serverId, vm(1), { state: 'shutOff' })
    await world.clock.advance(5_000)
    expect(world.teller.said.slice(2)).toEqual(['recovered RED alpha recovered'])
    world.server(serverId).machines = []
    await world.clock.advance(MINUTE_MS)
    expect(world.teller.said.slice(3)).toEqual(['recovered RED alpha targetGone'])
  })

  it('that hangs is told, and recovers when it answers', async () => {
    const rule = ruleOf({ watch: { kind: 'vmNotResponding' } })
    const world = await worldOf([rule])
    const serverId = world.add('alpha')
    world.machine(serverId, vm(1), { notRespondingSinceAtMs: world.clock.nowMs() })
    await world.clock.advance(50_000)
    expect(world.teller.said).toEqual([])
    await world.clock.advance(30_000)
    expect(world.shown()).toEqual(['RED vmNotResponding alpha'])
    world.machine(serverId, vm(1))
    await world.clock.advance(2 * MINUTE_MS)
    expect(world.teller.said).toEqual(['raised RED alpha', 'recovered RED alpha recovered'])
  })

  it('that is off is news only when it ran and nobody here asked it to stop; also after a restart', async () => {
    const condition = { forMs: 0, recoverForMs: 0 }
    const world = await worldOf([ruleOf({ watch: { kind: 'vmOff' }, condition })])
    const serverId = world.add('alpha')
    world.machine(serverId, vm(1), { state: 'shutOff' })
    for (const digit of [2, 3, 4]) world.machine(serverId, vm(digit))
    await world.clock.advance(2 * MINUTE_MS)
    await world.restart()
    world.alerts.takeOperation({
      id: 1,
      atMs: world.clock.nowMs(),
      serverId,
      serverName: 'alpha',
      vmUuid: vm(2),
      vmName: 'vm2',
      action: 'machine.shutDown',
      command: '',
      outcome: 'pending',
      exitCode: null,
      stderr: '',
      durationMs: null
    })
    await world.clock.advance(20_000)
    world.machine(serverId, vm(2), { state: 'shutOff' })
    world.machine(serverId, vm(3), { state: 'crashed' })
    await world.clock.advance(20_000)
    expect(world.alerts.now().alerts.map(({ vmName }) => vmName)).toEqual(['vm3'])
    world.machine(serverId, vm(3))
    await world.clock.advance(20_000)
    expect(world.alerts.now().alerts).toEqual([])
  })
})

describe('what the operator says to an alert', () => {
  it('is kept with a note, may be taken back, and ends the repetition', async () => {
    const rule = ruleOf({ telling: { channels: 'all', againEveryMs: 5 * MINUTE_MS, recovery: true } })
    const { world, serverId } = await raisedWorld(rule)
    await world.tickFor(5 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said.slice(1)).toEqual(['again RED alpha'])
    const [alert] = world.alerts.now().alerts
    if (alert === undefined) throw new Error('no alert')
    await world.alerts.acknowledge(alert.id, 'known')
    expect(world.alerts.now().alerts[0]?.acknowledged).toMatchObject({ note: 'known' })
    expect(world.alerts.now().counts.red).toBe(1)
    await world.tickFor(20 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said).toHaveLength(2)
    await world.alerts.takeBackAcknowledge(alert.id)
    await world.tickFor(10_000, busy, { serverId })
    expect(world.teller.said.slice(2)).toEqual(['again RED alpha'])
    await world.tickFor(3 * MINUTE_MS, idle, { serverId })
    await expect(world.alerts.acknowledge(alert.id, '')).rejects.toMatchObject({ code: 'notFound' })
  })

  it('silences it: shown, not counted, not told; told once the silence is over and it lasts', async () => {
    const world = await worldOf([ruleOf()])
    const serverId = world.add('alpha')
    await world.alerts.quiet.silence({
      scope: { kind: 'server', serverId },
      ruleId: null,
      untilAtMs: world.clock.nowMs() + 10 * MINUTE_MS,
      note: ''
    })
    await world.tickFor(9 * MINUTE_MS, busy, { serverId })
    expect(world.alerts.now()).toMatchObject({
      counts: { red: 0, amber: 0 },
      alerts: [{ quiet: { reason: 'silence' } }]
    })
    expect(world.teller.said).toEqual([])
    await world.tickFor(2 * MINUTE_MS, busy, { serverId })
    expect(world.teller.said).toEqual(['raised RED alpha'])
    expect(world.store.silences.size).toBe(0)
  })

  it('plans a maintenance: quiet from its begin to its end, by the wall clock of its zone', async () => {
    const { world, serverId } = await raisedWorld()
    // The clock of tests stands at 2023-11-14 22:13:20 UTC, and some minutes.
    await world.alerts.quiet.saveMaintenance(null, {
      name: 'night',
      enabled: true,
      scopes: [{ kind: 'fleet' }],
      zone: 'Europe/Berlin',
      fromDay: '2023-11-14',
      at: '23:20',
      durationMs: 10 * MINUTE_MS,
      repeat: { kind: 'daily' },
      untilDay: null
    })
    expect(world.alerts.now().counts.red).toBe(1)
    await world.tickFor(6 * MINUTE_MS, busy, { serverId })
    expect(world.alerts.now()).toMatchObject({
      counts: { red: 0 },
      alerts: [{ quiet: { reason: 'maintenance' } }]
    })
    await world.tickFor(10 * MINUTE_MS, busy, { serverId })
    expect(world.alerts.now()).toMatchObject({ counts: { red: 1 }, alerts: [{ quiet: null }] })
    const wrong = { zone: 'Mars/Olympus' }
    const [maintenance] = world.store.maintenances.values()
    if (maintenance === undefined) throw new Error('not kept')
    await expect(
      world.alerts.quiet.saveMaintenance(null, { ...maintenance, ...wrong })
    ).rejects.toMatchObject({ code: 'refused', params: { what: 'timeZone' } })
  })
})

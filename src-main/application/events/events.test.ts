import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { draftOf, FakeWorld, listingOf, statsOf, vmUuid } from '../../../test/fakes/directory.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import { MarkBudget } from './mark-budget.ts'

let world: FakeWorld
let directory: ServerDirectory
let id: ServerId

beforeEach(async () => {
  world = new FakeWorld()
  world.hypervisor.listings = [listingOf(1), listingOf(2, 'shutOff')]
  world.hypervisor.round = { machines: [statsOf(1)], notResponding: [] }
  directory = world.open()
  id = await directory.add(draftOf(), undefined)
  await world.clock.advance(11_000)
})

const events = () => world.storage.marks.map(({ event }) => event)
const state = (digit: number, from: string | null, to: string | null) => ({
  kind: 'machineState',
  vmUuid: vmUuid(digit),
  name: `vm${digit}`,
  from,
  to
})
async function list(...listings: ReturnType<typeof listingOf>[]): Promise<void> {
  world.hypervisor.changeOutside(listings)
  await settle()
}
const kill = (): void =>
  world.connector.connections.at(-1)?.die(new AppError('connectionClosed', { retryable: true }))

describe('marks of VMs', () => {
  it('tell each change once, at once, and nothing of the first list', async () => {
    expect(events()).toEqual([])
    await list(listingOf(1, 'shutOff'), listingOf(2, 'shutOff'))
    expect(world.marks).toEqual([
      { serverId: id, atMs: world.clock.nowMs(), event: state(1, 'running', 'shutOff') }
    ])
    await world.clock.advance(120_000)
    expect(events()).toEqual([state(1, 'running', 'shutOff')])
  })

  it('tell that a VM was defined, and that one is gone', async () => {
    await list(listingOf(1), listingOf(3, 'shutOff'))
    expect(events()).toEqual([state(3, null, 'shutOff'), state(2, 'shutOff', null)])
  })

  it('do not tell what libvirt could not say, nor that a running VM waits', async () => {
    await list(listingOf(1, 'unknown'), listingOf(2, 'shutOff'))
    await list(listingOf(1, 'blocked'), listingOf(2, 'shutOff'))
    await list(listingOf(1), listingOf(2, 'shutOff'))
    expect(events()).toEqual([])
  })

  it('tell after a restart what changed while the console was closed, and invent nothing', async () => {
    await directory.close()
    world.hypervisor.listings = [listingOf(2, 'running'), listingOf(3)]
    directory = await world.reopen(directory)
    await world.clock.advance(6_000)
    expect(events()).toEqual([
      state(2, 'shutOff', 'running'),
      state(3, null, 'running'),
      state(1, 'running', null)
    ])
    world.storage.marks.length = 0
    directory = await world.reopen(directory)
    await world.clock.advance(6_000)
    expect(events()).toEqual([])
    world.storage.blobs.clear()
    world.hypervisor.listings = [listingOf(1)]
    directory = await world.reopen(directory)
    await world.clock.advance(6_000)
    expect(events()).toEqual([])
  })
})

describe('marks of a server', () => {
  it('leave out a link that flaps, and tell since when a server is off and from when on it is back', async () => {
    for (let flap = 0; flap < 20; flap++) {
      kill()
      await world.clock.advance(5_000)
    }
    expect(events()).toEqual([])
    world.connector.script = [new AppError('connectTimeout', { retryable: true })]
    const lostAtMs = world.clock.nowMs()
    kill()
    await world.clock.advance(600_000)
    expect(world.storage.marks).toEqual([
      { serverId: id, atMs: lostAtMs, event: { kind: 'serverOffline', code: 'connectTimeout' } }
    ])
    world.connector.script = ['ok']
    await world.clock.advance(600_000)
    expect(events().map(({ kind }) => kind)).toEqual(['serverOffline', 'serverOnline'])
  })

  it('tell a refused login at once, for nothing is tried again', async () => {
    world.connector.script = [new AppError('hostKeyChanged')]
    kill()
    await world.clock.advance(2_000)
    expect(events()).toEqual([{ kind: 'serverOffline', code: 'hostKeyChanged' }])
  })

  it('tell of a server that was never seen online nothing', async () => {
    world.connector.script = [new AppError('connectTimeout', { retryable: true })]
    await directory.add(draftOf('beta'), undefined)
    await world.clock.advance(600_000)
    expect(events()).toEqual([])
  })

  it('tell over a restart that it came back', async () => {
    world.connector.script = [new AppError('connectTimeout', { retryable: true })]
    kill()
    await world.clock.advance(120_000)
    directory = await world.reopen(directory)
    await world.clock.advance(120_000)
    expect(events().map(({ kind }) => kind)).toEqual(['serverOffline'])
    world.connector.script = ['ok']
    await world.clock.advance(60_000)
    expect(events().map(({ kind }) => kind)).toEqual(['serverOffline', 'serverOnline'])
  })

  it('tell a reboot once, at the time of the boot', async () => {
    kill()
    world.bootedAtMs = world.clock.nowMs() + 1_000
    await world.clock.advance(60_000)
    expect(world.storage.marks).toEqual([
      { serverId: id, atMs: world.bootedAtMs, event: { kind: 'serverRebooted' } }
    ])
  })

  it('tell that collecting was stopped and started, and not that the link went with it', async () => {
    await directory.setCollecting(id, false)
    await world.clock.advance(600_000)
    await directory.setCollecting(id, true)
    await world.clock.advance(6_000)
    expect(events()).toEqual([
      { kind: 'collectingStopped', vmUuid: null },
      { kind: 'collectingStarted', vmUuid: null }
    ])
  })

  it('cost the sampling nothing while the disk is full', async () => {
    world.storage.full = true
    await list(listingOf(1, 'shutOff'), listingOf(2, 'shutOff'))
    const shown = world.ticks.length
    await world.clock.advance(10_000)
    expect(world.ticks.length).toBeGreaterThan(shown)
    expect(world.marks).toHaveLength(1)
    expect(directory.get(id).state.kind).toBe('online')
  })

  it('are forgotten with the server', async () => {
    expect(world.storage.blobs.size).toBe(1)
    await directory.remove(id, true)
    expect(world.storage.blobs.size).toBe(0)
  })
})

describe('the budget of marks', () => {
  const mark = (digit: number, from: 'running' | 'shutOff', to: 'running' | 'shutOff', atMs: number) =>
    ({
      serverId: id,
      atMs,
      event: { kind: 'machineState', vmUuid: vmUuid(digit), name: 'x', from, to }
    }) satisfies HistoryMark

  /** A VM that goes off and on again, `seconds` long, twice a second. */
  function flap(budget: MarkBudget, seconds: number): HistoryMark[] {
    const sent: HistoryMark[] = []
    for (let half = 0; half < seconds * 2; half++) {
      const [from, to] =
        half % 2 === 0 ? (['running', 'shutOff'] as const) : (['shutOff', 'running'] as const)
      sent.push(...budget.take(mark(1, from, to, half * 500), half * 500))
    }
    return sent
  }

  it('bounds a VM that flaps for a day, and ends with how it is', () => {
    const budget = new MarkBudget()
    const sent = flap(budget, 86_400)
    expect(sent.length).toBeGreaterThan(1_000)
    expect(sent.length).toBeLessThan(1_000 + 86_400 / 10 + 1)
    sent.push(...budget.take(mark(1, 'running', 'shutOff', 86_400_000), 86_400_000), ...budget.drain())
    expect(sent.at(-1)?.event).toMatchObject({ to: 'shutOff' })
    for (const [index, { event }] of sent.entries()) {
      const next = sent[index + 1]?.event
      if (next?.kind !== 'machineState' || event.kind !== 'machineState') continue
      expect(next.from).toBe(event.to)
    }
  })

  it('lets the others through in their turn', () => {
    const budget = new MarkBudget()
    flap(budget, 600)
    const nowMs = 600_000
    const later = [...budget.take(mark(2, 'running', 'shutOff', nowMs), nowMs)]
    later.push(...budget.due(nowMs + 30_000))
    expect(later.map(({ event }) => event)).toContainEqual(
      expect.objectContaining({ vmUuid: vmUuid(2), to: 'shutOff' })
    )
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { draftOf, FakeWorld, listingOf, statsOf, vmUuid } from '../../../test/fakes/directory.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'

let world: FakeWorld
let directory: ServerDirectory
let id: ServerId

beforeEach(async () => {
  world = new FakeWorld()
  world.hypervisor.listings = [listingOf(1), listingOf(2)]
  world.hypervisor.round = { machines: [statsOf(1), statsOf(2)], notResponding: [] }
  directory = world.open()
  id = await directory.add(draftOf(), undefined)
  await world.clock.advance(11_000)
})

const collect = (digit: number, collecting: boolean) =>
  directory.setMachineCollecting({ serverId: id, vmUuid: vmUuid(digit) }, collecting)
const keptOf = (digit: number) =>
  world.storage.ticks.filter((tick) => tick.entities.some(({ key }) => key === vmUuid(digit)))
const shownOf = (digit: number) =>
  world.ticks.filter((tick) => tick.entities.some(({ key }) => key === vmUuid(digit)))
const gapsOf = (digit: number) => world.storage.gaps.filter((gap) => gap.vmUuid === vmUuid(digit))
const viewOf = (digit: number) => directory.get(id).machines.view(vmUuid(digit))

describe('collecting of one VM', () => {
  it('stops its rows alone; its values are still shown, and a gap says why from its last row on', async () => {
    const lastKeptAtMs = keptOf(1).at(-1)?.atMs
    await collect(1, false)
    expect(viewOf(1)?.collecting).toBe(false)
    const [before, shownBefore, othersBefore] = [keptOf(1).length, shownOf(1).length, keptOf(2).length]
    await world.clock.advance(30_000)
    expect(keptOf(1).length).toBe(before)
    expect(shownOf(1).length - shownBefore).toBe(6)
    expect(keptOf(2).length - othersBefore).toBe(6)
    expect(gapsOf(1)).toEqual([
      { fromAtMs: lastKeptAtMs, toAtMs: null, reason: 'collectionStopped', vmUuid: vmUuid(1) }
    ])
    expect(gapsOf(2)).toEqual([])
  })

  it('goes on when it is started again, the gap ends, and both are marks', async () => {
    await collect(1, false)
    await world.clock.advance(30_000)
    const startedAtMs = world.clock.nowMs()
    await collect(1, true)
    expect(viewOf(1)?.collecting).toBe(true)
    expect(gapsOf(1)).toMatchObject([{ toAtMs: startedAtMs, reason: 'collectionStopped' }])
    const before = keptOf(1).length
    await world.clock.advance(10_000)
    expect(keptOf(1).length).toBeGreaterThan(before)
    expect(world.storage.marks.map(({ event }) => event)).toEqual([
      { kind: 'collectingStopped', vmUuid: vmUuid(1) },
      { kind: 'collectingStarted', vmUuid: vmUuid(1) }
    ])
  })

  it('is saved, stands after a restart and after the server was edited, and can be taken back while it is off', async () => {
    await collect(1, false)
    await directory.edit(id, { ...draftOf(), note: 'edited' }, undefined)
    world.connector.script = [new AppError('connectTimeout')]
    directory = await world.reopen(directory)
    await settle()
    expect(directory.get(id).record).toMatchObject({ note: 'edited', machinesNotCollected: [vmUuid(1)] })
    const before = keptOf(1).length
    expect(gapsOf(1)).toMatchObject([{ toAtMs: null, reason: 'collectionStopped' }])
    await collect(1, true)
    await collect(2, false)
    expect(gapsOf(1)).toMatchObject([{ toAtMs: world.clock.nowMs() }])
    world.connector.script = ['ok']
    await world.clock.advance(20_000)
    expect(keptOf(1).length).toBeGreaterThan(before)
    expect(viewOf(1)?.collecting).toBe(true)
    expect(viewOf(2)?.collecting).toBe(false)
    expect(directory.get(id).record.machinesNotCollected).toEqual([vmUuid(2)])
  })

  it('keeps the choice of a VM that is undefined and defined again', async () => {
    await collect(1, false)
    world.hypervisor.changeOutside([listingOf(2)])
    await settle()
    expect(viewOf(1)).toBeNull()
    world.hypervisor.changeOutside([listingOf(1), listingOf(2)])
    await settle()
    expect(viewOf(1)?.collecting).toBe(false)
  })

  it('loses no choice when several are made at once', async () => {
    await Promise.all([
      collect(1, false),
      directory.edit(id, { ...draftOf(), note: 'x' }, undefined),
      collect(2, false)
    ])
    expect(world.storage.stored[0]?.record).toMatchObject({
      note: 'x',
      machinesNotCollected: [vmUuid(1), vmUuid(2)]
    })
  })

  it('is asked twice as if once, and refuses a VM that nobody has seen', async () => {
    await collect(1, false)
    await collect(1, false)
    expect(world.storage.marks).toHaveLength(1)
    await expect(collect(9, false)).rejects.toMatchObject({ code: 'notFound' })
  })

  it('may be stopped on a server that is looked at only', async () => {
    await directory.edit(id, { ...draftOf(), lookOnly: true }, undefined)
    await collect(1, false)
    expect(viewOf(1)?.collecting).toBe(false)
    expect(world.hypervisor.acts).toEqual([])
  })

  it('writes its gap when the disk has room again', async () => {
    world.storage.full = true
    await collect(1, false)
    await world.clock.advance(10_000)
    expect(gapsOf(1)).toEqual([])
    world.storage.full = false
    await world.clock.advance(10_000)
    expect(gapsOf(1)).toMatchObject([{ toAtMs: null, reason: 'collectionStopped' }])
  })
})

describe('a VM that does not answer', () => {
  const hang = (): void => {
    world.hypervisor.round = { machines: [statsOf(2)], notResponding: [vmUuid(1)] }
  }
  const answer = (): void => {
    world.hypervisor.round = { machines: [statsOf(1), statsOf(2)], notResponding: [] }
  }

  it('has a gap from its last value to its next', async () => {
    const lastKeptAtMs = keptOf(1).at(-1)?.atMs
    hang()
    await world.clock.advance(20_000)
    expect(gapsOf(1)).toMatchObject([{ fromAtMs: lastKeptAtMs, toAtMs: null, reason: 'notResponding' }])
    answer()
    await world.clock.advance(10_000)
    const gap = gapsOf(1)[0]
    expect(gapsOf(1)).toHaveLength(1)
    const nextKeptAtMs = keptOf(1).find(({ atMs }) => atMs > (lastKeptAtMs ?? 0))?.atMs ?? 0
    expect(nextKeptAtMs - (gap?.toAtMs ?? 0)).toBeLessThan(10)
    expect(gapsOf(2)).toEqual([])
  })

  it('ends its gap when it is off: a VM that is off has none', async () => {
    hang()
    await world.clock.advance(10_000)
    world.hypervisor.round = { machines: [statsOf(2)], notResponding: [] }
    world.hypervisor.changeOutside([listingOf(1, 'shutOff'), listingOf(2)])
    await world.clock.advance(10_000)
    expect(gapsOf(1)).toMatchObject([{ toAtMs: expect.any(Number) as number }])
  })

  it('is not said to hang while the console is closed', async () => {
    hang()
    await world.clock.advance(10_000)
    await directory.close()
    expect(gapsOf(1)).toMatchObject([{ reason: 'notResponding', toAtMs: expect.any(Number) as number }])
  })

  it('is not said to hang while nobody could tell', async () => {
    hang()
    await world.clock.advance(10_000)
    world.connector.script = [new AppError('connectTimeout')]
    world.connector.connections[0]?.die(new AppError('linkFrozen'))
    await world.clock.advance(60_000)
    const [gap] = gapsOf(1)
    expect(gap?.toAtMs).not.toBeNull()
    world.connector.script = ['ok']
    await world.clock.advance(10_000)
    expect(gapsOf(1)).toHaveLength(2)
    expect(gapsOf(1)[1]?.fromAtMs).toBeGreaterThan((gap?.toAtMs ?? 0) + 50_000)
  })

  it('and is no longer collected says so, without overlap', async () => {
    hang()
    await world.clock.advance(10_000)
    await collect(1, false)
    await world.clock.advance(10_000)
    await collect(1, true)
    await world.clock.advance(10_000)
    answer()
    await world.clock.advance(10_000)
    const gaps = gapsOf(1)
    expect(gaps.map(({ reason }) => reason)).toEqual(['notResponding', 'collectionStopped', 'notResponding'])
    for (const [index, gap] of gaps.entries()) {
      expect(gap.toAtMs).not.toBeNull()
      expect(gaps[index + 1]?.fromAtMs ?? Infinity).toBeGreaterThanOrEqual(gap.toAtMs ?? Infinity)
    }
  })
})

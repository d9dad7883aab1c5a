import { beforeEach, describe, expect, it } from 'vitest'
import type { GuestFacts } from '#contract/guest.ts'
import { VmUuid } from '#contract/ids.ts'
import { draftOf, FakeWorld, listingOf, vmUuid } from '../../../test/fakes/directory.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { AgentAnswer, GuestAsker, GuestOutside } from './guest-asker.ts'
import { guestHandlers } from './guest-handlers.ts'

const ANSWER: AgentAnswer = {
  kind: 'answered',
  addresses: [{ device: 'eth0', mac: null, address: '10.0.0.7/24', source: 'agent' }],
  facts: { hostName: 'web', osName: null, kernel: null, timezone: null, fileSystems: null, users: null }
}

/** An asker that counts questions and answers when the test says so. */
class FakeAsker implements GuestAsker {
  mayAskAgents = true
  asked: VmUuid[] = []
  answer: AgentAnswer | Promise<AgentAnswer> = ANSWER
  outsideOf: GuestOutside = {
    isActive: true,
    isResponding: true,
    channel: 'connected',
    addresses: [{ device: 'vnet0', mac: null, address: '10.0.0.7/24', source: 'lease' }]
  }
  async outside(): Promise<GuestOutside> {
    return this.outsideOf
  }
  async agent(uuid: VmUuid): Promise<AgentAnswer> {
    this.asked.push(uuid)
    return this.answer
  }
}

let world: FakeWorld
let directory: ServerDirectory
let asker: FakeAsker
let read: (digit?: number) => Promise<GuestFacts>

beforeEach(async () => {
  world = new FakeWorld()
  asker = new FakeAsker()
  world.hypervisor.listings = [listingOf(1), listingOf(2)]
  world.hypervisor.guests = asker
  directory = world.open()
  const serverId = await directory.add(draftOf(), undefined)
  await world.clock.advance(1_000)
  const { journal } = world.storage.asStorage()
  const handler = guestHandlers({
    directory,
    journal,
    clock: world.clock,
    onJournal: () => undefined,
    patienceMs: 5
  })['guest.facts']
  read = (digit = 1) => handler({ serverId, vmUuid: vmUuid(digit) }, { signal: new AbortController().signal })
})

describe('facts of a guest', () => {
  it('are asked of the agent at most once a minute, and shown with their age in between', async () => {
    const first = await read()
    expect(first.agent).toMatchObject({ state: 'answered', facts: { hostName: 'web' } })
    expect(first.addresses).toEqual([{ device: 'eth0', mac: null, address: '10.0.0.7/24', source: 'agent' }])
    await world.clock.advance(59_000)
    expect((await read()).agent.atMs).toBe(first.agent.atMs)
    expect(asker.asked).toHaveLength(1)
    await world.clock.advance(1_500)
    await read()
    expect(asker.asked).toHaveLength(2)
  })

  it('do not wait for an agent that hangs; it is left alone for five minutes then', async () => {
    const late = Promise.withResolvers<AgentAnswer>()
    asker.answer = late.promise
    expect((await read()).agent.state).toBe('asking')
    expect((await read()).agent.state).toBe('asking')
    expect(asker.asked).toHaveLength(1)
    late.resolve({ kind: 'silent' })
    await settle()
    expect((await read()).agent.state).toBe('silent')
    await world.clock.advance(240_000)
    await read()
    expect(asker.asked).toHaveLength(1)
    await world.clock.advance(61_000)
    await read()
    expect(asker.asked).toHaveLength(2)
  })

  it('of one server are asked one after the other', async () => {
    const late = Promise.withResolvers<AgentAnswer>()
    asker.answer = late.promise
    await read(1)
    expect((await read(2)).addresses).toHaveLength(1)
    expect(asker.asked).toEqual([vmUuid(1)])
    late.resolve(ANSWER)
    await settle()
    expect(asker.asked).toEqual([vmUuid(1), vmUuid(2)])
  })

  it.each([
    ['off', { isActive: false }],
    ['noChannel', { channel: 'none' }],
    ['notConnected', { channel: 'disconnected' }],
    ['notResponding', { isResponding: false }]
  ] as const)('say why the agent is not asked: %s', async (state, change) => {
    asker.outsideOf = { ...asker.outsideOf, ...change }
    expect((await read()).agent.state).toBe(state)
    expect(asker.asked).toEqual([])
  })

  it('are not asked of an agent where the login may only look', async () => {
    asker.mayAskAgents = false
    expect((await read()).agent.state).toBe('noRight')
    expect(asker.asked).toEqual([])
  })

  it('of an earlier run are forgotten when the VM is off', async () => {
    await read()
    asker.outsideOf = { ...asker.outsideOf, isActive: false, addresses: [] }
    expect(await read()).toMatchObject({ addresses: [], agent: { state: 'off', facts: null } })
  })
})

import { beforeEach, describe, expect, it } from 'vitest'
import { openPlayedSession, type PlayedSession } from '../../../test/fakes/played-session.ts'

const signal = new AbortController().signal
let played: PlayedSession
beforeEach(async () => {
  played = await openPlayedSession()
})

describe('stats', () => {
  it('gives CPU, network, disk and memory after two rounds', async () => {
    const { uuid } = played.domainAt(0)
    expect((await played.values('full')).get(uuid)?.values.values.cpuUsedRatio).toBeUndefined()
    played.domainAt(0).cpuTimeNs += played.domainAt(0).vcpus * 2.5e9
    await played.clock.advance(5_000)
    const now = (await played.values('full')).get(uuid)
    expect(now?.values.values.cpuUsedRatio).toBeCloseTo(0.5, 1)
    expect(now?.values.values.memoryUsedRatio).toBeCloseTo(
      (played.domainAt(0).memoryUsedBytes ?? 0) / played.domainAt(0).memoryBalloonBytes,
      2
    )
    expect(now?.values.values.diskUsedRatio).toBeGreaterThan(0)
    expect(now?.values.values.netRxBytesPerSec).toBeGreaterThanOrEqual(0)
  })

  it('leaves block and balloon alone in the fast tier', async () => {
    await played.values('fast')
    const command = played.connection.sent.findLast(({ line }) => line.includes('domstats'))?.line
    expect(command).toContain('domstats --raw --nowait --state --cpu-total --interface;')
  })

  it("never shows a VM another's values, also when names are UUIDs and change hands", async () => {
    const [first, second] = [played.domainAt(0), played.domainAt(1)]
    await played.values('fast')
    first.name = second.uuid
    second.name = first.uuid
    await played.clock.advance(5_000)
    first.cpuTimeNs += first.vcpus * 5e9
    const now = await played.values('fast')
    expect(now.get(first.uuid)?.values.values.cpuUsedRatio).toBeCloseTo(1, 1)
    expect(now.get(second.uuid)?.values.values.cpuUsedRatio).toBeLessThan(0.3)
  })

  it('has no values of a VM that is off', async () => {
    const off = played.host.domains.find(({ state }) => state === 'shutOff')
    expect((await played.values('full')).has(off?.uuid ?? '')).toBe(false)
  })
})

describe('a VM that hangs', () => {
  it('is found within one round, and the others keep that round', async () => {
    await played.session.list(signal)
    await played.values('fast')
    const uuid = played.hang(0)
    const round = await played.during(played.session.stats('fast', signal), 2_000)
    expect(round.notResponding).toEqual([uuid])
    expect(round.machines.map((machine) => machine.uuid).sort()).toEqual(
      played
        .running()
        .slice(1)
        .map((domain) => domain.uuid)
        .sort()
    )
    expect(played.clock.monotonicMs()).toBeLessThanOrEqual(2_000)
  })

  it('gets no second monitor call, until domcontrol says that it answers again', async () => {
    await played.values('fast')
    const uuid = played.hang(0)
    await played.during(played.session.stats('fast', signal), 2_000)
    const before = played.connection.sent.length
    for (let round = 0; round < 3; round++) {
      expect((await played.session.stats('full', signal)).notResponding).toEqual([uuid])
      await played.clock.advance(5_000)
    }
    const monitorCalls = played.connection.sent
      .slice(before)
      .filter(({ line }) => line.includes('--cpu-total'))
    expect(monitorCalls).toHaveLength(3)
    for (const { line } of monitorCalls) expect(line).not.toContain(uuid)
    played.host.hang(played.domainAt(0), false)
    const healed = await played.session.stats('fast', signal)
    expect(healed.notResponding).toEqual([])
    expect(healed.machines.map((machine) => machine.uuid)).toContain(uuid)
  })

  it('is known from the start to a console that connects later', async () => {
    const uuid = played.hang(1)
    const round = await played.session.stats('full', signal)
    expect(round.notResponding).toEqual([uuid])
    expect(played.connection.sent.some(({ line }) => line.includes('--balloon --block;'))).toBe(false)
  })

  it('leaves one virsh lane and one event lane behind, not one per round', async () => {
    await played.values('fast')
    played.hang(0)
    await played.during(played.session.stats('fast', signal), 2_000)
    await played.during(played.session.stats('fast', signal), 2_000)
    expect([...played.connection.openLanes].sort()).toEqual(['virsh', 'virsh-event'])
  })

  it('does not stop the list', async () => {
    await played.values('fast')
    played.hang(0)
    await played.during(played.session.stats('fast', signal), 2_000)
    expect(await played.session.list(signal)).toHaveLength(played.host.domains.length)
  })

  it('refuses what would wait for it, and can be forced off', async () => {
    const uuid = played.hang(0)
    await played.session.stats('fast', signal)
    await expect(played.act('pause', uuid)).rejects.toMatchObject({ code: 'vmNotResponding' })
    expect(await played.act('forceOff', uuid)).toBe('done')
  })
})

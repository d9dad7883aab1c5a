import { beforeEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { FakeClock, settle } from '../../../test/fakes/engine-parts.ts'
import { createPlayedConnection, type PlayedConnection } from '../../../test/fakes/played-connection.ts'
import { SimulatedHost } from '../../demo/host.ts'
import { demoProfiles } from '../../demo/profiles.ts'
import { createVirshPlayer } from '../../demo/virsh-player.ts'
import type { HypervisorSession } from '../../application/machines/hypervisor.ts'
import type { Log } from '../../application/platform/platform.ts'
import { createHypervisor } from './hypervisor.ts'

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => 'incident'
}
const signal = new AbortController().signal

let clock: FakeClock
let host: SimulatedHost
let connection: PlayedConnection
let session: HypervisorSession

const hypervisor = () => createHypervisor({ log, clock })
const running = () => host.domains.filter(({ state }) => state === 'running')

/** Runs something that waits on the clock. */
async function during<T>(work: Promise<T>, ms: number): Promise<T> {
  const settled = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error })
  )
  await clock.advance(ms)
  const outcome = await settled
  if ('error' in outcome) throw outcome.error
  return outcome.value
}

beforeEach(async () => {
  clock = new FakeClock()
  const profile = demoProfiles(6, 1).find(({ vms }) => vms.filter((vm) => vm.running).length >= 3)
  if (profile === undefined) throw new Error('no demo server with three running VMs')
  host = new SimulatedHost(profile, 1, Date.now())
  connection = createPlayedConnection(createVirshPlayer(host))
  session = await hypervisor().open(connection, { signal })
})

function domainAt(index: number) {
  const domain = running()[index]
  if (domain === undefined) throw new Error('not enough running VMs')
  return domain
}

function hang(index: number): string {
  const domain = domainAt(index)
  host.hang(domain, true)
  domain.hungSinceMs = Date.now() - 5_000
  return domain.uuid
}

const values = async (tier: 'fast' | 'full') => {
  const { machines } = await session.stats(tier, signal)
  return new Map(machines.map((machine) => [machine.uuid as string, machine]))
}

describe('opening', () => {
  it('tells versions and rights', () => {
    expect(session.libvirtVersion).toBe(host.libvirt?.libvirtVersion)
    expect(session.hypervisorVersion).toContain('QEMU')
    expect(session.capabilities).toEqual([
      { id: 'libvirt', works: true, cause: null, fix: null },
      { id: 'libvirtWrite', works: true, cause: null, fix: null }
    ])
  })

  it('takes a server without libvirt for what it is', async () => {
    const bare = createPlayedConnection(createVirshPlayer(Object.assign(host, { libvirt: null })))
    const failure: unknown = await hypervisor()
      .open(bare, { signal })
      .catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'libvirtMissing' })
    expect(hypervisor().capabilitiesOf(failure)).toMatchObject([
      { id: 'libvirt', works: false, cause: 'toolMissing' },
      { id: 'libvirtWrite', works: false, cause: 'toolMissing' }
    ])
  })

  it('knows a daemon that is down, and one that does not answer', async () => {
    host.faults.libvirtDown = true
    await expect(hypervisor().open(connection, { signal })).rejects.toMatchObject({
      code: 'libvirtDaemonDown'
    })
    connection.failRunsWith = new AppError('deadlineExceeded')
    await expect(hypervisor().open(connection, { signal })).rejects.toMatchObject({
      code: 'libvirtDaemonDown'
    })
  })

  it.each([
    [
      'error: failed to connect to the hypervisor\nerror: authentication unavailable: no polkit agent',
      'libvirtDenied'
    ],
    ["error: Failed to connect socket to '/run/libvirt/libvirt-sock': Permission denied", 'libvirtDenied'],
    ['error: no connection driver available for qemu:///system', 'libvirtMissing'],
    ['error: something new', 'libvirtFailed']
  ])('words %s', async (message, code) => {
    const answer = `virthelm-probe read\n${message}\nvirthelm-probe write 1\n${message}\nvirthelm-probe end 1\n`
    const refused = { ...connection, run: async () => ({ exitCode: 0, stdout: answer, stderr: '' }) }
    await expect(hypervisor().open(refused, { signal })).rejects.toMatchObject({ code })
  })

  it('offers the one line that helps to an account that may only read', async () => {
    const answer = `virthelm-probe read\nUsing library: libvirt 9.0.0\nvirthelm-probe write 0\nerror: denied\nvirthelm-probe end 1\n`
    const readOnly = { ...connection, run: async () => ({ exitCode: 0, stdout: answer, stderr: '' }) }
    const opened = await hypervisor().open(readOnly, { signal })
    expect(opened.capabilities[1]).toEqual({
      id: 'libvirtWrite',
      works: false,
      cause: 'permissionDenied',
      fix: 'sudo usermod -aG libvirt "$USER"'
    })
  })
})

describe('list', () => {
  it('shows every domain as the server has it', async () => {
    const listed = await session.list(signal)
    expect(listed).toEqual(
      host.domains.map(
        ({ uuid, name, state, stateReason, autostart, persistent, vcpus, memoryMaxBytes }) => ({
          uuid,
          name,
          state,
          stateReason,
          autostart,
          persistent,
          vcpus,
          memoryMaxBytes
        })
      )
    )
  })

  it('reads the XML of a domain once, and again after an event about it', async () => {
    const dumps = () => connection.sent.filter(({ line }) => line.includes('dumpxml')).length
    await session.list(signal)
    expect(dumps()).toBe(1)
    await session.list(signal)
    expect(dumps()).toBe(1)
    host.act(domainAt(0), 'pause')
    await session.list(signal)
    expect(dumps()).toBe(2)
  })

  it.each(['$(id)', `it's "q" <b>`, '-H', '12', ' lead and trail ', 'a; quit', 'ünï'])(
    'takes the name %s for a name',
    async (name) => {
      domainAt(0).name = name
      const listed = await session.list(signal)
      expect(listed.map((machine) => machine.name)).toContain(name)
      expect(listed.find((machine) => machine.name === name)?.state).toBe('running')
    }
  )
})

describe('stats', () => {
  it('gives CPU, network, disk and memory after two rounds', async () => {
    const { uuid } = domainAt(0)
    expect((await values('full')).get(uuid)?.values.values.cpuUsedRatio).toBeUndefined()
    domainAt(0).cpuTimeNs += domainAt(0).vcpus * 2.5e9
    await clock.advance(5_000)
    const now = (await values('full')).get(uuid)
    expect(now?.values.values.cpuUsedRatio).toBeCloseTo(0.5, 1)
    expect(now?.values.values.memoryUsedRatio).toBeCloseTo(
      (domainAt(0).memoryUsedBytes ?? 0) / domainAt(0).memoryBalloonBytes,
      2
    )
    expect(now?.values.values.diskUsedRatio).toBeGreaterThan(0)
    expect(now?.values.values.netRxBytesPerSec).toBeGreaterThanOrEqual(0)
  })

  it('leaves block and balloon alone in the fast tier', async () => {
    await values('fast')
    const command = connection.sent.findLast(({ line }) => line.includes('domstats'))?.line
    expect(command).toContain('domstats --raw --nowait --state --cpu-total --interface;')
  })

  it("never shows a VM another's values, also when names are UUIDs and change hands", async () => {
    const [first, second] = [domainAt(0), domainAt(1)]
    await values('fast')
    first.name = second.uuid
    second.name = first.uuid
    await clock.advance(5_000)
    first.cpuTimeNs += first.vcpus * 5e9
    const now = await values('fast')
    expect(now.get(first.uuid)?.values.values.cpuUsedRatio).toBeCloseTo(1, 1)
    expect(now.get(second.uuid)?.values.values.cpuUsedRatio).toBeLessThan(0.3)
  })

  it('has no values of a VM that is off', async () => {
    const off = host.domains.find(({ state }) => state === 'shutOff')
    expect((await values('full')).has(off?.uuid ?? '')).toBe(false)
  })
})

describe('a VM that hangs', () => {
  it('is found within one round, and the others keep that round', async () => {
    await session.list(signal)
    await values('fast')
    const uuid = hang(0)
    const round = await during(session.stats('fast', signal), 2_000)
    expect(round.notResponding).toEqual([uuid])
    expect(round.machines.map((machine) => machine.uuid).sort()).toEqual(
      running()
        .slice(1)
        .map((domain) => domain.uuid)
        .sort()
    )
    expect(clock.monotonicMs()).toBeLessThanOrEqual(2_000)
  })

  it('gets no second monitor call, until domcontrol says that it answers again', async () => {
    await values('fast')
    const uuid = hang(0)
    await during(session.stats('fast', signal), 2_000)
    const before = connection.sent.length
    for (let round = 0; round < 3; round++) {
      expect((await session.stats('full', signal)).notResponding).toEqual([uuid])
      await clock.advance(5_000)
    }
    const monitorCalls = connection.sent.slice(before).filter(({ line }) => line.includes('--cpu-total'))
    expect(monitorCalls).toHaveLength(3)
    for (const { line } of monitorCalls) expect(line).not.toContain(uuid)
    host.hang(domainAt(0), false)
    const healed = await session.stats('fast', signal)
    expect(healed.notResponding).toEqual([])
    expect(healed.machines.map((machine) => machine.uuid)).toContain(uuid)
  })

  it('is known from the start to a console that connects later', async () => {
    const uuid = hang(1)
    const round = await session.stats('full', signal)
    expect(round.notResponding).toEqual([uuid])
    expect(connection.sent.some(({ line }) => line.includes('--balloon --block;'))).toBe(false)
  })

  it('leaves one virsh lane and one event lane behind, not one per round', async () => {
    await values('fast')
    hang(0)
    await during(session.stats('fast', signal), 2_000)
    await during(session.stats('fast', signal), 2_000)
    expect([...connection.openLanes].sort()).toEqual(['virsh', 'virsh-event'])
  })

  it('does not stop the list', async () => {
    await values('fast')
    hang(0)
    await during(session.stats('fast', signal), 2_000)
    expect(await session.list(signal)).toHaveLength(host.domains.length)
  })

  it('refuses what would wait for it, and can be forced off', async () => {
    const uuid = hang(0)
    await session.stats('fast', signal)
    await expect(act('pause', uuid)).rejects.toMatchObject({ code: 'vmNotResponding' })
    expect(await act('forceOff', uuid)).toBe('done')
  })
})

const rows: unknown[] = []
function act(action: MachineAction, uuid: string, seenName?: string): Promise<'done' | 'already'> {
  rows.length = 0
  const name = seenName ?? host.domains.find((domain) => domain.uuid === uuid)?.name ?? ''
  return session.act(
    { uuid: VmUuid.parse(uuid), action, seenName: name },
    {
      beforeSend: async (command) => void rows.push(command),
      afterSend: async ({ exitCode, stderr }) => void rows.push([exitCode, stderr])
    },
    signal
  )
}

describe('acting', () => {
  it('journals the exact command before it is sent, and its result', async () => {
    const { uuid } = domainAt(0)
    expect(await act('pause', uuid)).toBe('done')
    expect(rows).toEqual([`virsh -c qemu:///system suspend ${uuid}`, [0, '']])
    expect(host.domains.find((domain) => domain.uuid === uuid)?.state).toBe('paused')
  })

  it.each([
    ['start', 'running'],
    ['resume', 'running'],
    ['forceOff', 'shutOff'],
    ['shutDown', 'shutOff'],
    ['pause', 'paused']
  ] as const)('has nothing to do to %s what is %s', async (action, state) => {
    const domain = domainAt(0)
    if (state === 'shutOff') host.act(domain, 'forceOff')
    if (state === 'paused') host.act(domain, 'pause')
    expect(await act(action, domain.uuid)).toBe('already')
    expect(rows).toEqual([])
  })

  it('refuses what the state does not allow', async () => {
    const off = host.domains.find(({ state }) => state === 'shutOff')
    await expect(act('reboot', off?.uuid ?? '')).rejects.toMatchObject({
      code: 'vmActionNotPossible',
      params: { state: 'shutOff' }
    })
    expect(rows).toEqual([])
  })

  it('does nothing to a VM that bears another name than the operator saw', async () => {
    const domain = domainAt(0)
    await expect(act('forceOff', domain.uuid, 'old name')).rejects.toMatchObject({ code: 'vmChanged' })
    expect(domain.state).toBe('running')
    expect(rows).toEqual([])
  })

  it('never takes a VM that is named like the UUID for the one with the UUID', async () => {
    const [target, impostor] = [domainAt(0), domainAt(1)]
    impostor.name = target.uuid
    expect(await act('forceOff', target.uuid)).toBe('done')
    expect(impostor.state).toBe('running')
    const script = connection.scripts.findLast(({ lane }) => lane === 'run')?.script
    expect(script).toContain('domname')
  })

  it('knows a VM that is gone', async () => {
    await expect(act('start', '00000000-0000-4000-8000-000000000000', 'x')).rejects.toMatchObject({
      code: 'vmNotFound'
    })
  })

  it('takes a refusal for "already" when another was faster', async () => {
    const domain = domainAt(0)
    const run = connection.run.bind(connection)
    connection.run = (script, options) => {
      host.act(domain, 'forceOff')
      return run(script, options)
    }
    expect(await act('forceOff', domain.uuid)).toBe('already')
    expect(rows[1]).toEqual([1, 'error: Requested operation is not valid: domain is not running'])
  })

  it('reads the state back when the answer is lost, and sends nothing twice', async () => {
    const domain = domainAt(0)
    connection.failRunsWith = new AppError('deadlineExceeded')
    expect(await act('forceOff', domain.uuid)).toBe('done')
    expect(rows[1]).toEqual([null, ''])
    expect(connection.scripts.filter(({ script }) => script.includes('destroy'))).toHaveLength(1)
  })

  it('says so when the answer is lost and the state does not show it', async () => {
    connection.failRunsWith = new AppError('deadlineExceeded')
    await expect(act('reboot', domainAt(0).uuid)).rejects.toMatchObject({ code: 'deadlineExceeded' })
  })
})

describe('events', () => {
  it('tell of a change outside within 100 ms, and of a burst once', async () => {
    await clock.advance(1_000)
    let changes = 0
    session.onChange(() => changes++)
    host.act(domainAt(0), 'forceOff')
    host.act(domainAt(0), 'pause')
    await clock.advance(100)
    expect(changes).toBe(1)
  })

  it('are taken up again after they ended, and the list is read anew', async () => {
    await clock.advance(1_000)
    let changes = 0
    session.onChange(() => changes++)
    const lanes = () => connection.scripts.filter(({ lane }) => lane === 'virsh-event').length
    expect(lanes()).toBe(1)
    connection.endLane('virsh-event')
    await clock.advance(500)
    expect(lanes()).toBe(2)
    await clock.advance(1_000)
    expect(changes).toBe(1)
  })

  it('end with the session', async () => {
    await settle()
    session.close()
    await clock.advance(60_000)
    expect(connection.openLanes).toEqual([])
  })
})

describe('the end', () => {
  it('comes with the daemon', async () => {
    await session.list(signal)
    host.faults.libvirtDown = true
    await expect(session.stats('fast', signal)).rejects.toMatchObject({ code: 'libvirtDaemonDown' })
    await session.closed
    await expect(session.list(signal)).rejects.toMatchObject({ code: 'disconnected' })
  })

  it('comes with the connection', async () => {
    connection.close()
    await session.closed
  })

  it('does not come with a write that is refused', async () => {
    const refused = 'error: access denied by policy\n'
    connection.run = async () => ({ exitCode: 1, stdout: refused, stderr: '' })
    await expect(act('pause', domainAt(0).uuid)).rejects.toMatchObject({ code: 'libvirtDenied' })
    expect(await session.list(signal)).toHaveLength(host.domains.length)
  })
})

describe('detail', () => {
  it('has the devices, with the space of the last full round', async () => {
    const domain = domainAt(0)
    await session.stats('full', signal)
    const detail = await session.detail(VmUuid.parse(domain.uuid), signal)
    expect(detail.disks[0]).toMatchObject({
      target: domain.disks[0]?.target,
      capacityBytes: domain.disks[0]?.capacityBytes
    })
    expect(detail.disks[0]?.allocationBytes).toBeGreaterThan(0)
    expect(detail.interfaces[0]?.mac).toBe(domain.interfaces[0]?.mac)
  })
})

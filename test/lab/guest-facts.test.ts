/** What guests say: by leases and ARP, by an agent in the guest, and by one that never answers. */
import { readdirSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { guestHandlers } from '../../src-main/application/guest/guest-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { snapshotHandlers } from '../../src-main/application/snapshots/snapshot-handlers.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { addAgent, FILE_SYSTEM_MIB, OS_NAME, silenceAgent, startAgent, USER } from './guest-agent.ts'
import { makeProbe, type Probe } from './probe-guest.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 5_000
const IMAGES = '/var/lib/libvirt/images'
describe.skipIf(missing !== null)(`facts of guests${missing === null ? '' : ` (${missing})`}`, () => {
  let console_: LabConsole
  let server: ServerRuntime
  let probe: Probe

  beforeEach(async () => {
    console_ = startLabConsole(createHypervisor({ log: silentLog, clock: systemClock }), INTERVAL_MS)
    probe = await makeProbe('lab2', 'change-probe')
    server = await console_.add({ server: 'lab2', user: 'op' })
    await lab.eventually('it is shown', () => server.machines.view(VmUuid.parse(probe.uuid)) !== null, 20_000)
  })

  afterEach(async () => {
    await console_.close()
    await lab.restoreLab()
  })

  function newHandlers() {
    const { journal } = console_.storage.asStorage()
    const deps = { directory: console_.directory, journal, clock: systemClock, onJournal: () => undefined }
    return guestHandlers(deps)['guest.facts']
  }
  const facts = (handler: ReturnType<typeof newHandlers>, uuid = probe.uuid) =>
    handler(
      { serverId: server.record.id, vmUuid: VmUuid.parse(uuid) },
      { signal: AbortSignal.timeout(30_000) }
    )

  it('says why there is no agent: off, no channel, nobody at the other end; and asks none of them', async () => {
    const handler = newHandlers()
    expect((await facts(handler)).agent.state).toBe('off')
    await probe.start()
    expect((await facts(handler)).agent).toEqual({
      state: 'noChannel',
      atMs: null,
      message: null,
      facts: null
    })
    const lease = await leaseOf(probe)
    await lab.eventually(
      'its lease is shown',
      async () => {
        const { addresses } = await facts(handler)
        return addresses.some(({ address }) => address === lease)
      },
      30_000,
      500
    )
    await probe.off()
    await probe.define(withChannel)
    await probe.virshRw('start', probe.uuid)
    await lab.eventually(
      'the channel is there',
      async () => (await facts(handler)).agent.state === 'notConnected'
    )
    expect(console_.storage.journal).toEqual([])
  })

  it('shows what an agent says, and one that never answers delays neither samples nor other VMs', async () => {
    await addAgent(probe, 'lab2')
    await probe.start()
    await startAgent(probe)
    const answering = newHandlers()
    await lab.eventually(
      'it answers',
      async () => (await facts(answering)).agent.state === 'answered',
      30_000,
      300
    )
    const lease = await leaseOf(probe)
    await lab.eventually(
      'it tells the address that it was leased',
      async () => {
        const { addresses } = await facts(answering)
        return addresses.some(
          ({ device, mac, address, source }) =>
            device === 'eth0' && mac === probe.mac && address === lease && source === 'agent'
        )
      },
      90_000,
      1_000
    )
    const { agent } = await facts(answering)
    const kernel = readdirSync('/lib/modules').find((name) => name.includes('cloud'))
    expect(agent.facts).toMatchObject({
      hostName: 'probe.lab',
      osName: OS_NAME,
      kernel,
      users: [USER]
    })
    const [data] = agent.facts?.fileSystems ?? []
    expect(data).toMatchObject({ mountPoint: '/data', device: 'vdc', type: 'ext4' })
    expect(data?.totalBytes).toBeGreaterThan(FILE_SYSTEM_MIB * 0.7 * 2 ** 20)
    expect(data?.totalBytes).toBeLessThan(FILE_SYSTEM_MIB * 2 ** 20)
    expect(data?.usedBytes).toBeLessThan(data?.totalBytes ?? 0)
    const limits = () =>
      console_.storage.journal.filter(({ command }) => command.includes('guest-agent-timeout'))
    expect(limits()).toMatchObject([{ outcome: 'done' }])

    await silenceAgent(probe)
    await lab.eventually('the silent one holds the port', async () =>
      /state='connected'/.test(await probe.xml())
    )
    const hung = newHandlers()
    const askedAtMs = Date.now()
    const startedMs = performance.now()
    expect((await facts(hung)).agent.state).toBe('asking')
    expect(performance.now() - startedMs).toBeLessThan(3_000)
    // While it hangs: another VM's facts, and everybody's samples.
    const other = lab.labGuest('lab2', 'web')
    const otherMs = performance.now()
    expect((await facts(hung, other.uuid)).agent.state).toBe('noChannel')
    expect(performance.now() - otherMs).toBeLessThan(2_000)
    const silentMs = await lab.eventually(
      'it is given up',
      async () => (await facts(hung)).agent.state === 'silent',
      20_000,
      200
    )
    console.log(`silent agent given up after ${Math.round(silentMs)} ms`)
    await lab.eventually('two more ticks', () => ticksSince(askedAtMs).length >= 4, 30_000)
    const pauses = ticksSince(askedAtMs).map((atMs, index, all) => atMs - (all[index - 1] ?? atMs))
    console.log(`longest pause of another VM's ticks: ${Math.max(...pauses)} ms`)
    expect(Math.max(...pauses)).toBeLessThan(INTERVAL_MS * 1.5)
    expect(server.machines.view(VmUuid.parse(probe.uuid))?.notRespondingSinceAtMs).toBeNull()
    expect(limits()).toHaveLength(1)
  })

  it('has the guest quiet while a snapshot is taken', async () => {
    await addAgent(probe, 'lab2')
    await probe.start()
    await startAgent(probe)
    await lab.eventually('it is connected', async () => /state='connected'/.test(await probe.xml()), 30_000)
    await probe.tell('run echo kept >/data/file')
    const { journal } = console_.storage.asStorage()
    const deps = { directory: console_.directory, journal, clock: systemClock, onJournal: () => undefined }
    const { 'snapshots.create': create, 'snapshots.read': read } = snapshotHandlers(deps)
    const ref = { serverId: server.record.id, vmUuid: VmUuid.parse(probe.uuid) }
    const context = { signal: AbortSignal.timeout(120_000), progress: () => undefined }
    lab.onRestore(async () => {
      await lab.inServer('lab2', ['virsh', '-q', 'snapshot-delete', probe.uuid, 'quiet', '--metadata'], {
        check: false
      })
      await lab.inServer('lab2', ['sh', '-c', `rm -f ${IMAGES}/${probe.name}.quiet`])
    })
    expect((await read(ref, context)).canCreate.quiesce).toBeNull()
    const wanted = { name: 'quiet', description: '', way: 'external', quiesce: true } as const
    await create({ ...ref, ...wanted, seenName: probe.name }, context)
    const said = probe.printed()
    expect(said).toMatch(/the agent was told to freeze[^]*the agent was told to thaw/)
    // What was not yet written before: the file system below the snapshot is whole and has the file.
    const { stdout } = await lab.inServer('lab2', [
      'debugfs',
      '-R',
      'cat /file',
      `${IMAGES}/${probe.name}-data.raw`
    ])
    expect(stdout).toBe('kept\n')
    const dump = await lab.inServer('lab2', ['dumpe2fs', '-h', `${IMAGES}/${probe.name}-data.raw`])
    expect(dump.stdout).not.toContain('needs_recovery')
    expect((await read(ref, context)).snapshots).toMatchObject([{ name: 'quiet', kind: 'external' }])
    expect(console_.storage.journal.find(({ command }) => command.includes('--quiesce'))).toMatchObject({
      outcome: 'done'
    })
    await probe.seesEventually('echo more >/data/other && echo written', 'written')
  })

  const ticksSince = (fromAtMs: number): number[] =>
    console_.storage.ticks
      .filter(({ atMs }) => atMs >= fromAtMs - INTERVAL_MS)
      .filter(({ entities }) =>
        entities.some(
          ({ key, values }) => key === lab.labGuest('lab2', 'web').uuid && 'cpuUsedRatio' in values
        )
      )
      .map(({ atMs }) => atMs)
})

const withChannel = (xml: string): string =>
  xml.replace(
    '</devices>',
    "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel></devices>"
  )

/** `192.168.122.17/24`, as libvirt's own DHCP server gave it. */
async function leaseOf(probe: Probe): Promise<string> {
  let lease: string | undefined
  await lab.eventually(
    'it has a lease',
    async () => {
      lease = /ipv4\s+(\S+)/.exec(await probe.virsh('domifaddr', probe.uuid, '--source', 'lease'))?.[1]
      return lease !== undefined
    },
    60_000,
    500
  )
  return lease ?? ''
}

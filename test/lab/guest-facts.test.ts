/** What guests say: by leases and ARP, by an agent in the guest, and by one that never answers. */
import { readdirSync, statSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { VmUuid } from '#contract/ids.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { guestHandlers } from '../../src-main/application/guest/guest-handlers.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { createHypervisor } from '../../src-main/remote/libvirt/hypervisor.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole } from './console.ts'
import * as lab from './lab.ts'
import { makeProbe, type Probe } from './probe-guest.ts'

const missing = lab.whyNoLab()
const INTERVAL_MS = 5_000
/** Its number is that of the device on the bus. */
const PORT = '/dev/vport*p1'
const OPEN_PORT = `<>$(echo ${PORT})`
const IMAGE = '/var/lib/libvirt/images/change-module.raw'

/** The driver of the agent's port is not in the guest's initrd: it comes as the contents of a disk. */
const moduleFile = (): string => {
  const release = readdirSync('/lib/modules').find((name) => name.includes('cloud')) ?? ''
  return `/lib/modules/${release}/kernel/drivers/char/virtio_console.ko`
}

/** As qemu-guest-agent answers, for what the console asks; in busybox's shell. */
const ANSWERS = [
  [
    'guest-network-get-interfaces',
    '[{"name":"eth 0","hardware-address":"52:54:00:77:0c:01","ip-addresses":[{"ip-address":"10.9.8.7","ip-address-type":"ipv4","prefix":24}]}]'
  ],
  ['guest-get-osinfo', '{"id":"lab","name":"Lab","pretty-name":"Lab <b> 1","kernel-release":"6.1.0"}'],
  ['guest-get-host-name', '{"host-name":"probe.lab"}'],
  [
    'guest-get-fsinfo',
    '[{"name":"vda1","mountpoint":"/","type":"ext4","total-bytes":1000000,"used-bytes":250000,"disk":[]}]'
  ],
  ['guest-get-users', '[{"user":"ops","login-time":1700000000.5}]']
] as const
const agentScript = `while read -r l; do case $l in ${ANSWERS.map(([name, answer]) => `*${name}*) echo '{"return":${answer}}';;`).join(' ')} *guest-sync*) i=\${l##*:}; i=\${i%%\\}*}; echo "{\\"return\\": $i}";; *) echo '{"error":{"class":"CommandNotFound","desc":"no"}}';; esac; done ${OPEN_PORT} >&0`

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
    await lab.eventually(
      'its lease or neighbour entry is shown, or neither is there outside either',
      async () => {
        const lease = await probe.virsh('domifaddr', probe.uuid, '--source', 'lease')
        const found = /ipv4\s+(\S+)/.exec(lease)?.[1]
        const { addresses } = await facts(handler)
        return found !== undefined && addresses.some(({ address }) => address === found)
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

  it('shows what an agent says, and one that never answers delays neither samples nor other VMs', async (context) => {
    const module = moduleFile()
    const { size } = statSync(module)
    await lab.inServer('lab2', ['sh', '-c', `cat ${module} > ${IMAGE} && truncate -s 1M ${IMAGE}`])
    lab.onRestore(() => lab.inServer('lab2', ['rm', '-f', IMAGE]).then(() => undefined))
    await probe.define((xml) =>
      withChannel(xml).replace(
        '<interface',
        `<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='${IMAGE}'/><target dev='vdb' bus='virtio'/></disk><interface`
      )
    )
    await probe.start()
    await probe.tell(`run head -c ${size} /dev/vdb >/tmp/m.ko; insmod /tmp/m.ko`)
    // Opening it earlier would make a file of that name.
    await probe.seesEventually(`test -c ${PORT} && echo port is there`, 'port is there')

    await probe.tell(`run (${agentScript}) 2>/dev/null & echo $! >/tmp/agent`)
    const answering = newHandlers()
    const answers = lab.eventually(
      'it answers',
      async () => (await facts(answering)).agent.state === 'answered',
      30_000,
      300
    )
    // A shell that reads a port the host has just left sees its end: then there is no agent to be asked.
    const plays = await answers.then(Boolean, () => false)
    if (!plays) console.log('skipped: the shell in the guest did not stay on the port to play an agent')
    context.skip(!plays, 'the guest plays no agent here')
    const { addresses, agent } = await facts(answering)
    expect(addresses[0]).toEqual({
      device: 'eth 0',
      mac: '52:54:00:77:0c:01',
      address: '10.9.8.7/24',
      source: 'agent'
    })
    expect(agent.facts).toMatchObject({
      hostName: 'probe.lab',
      osName: 'Lab <b> 1',
      kernel: '6.1.0',
      fileSystems: [
        { mountPoint: '/', device: 'vda1', type: 'ext4', totalBytes: 1_000_000, usedBytes: 250_000 }
      ],
      users: [{ name: 'ops', sinceAtMs: 1_700_000_000_500 }]
    })
    const limits = () =>
      console_.storage.journal.filter(({ command }) => command.includes('guest-agent-timeout'))
    expect(limits()).toMatchObject([{ outcome: 'done' }])

    await probe.tell(`run kill $(cat /tmp/agent); sleep 100000 ${OPEN_PORT} &`)
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

/** Ports, wake-ups and power on real servers: real sockets, a real firewall, packets on a real wire. Nothing is switched off. */
import { afterEach, describe, expect, it } from 'vitest'
import type { PortScan } from '#contract/ports.ts'
import { WakeSettings } from '#contract/switching.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { openPorts, type PortEngine } from '../../src-main/application/ports/port-engine.ts'
import { SealedTexts } from '../../src-main/application/sealed-texts.ts'
import type { ServerRuntime } from '../../src-main/application/servers/server-runtime.ts'
import { Telemetry } from '../../src-main/application/telemetry/telemetry.ts'
import { memoryCipher } from '../../src-main/platform/memory-cipher.ts'
import { createPortAccess } from '../../src-main/remote/ports/port-access.ts'
import { createPowerAccess } from '../../src-main/remote/power/power-access.ts'
import { FakeHypervisor, FakeStorage, silentLog } from '../fakes/engine-parts.ts'
import { startLabConsole, type LabConsole, type LabLogin } from './console.ts'
import * as lab from './lab.ts'
import { firewall, listenIn, receiveIn } from './port-helpers.ts'

const missing = lab.whyNoLab()
const never = new AbortController().signal
const context = { signal: never }
const taskContext = { signal: never, progress: () => undefined }

interface PortConsole {
  readonly console: LabConsole
  readonly handlers: ReturnType<PortEngine['handlers']>
  add(login: LabLogin): Promise<ServerRuntime>
}

let opened: PortConsole | null = null

function open(): PortConsole {
  const parts = new FakeStorage()
  const { blobs } = parts.asStorage()
  let console_: LabConsole | null = null
  const engine = openPorts({
    ports: createPortAccess(),
    power: createPowerAccess(),
    blobs,
    sealed: new SealedTexts({ cipher: memoryCipher(), blobs }),
    // The console's own journal, which is there once it runs.
    journal: {
      begin: (entry) => (console_ as LabConsole).storage.asStorage().journal.begin(entry),
      end: (id, result) => (console_ as LabConsole).storage.asStorage().journal.end(id, result),
      list: async () => []
    },
    clock: systemClock,
    log: silentLog,
    random: () => 0.5,
    onJournal: () => undefined,
    directory: () => (console_ as LabConsole).directory
  })
  console_ = startLabConsole(new FakeHypervisor(), 2_000, new Telemetry([engine.subject]))
  const own = console_
  opened = {
    console: own,
    handlers: engine.handlers(),
    async add(login) {
      const runtime = await own.add(login)
      await lab.eventually(`${login.server} is online`, () => runtime.state.kind === 'online', 30_000)
      return runtime
    }
  }
  return opened
}

async function first<T>(values: AsyncIterable<T>): Promise<T> {
  for await (const value of values) return value
  throw new Error('nothing came')
}

const newest = async (server: ServerRuntime, origin: 'direct' | 'ssh'): Promise<PortScan> => {
  const stop = new AbortController()
  const { handlers } = opened as PortConsole
  const view = await first(
    handlers['ports.watchScans']({ serverId: server.record.id }, { signal: stop.signal })
  )
  stop.abort()
  const scan = view[origin]
  if (scan === null) throw new Error(`not scanned: ${origin}`)
  return scan
}
const table = (scan: PortScan): Record<number, string> =>
  Object.fromEntries(scan.ports.map(({ port, state, reason }) => [port, `${state} ${reason}`]))

const journalOf = ({ console: { storage } }: PortConsole): string[] =>
  storage.journal.map(
    ({ action, command, outcome, serverName }) => `${serverName} ${action} "${command}" ${outcome}`
  )

describe.skipIf(missing !== null)(`ports of real servers${missing === null ? '' : ` (${missing})`}`, () => {
  afterEach(async () => {
    await opened?.console.close()
    opened = null
    await lab.restoreLab()
  })

  it('a scan finds exactly what a firewall lets through, from here and from inside, with the reasons', async () => {
    const address = lab.labServer('lab1').address
    await listenIn('lab1', [
      ['tcp', '0.0.0.0', 18_001],
      ['tcp', '127.0.0.1', 18_002],
      ['tcp', address, 18_003],
      ['tcp', '0.0.0.0', 18_004],
      ['tcp', '0.0.0.0', 18_005],
      ['tcp', '0.0.0.0', 18_006],
      ['tcp', '0.0.0.0', 18_008],
      ['tcp', '0.0.0.0', 18_009]
    ])
    await firewall('lab1', [
      '! -i lo -p tcp --dport 18004 -j DROP',
      '! -i lo -p tcp --dport 18005 -j REJECT --reject-with icmp-host-unreachable',
      '! -i lo -p tcp --dport 18006 -j REJECT --reject-with tcp-reset',
      '-i lo -p tcp --dport 18008 -j DROP',
      '! -i lo -p tcp --dport 18009 -j REJECT --reject-with icmp-net-unreachable'
    ])
    const ports = open()
    const server = await ports.add({ server: 'lab1', user: 'op' })
    const asked: string[] = []
    const scan = (inside: 'loopback' | 'ownAddress') =>
      ports.handlers['ports.scan'](
        {
          serverId: server.record.id,
          seenName: 'lab1',
          ports: '22, 18001-18009',
          origins: ['direct', 'ssh'],
          inside
        },
        { signal: never, progress: ({ origin, done, total }) => asked.push(`${origin} ${done}/${total}`) }
      )
    await scan('loopback')
    expect(asked).toHaveLength(20)
    const direct = await newest(server, 'direct')
    expect(direct).toMatchObject({ address, problem: null, scheduled: false })
    expect(table(direct)).toEqual({
      22: 'open synAck',
      18_001: 'open synAck',
      18_002: 'closed reset',
      18_003: 'open synAck',
      18_004: 'filtered noResponse',
      18_005: 'filtered hostUnreachable',
      18_006: 'closed reset',
      18_007: 'closed reset',
      18_008: 'open synAck',
      18_009: 'filtered netUnreachable'
    })
    expect(direct.ports[0]).toMatchObject({ port: 22, service: 'ssh' })
    expect(table(await newest(server, 'ssh'))).toEqual({
      22: 'open synAck',
      18_001: 'open synAck',
      18_002: 'open synAck',
      18_003: 'closed reset',
      18_004: 'open synAck',
      18_005: 'open synAck',
      18_006: 'open synAck',
      18_007: 'closed reset',
      18_008: 'filtered noResponse',
      18_009: 'open synAck'
    })
    await scan('ownAddress')
    const own = table(await newest(server, 'ssh'))
    expect([own[18_002], own[18_003]]).toEqual(['closed reset', 'open synAck'])
    expect((await newest(server, 'ssh')).address).toBe(address)
  })

  it('a port that opens and one that is filtered become events, once', async () => {
    const ports = open()
    const server = await ports.add({ server: 'lab1', user: 'op' })
    const marks = ports.console.storage.marks
    const scan = () =>
      ports.handlers['ports.scan'](
        {
          serverId: server.record.id,
          seenName: 'lab1',
          ports: '22, 18011, 18012',
          origins: ['direct'],
          inside: 'loopback'
        },
        taskContext
      )
    await listenIn('lab1', [['tcp', '0.0.0.0', 18_011]])
    await scan()
    expect(marks.filter(({ event }) => event.kind === 'portChanged')).toEqual([])
    await listenIn('lab1', [['tcp', '0.0.0.0', 18_012]])
    await firewall('lab1', ['! -i lo -p tcp --dport 18011 -j DROP'])
    await scan()
    await scan()
    expect(marks.flatMap(({ event }) => (event.kind === 'portChanged' ? [event] : []))).toEqual([
      { kind: 'portChanged', origin: 'direct', port: 18_011, service: null, from: 'open', to: 'filtered' },
      { kind: 'portChanged', origin: 'direct', port: 18_012, service: null, from: 'closed', to: 'open' }
    ])
  })

  it('sshd that forwards nothing is told as that, with its cause, after three questions', async () => {
    await lab.setSshdOptions('lab2', ['AllowTcpForwarding no'])
    const ports = open()
    const server = await ports.add({ server: 'lab2', user: 'op' })
    const refusedBefore = lab
      .sshdLog('lab2')
      .filter((line) => line.includes('refused local port forward')).length
    await ports.handlers['ports.scan'](
      { serverId: server.record.id, seenName: 'lab2', ports: '1-500', origins: ['ssh'], inside: 'loopback' },
      taskContext
    )
    const scan = await newest(server, 'ssh')
    expect(scan).toMatchObject({ ports: [], problem: { kind: 'forwardingOff' } })
    expect(server.view().capabilities.find(({ id }) => id === 'portForwarding')).toMatchObject({
      works: false,
      cause: 'permissionDenied'
    })
    const refused = lab.sshdLog('lab2').filter((line) => line.includes('refused local port forward')).length
    expect(refused - refusedBefore).toBeLessThanOrEqual(3)
  })

  it('a server behind a jump host is scanned from inside only', async () => {
    const ports = open()
    const server = await ports.add({ server: 'lab3', user: 'op' })
    const scan = (origins: ('direct' | 'ssh')[]) =>
      ports.handlers['ports.scan'](
        { serverId: server.record.id, seenName: 'lab3', ports: '22,81', origins, inside: 'loopback' },
        taskContext
      )
    await expect(scan(['direct'])).rejects.toMatchObject({
      code: 'refused',
      params: { what: 'scanThroughJump' }
    })
    expect(await scan(['ssh'])).toEqual({ open: 1, closed: 1, filtered: 0 })
  })

  it('what listens is the same as ss tells, with its process as root and the user’s own as a plain user', async () => {
    const address = lab.labServer('lab2').address
    const plainUid = (await lab.inServer('lab2', ['id', '-u', 'plain'])).stdout.trim()
    await listenIn('lab2', [
      ['tcp', '127.0.0.1', 18_021],
      ['udp', address, 1_234],
      ['tcp', '::1', 18_022]
    ])
    await listenIn('lab2', [['tcp', '0.0.0.0', 18_023]], plainUid)
    const ports = open()
    const listening = async (server: ServerRuntime) => {
      const { id: serverId } = server.record
      await lab.eventually(
        'its lane reads',
        () =>
          ports.handlers['ports.readListening']({ serverId }, context).then(
            () => true,
            () => false
          ),
        30_000,
        500
      )
      const stop = new AbortController()
      const view = await first(ports.handlers['ports.watchListening']({ serverId }, { signal: stop.signal }))
      stop.abort()
      return view
    }
    const server = await ports.add({ server: 'lab2', user: 'root' })
    const asRoot = await listening(server)
    const { stdout } = await lab.inServer('lab2', ['ss', '-H', '-tln'])
    const told = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split(/\s+/)[3] ?? '')
    const shown = asRoot.listeners
      .filter(({ protocol }) => protocol === 'tcp')
      .map(({ family, address: at, port }) => (family === 6 ? `[${at}]:${port}` : `${at}:${port}`))
    expect(shown.sort()).toEqual([...new Set(told)].sort())
    const at = (view: typeof asRoot, port: number) => view.listeners.find((one) => one.port === port)
    expect(at(asRoot, 18_021)).toMatchObject({
      exposure: 'loopback',
      user: 'root',
      process: { name: 'perl' }
    })
    expect(at(asRoot, 18_023)).toMatchObject({
      exposure: 'allAddresses',
      user: 'plain',
      process: { name: 'perl' }
    })
    expect(at(asRoot, 1_234)).toMatchObject({
      protocol: 'udp',
      address,
      exposure: 'oneAddress',
      passing: false
    })
    expect(at(asRoot, 18_022)).toMatchObject({ family: 6, address: '::1' })
    expect(asRoot.processesHidden).toBeNull()
    // What the lane says of itself comes with its values, after the view.
    const lane = () => server.picture.capabilities.all().find(({ id }) => id === 'listeningPorts')
    await lab.eventually('the lane says that it works', () => lane() !== undefined, 20_000)
    expect(lane()).toMatchObject({ works: true })

    await ports.console.directory.remove(server.record.id, false)
    const asPlain = await listening(await ports.add({ server: 'lab2', user: 'plain' }))
    expect(at(asPlain, 18_023)).toMatchObject({ user: 'plain', process: { name: 'perl' } })
    expect(at(asPlain, 18_021)).toMatchObject({
      user: 'root',
      process: null,
      processMissing: 'permissionDenied'
    })
    expect(asPlain.listeners.map(({ port }) => port).sort()).toEqual(
      asRoot.listeners.map(({ port }) => port).sort()
    )
    expect(asPlain.processesHidden?.cause).toBe('permissionDenied')
  })

  it('a magic packet is on the wire, from here and through another server, for the address that was learned', async () => {
    const received = await receiveIn('lab2', 9)
    const ports = open()
    const target = await ports.add({ server: 'lab2', user: 'op' })
    const relay = await ports.add({ server: 'lab1', user: 'root' })
    const { id: serverId } = target.record
    const view = () => ports.handlers['switching.wakeView']({ serverId }, context)
    await lab.eventually('its address is learned', async () => (await view()).mac !== null, 40_000, 500)
    const { mac, broadcasts } = await view()
    const { stdout } = await lab.inServer('lab2', ['sh', '-c', 'cat /sys/class/net/*/address'])
    expect(stdout.split('\n')).toContain(mac)
    expect(broadcasts[0]).toBe('10.77.0.255')
    const packet = `ffffffffffff${(mac ?? '').replaceAll(':', '').repeat(16)}`

    // It is on: sent all the same, and there is nothing to wait for.
    expect(await ports.handlers['switching.wake']({ serverId, seenName: 'lab2' }, taskContext)).toMatchObject(
      {
        outcome: 'online'
      }
    )
    await lab.eventually('the packet is seen', () => received().includes(packet))
    const before = received().length
    const settings = WakeSettings.parse({ via: relay.record.id, broadcast: '10.77.0.255', port: 9 })
    await ports.handlers['switching.setWake']({ serverId, settings, password: '0a:0b:0c:0d:0e:0f' }, context)
    expect(await ports.handlers['switching.wake']({ serverId, seenName: 'lab2' }, taskContext)).toMatchObject(
      {
        outcome: 'online',
        packets: 1
      }
    )
    await lab.eventually('it comes through the other server', () => received().length > before)
    expect(received().at(-1)).toBe(`${packet}0a0b0c0d0e0f`)
    const rows = ports.console.storage.journal
    expect(rows.map(({ serverName, action, outcome }) => `${serverName} ${action} ${outcome}`)).toEqual([
      'lab2 server.wake done',
      'lab1 server.wake done'
    ])
    expect(rows.some(({ command }) => command.includes('0a0b0c0d0e0f'))).toBe(false)
    expect(rows[1]?.command).toContain('10.77.0.255:9')
  })

  it('a server that was away is waited for until it is connected', async () => {
    const ports = open()
    const target = await ports.add({ server: 'lab2', user: 'op' })
    const { id: serverId } = target.record
    await lab.freezeLink('lab2')
    await lab.eventually('it is off', () => target.state.kind === 'offline', 40_000, 200)
    const settings = WakeSettings.parse({ mac: '52:54:00:12:34:56', broadcast: '10.77.0.255' })
    await ports.handlers['switching.setWake']({ serverId, settings }, context)
    const stages: string[] = []
    const waking = ports.handlers['switching.wake'](
      { serverId, seenName: 'lab2' },
      { signal: never, progress: ({ stage }) => stages.push(stage) }
    )
    await lab.eventually('it waits', () => stages.includes('waiting'))
    await lab.thawLink('lab2')
    const result = await waking
    console.log(`woken: connected ${result.afterMs} ms after the first packet`)
    expect(result.outcome).toBe('online')
    expect(target.state.kind).toBe('online')
  })

  /** A program in front of the real one, which nothing here may ever reach. */
  async function standIn(server: string, script: string): Promise<() => Promise<string>> {
    const folder = '/tmp/virthelm-standin'
    await lab.inServer(
      server,
      [
        'sh',
        '-c',
        `mkdir -p ${folder} && cat > ${folder}/systemctl && chmod 755 ${folder}/systemctl && : > ${folder}/seen && chmod 666 ${folder}/seen`
      ],
      {
        input: `#!/bin/sh\necho "$*" >> ${folder}/seen\n${script}\n`
      }
    )
    lab.onRestore(async () => {
      await lab.inServer(server, ['rm', '-rf', folder])
    })
    await lab.setSshdOptions(server, [`SetEnv PATH=${folder}:/usr/bin:/bin`])
    return async () => (await lab.inServer(server, ['cat', `${folder}/seen`])).stdout
  }

  async function checked(ports: PortConsole, user: string): Promise<ServerRuntime> {
    const server = await ports.add({ server: 'lab2', user })
    const found = await server.connection?.run('command -v systemctl', { signal: never, deadlineMs: 10_000 })
    // Otherwise the machine that runs this would be asked.
    expect(found?.stdout.trim()).toBe('/tmp/virthelm-standin/systemctl')
    return server
  }

  it('a power command is journalled before it is sent, refused when it must be, and its refusal told', async () => {
    const seen = await standIn('lab2', 'echo "Interactive authentication required." >&2; exit 1')
    const ports = open()
    const server = await checked(ports, 'op')
    const { id: serverId, ...draft } = server.record
    const plan = await ports.handlers['switching.plan']({ serverId, action: 'shutDown' }, context)
    expect(plan).toMatchObject({ command: 'systemctl poweroff', cause: 'permissionDenied' })
    const act = (typedName: string, seenCommand = 'systemctl poweroff') =>
      ports.handlers['switching.act']({ serverId, action: 'shutDown', typedName, seenCommand }, taskContext)
    await expect(act('lab1')).rejects.toMatchObject({ code: 'refused', params: { what: 'typedName' } })
    await expect(act('lab2', 'shutdown -h now')).rejects.toMatchObject({ code: 'planChanged' })
    await ports.console.directory.edit(serverId, { ...draft, lookOnly: true }, undefined)
    await expect(act('lab2')).rejects.toMatchObject({ code: 'refused', params: { what: 'lookOnly' } })
    expect(await seen()).toBe('')
    expect(journalOf(ports)).toEqual([])
    await ports.console.directory.edit(serverId, { ...draft, lookOnly: false }, undefined)
    await expect(act('lab2')).rejects.toMatchObject({
      code: 'commandFailed',
      params: { stderr: 'Interactive authentication required.' }
    })
    expect(await seen()).toBe('poweroff\n')
    expect(journalOf(ports)).toEqual(['lab2 server.shutDown "systemctl poweroff" failed'])
    expect(server.view().expectedOff).toBeNull()
  })

  it('a link that goes because of the command is a command that was done', async () => {
    // What a server that goes down does to its logins.
    const seen = await standIn(
      'lab2',
      `p=$$
while [ "$p" -gt 1 ]; do
  read -r a c s q rest < /proc/$p/stat
  case $c in *sshd*) kill -9 $p; exit 0;; esac
  p=$q
done`
    )
    const ports = open()
    const server = await checked(ports, 'root')
    const { id: serverId } = server.record
    let sawExpected = false
    const result = await ports.handlers['switching.act'](
      { serverId, action: 'reboot', typedName: 'lab2', seenCommand: 'systemctl reboot' },
      {
        signal: never,
        progress: () => {
          sawExpected ||= server.view().expectedOff?.action === 'reboot'
        }
      }
    )
    expect(await seen()).toBe('reboot\n')
    expect(journalOf(ports)).toEqual(['lab2 server.reboot "systemctl reboot" done'])
    expect(sawExpected).toBe(true)
    // It is back, but its uptime tells that it never went.
    expect(result.outcome).toBe('stillOn')
    expect(server.view().expectedOff).toBeNull()
  })
})

/** Disks, interfaces, threads and the month's traffic of real servers, against independent readings of the same kernel. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { HardwareView, TrafficView, type TrafficOf } from '#contract/hardware.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityKind, EntityValues } from '#contract/metric-catalogue.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import { Hardware } from '../../src-main/application/hardware/hardware.ts'
import type { HostSample, HostSampling } from '../../src-main/application/sampling/host-sampler.ts'
import type { Connection, Connector } from '../../src-main/application/servers/connection.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import type { LaneSession, TelemetryLane } from '../../src-main/application/telemetry/lane.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { createTools } from '../../src-main/remote/tools/tool-shell.ts'
import { openAt } from '../../src-main/storage/test-open.ts'
import { newServerId } from '../../src-main/storage/test-support.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector, type LabLogin } from './console.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const signal = (): AbortSignal => AbortSignal.timeout(60_000)
const WINDOW_MS = 4_000
const MIB = 2 ** 20

/** What a second connection reads of /proc, parsed by nothing of the console's. */
interface Counters {
  readonly uptimeSec: number
  readonly cores: ReadonlyMap<string, { readonly total: number; readonly idle: number }>
  readonly interfaces: ReadonlyMap<string, readonly [number, number]>
  readonly disks: ReadonlyMap<string, readonly number[]>
}

async function readOverSsh(connection: Connection): Promise<Counters> {
  const script =
    'cat /proc/uptime; echo @; cat /proc/stat; echo @; tail -n +3 /proc/net/dev; echo @; cat /proc/diskstats'
  const { stdout } = await connection.run(script, { signal: signal(), deadlineMs: 20_000 })
  const [uptime = '', stat = '', net = '', disks = ''] = stdout.split('@\n')
  const numbers = (line: string): number[] => line.trim().split(/\s+/).map(Number)
  return {
    uptimeSec: parseFloat(uptime),
    cores: new Map(
      [...stat.matchAll(/^cpu(\d+) (.*)$/gm)].map(([, key = '', rest = '']) => {
        const ticks = numbers(rest).slice(0, 8)
        const total = ticks.reduce((sum, value) => sum + value, 0)
        return [key, { total, idle: (ticks[3] ?? 0) + (ticks[4] ?? 0) }]
      })
    ),
    interfaces: new Map(
      [...net.matchAll(/^\s*(\S+?):(.*)$/gm)].map(([, name = '', rest = '']) => {
        const fields = numbers(rest)
        return [name, [fields[0] ?? NaN, fields[8] ?? NaN] as const]
      })
    ),
    disks: new Map(
      disks
        .split('\n')
        .filter(Boolean)
        .map((line) => [
          line.trim().split(/\s+/)[2] ?? '',
          numbers(line.trim().split(/\s+/).slice(3).join(' '))
        ])
    )
  }
}

interface Bracketed {
  readonly before: Counters
  readonly sample: HostSample
  readonly after: Counters
}

/** What a rate stands for must lie between what the readings around it allow, within 1 %. */
function expectGrowth(
  rate: number | undefined,
  [first, second]: readonly [Bracketed, Bracketed],
  counter: (counters: Counters) => number
): void {
  const growth = (rate ?? NaN) * (second.sample.uptimeSec - first.sample.uptimeSec)
  expect(growth).toBeGreaterThanOrEqual((counter(second.before) - counter(first.after)) * 0.99 - 1)
  expect(growth).toBeLessThanOrEqual((counter(second.after) - counter(first.before)) * 1.01 + 1)
}

function valuesOf(sample: HostSample, kind: EntityKind, key: string): Record<string, number | undefined> {
  const found = sample.entities.find((entity: EntityValues) => entity.kind === kind && entity.key === key)
  return (found?.values ?? {}) as Record<string, number | undefined>
}

describe.skipIf(missing !== null)(
  `hardware of real servers${missing === null ? '' : ` (${missing})`}`,
  () => {
    let connector: Connector & { close(): void }
    const opened: Connection[] = []
    beforeAll(() => {
      connector = labConnector()
    })
    afterEach(async () => {
      for (const connection of opened.splice(0)) connection.close()
      await lab.restoreLab()
    })
    afterAll(() => connector.close())

    async function connect(login: LabLogin): Promise<Connection> {
      const connection = await connectTo(connector, login)
      opened.push(connection)
      return connection
    }
    const startSampling = (connection: Connection): Promise<HostSampling> =>
      createHostSampler({ log: silentLog, clock: systemClock }).start(connection, { signal: signal() })

    it('disks, interfaces and each CPU thread as a second connection reads them', async () => {
      const login = { server: 'lab1', user: 'root' }
      const [own, other] = [await connect(login), await connect(login)]
      const sampling = await startSampling(own)
      const bracket = async (): Promise<Bracketed> => ({
        before: await readOverSsh(other),
        sample: await sampling.sample(signal()),
        after: await readOverSsh(other)
      })
      const guest = lab.labServer('lab1').guests.find(({ name }) => name === '12')
      if (guest !== undefined) await lab.tellGuest('lab1', guest.uuid, 'write 32')
      const first = await bracket()
      await new Promise((done) => setTimeout(done, WINDOW_MS))
      const pair = [first, await bracket()] as const
      const { sample } = pair[1]
      for (const [name, at] of [...pair[1].after.interfaces].map(([key]) => [key, key] as const)) {
        if (
          !first.before.interfaces.has(name) ||
          valuesOf(sample, 'interface', at)['rxBytesPerSec'] === undefined
        )
          continue
        const values = valuesOf(sample, 'interface', at)
        expectGrowth(values['rxBytesPerSec'], pair, (counters) => counters.interfaces.get(name)?.[0] ?? NaN)
        expectGrowth(values['txBytesPerSec'], pair, (counters) => counters.interfaces.get(name)?.[1] ?? NaN)
      }
      const disks = sample.entities.filter(({ kind }) => kind === 'disk').map(({ key }) => key)
      expect(disks.length).toBeGreaterThan(0)
      for (const disk of disks) {
        const values = valuesOf(sample, 'disk', disk)
        const field =
          (index: number, factor = 1) =>
          (counters: Counters) =>
            (counters.disks.get(disk)?.[index] ?? NaN) * factor
        expectGrowth(values['readOpsPerSec'], pair, field(0))
        expectGrowth(values['readBytesPerSec'], pair, field(2, 512))
        expectGrowth(values['writeOpsPerSec'], pair, field(4))
        expectGrowth(values['writeBytesPerSec'], pair, field(6, 512))
        // Milliseconds of requests per second: the length of the queue.
        expectGrowth((values['queueLength'] ?? NaN) * 1_000, pair, field(10))
      }
      const cores = [...first.before.cores.keys()]
      expect(sample.entities.filter(({ kind }) => kind === 'core').map(({ key }) => key)).toEqual(cores)
      for (const key of cores) {
        // Ticks come in hundredths: the readings around the sample allow a band, and 1 % of the window beyond it.
        const elapsed = pair[1].sample.uptimeSec - first.sample.uptimeSec
        const busy = (valuesOf(sample, 'core', key)['cpuUsedRatio'] ?? NaN) * elapsed * 100
        const ticks = (counters: Counters): number =>
          (counters.cores.get(key)?.total ?? NaN) - (counters.cores.get(key)?.idle ?? NaN)
        expect(busy).toBeGreaterThanOrEqual(ticks(pair[1].before) - ticks(first.after) - elapsed)
        expect(busy).toBeLessThanOrEqual(ticks(pair[1].after) - ticks(first.before) + elapsed)
      }
      sampling.close()
    })

    /** The console's own subject over a real storage, for as long as one run of it lasts. */
    async function startConsole(storage: Storage, serverId: ServerId, login: LabLogin) {
      const connection = await connect(login)
      const sampling = await startSampling(connection)
      const tools = createTools(connection)
      const hardware = new Hardware({
        blobs: storage.blobs,
        history: storage.history,
        clock: systemClock,
        log: silentLog,
        zone: () => 'local'
      })
      await hardware.load(serverId)
      const life = new AbortController()
      const context = {
        serverId,
        connection,
        sampling,
        tools,
        clock: systemClock,
        log: silentLog,
        sudo: () => '' as const,
        signal: life.signal
      }
      const sessions = new Map<string, LaneSession>(
        hardware.lanes.map((lane: TelemetryLane) => [lane.id, lane.open(context)])
      )
      const read = async (lane: string) => {
        const session = sessions.get(lane)
        if (session === undefined) throw new Error(`no lane ${lane}`)
        return session.read(signal())
      }
      const sample = async (): Promise<void> => {
        const { atMs, entities } = await sampling.sample(signal())
        hardware.takeTick({
          serverId,
          atMs,
          entities: entities.map(({ kind, key, values }) => ({ kind, key, values }))
        })
      }
      await sample()
      return {
        hardware,
        sampling,
        sample,
        read,
        async traffic(): Promise<TrafficView> {
          const handler = hardware.handlers(() => undefined)['hardware.traffic']
          return TrafficView.parse(await handler({ serverId }, { signal: signal() }))
        },
        async close() {
          life.abort()
          for (const session of sessions.values()) session.close()
          tools.close()
          sampling.close()
          connection.close()
          await hardware.close()
        }
      }
    }

    /** Bytes into the server, over a connection of their own. */
    async function send(login: LabLogin, bytes: number): Promise<void> {
      const connection = await connect(login)
      const channel = await connection.openShell({ signal: signal(), deadlineMs: 20_000 })
      channel.onData(() => undefined)
      channel.onErrorData(() => undefined)
      await channel.write('cat >/dev/null\n')
      const piece = new Uint8Array(256 * 1024)
      for (let sent = 0; sent < bytes; sent += piece.length) {
        crypto.getRandomValues(piece.subarray(0, 65_536))
        for (let at = 65_536; at < piece.length; at += 65_536)
          crypto.getRandomValues(piece.subarray(at, at + 65_536))
        await channel.write(piece)
      }
      channel.end()
      await channel.closed
      connection.close()
    }

    const sumOf = (view: TrafficView, key: string): TrafficOf['thisMonth']['sum'] =>
      view.traffic.find((one) => one.key === key)?.thisMonth.sum ?? { rxBytes: NaN, txBytes: NaN }

    it('a file of known size makes the month grow by its size, also across a restart of the console', async () => {
      const login = { server: 'lab2', user: 'root' }
      const folder = mkdtempSync(join(tmpdir(), 'virthelm-traffic-'))
      lab.onRestore(() => rmSync(folder, { recursive: true, force: true }))
      const serverId = newServerId()
      const reader = await connect(login)
      const kernel = async (name: string): Promise<number> =>
        (await readOverSsh(reader)).interfaces.get(name)?.[0] ?? NaN

      let storage = await openAt(folder)
      let console_ = await startConsole(storage, serverId, login)
      await console_.read('hardware.parts')
      const [counted] = [...console_.sampling.countReasons()].find(([, { counted: isIn }]) => isIn) ?? ['']
      const atStart = await kernel(counted)
      expect(sumOf(await console_.traffic(), '').rxBytes).toBe(0)
      await send(login, 48 * MIB)
      await console_.read('hardware.parts')
      const whileOpen = sumOf(await console_.traffic(), '').rxBytes
      expect(whileOpen / (48 * MIB)).toBeGreaterThan(1)
      // Headers of TCP, IP, Ethernet and ssh on top of the file; the rest is the kernel's own figure.
      expect(Math.abs(whileOpen - ((await kernel(counted)) - atStart)) / whileOpen).toBeLessThan(0.01)

      await console_.close()
      await storage.close()
      await send(login, 32 * MIB)
      storage = await openAt(folder)
      console_ = await startConsole(storage, serverId, login)
      await console_.read('hardware.parts')
      const afterRestart = sumOf(await console_.traffic(), '').rxBytes
      const truth = (await kernel(counted)) - atStart
      expect(afterRestart - whileOpen).toBeGreaterThan(32 * MIB)
      expect(Math.abs(afterRestart - truth) / truth).toBeLessThan(0.01)
      expect(sumOf(await console_.traffic(), counted).rxBytes).toBe(afterRestart)
      await console_.close()
      await storage.close()
    })

    it('an interface that is taken away and made again is counted from its beginning, once', async () => {
      const login = { server: 'lab2', user: 'root' }
      const folder = mkdtempSync(join(tmpdir(), 'virthelm-traffic-'))
      lab.onRestore(() => rmSync(folder, { recursive: true, force: true }))
      const inLab = (command: string) => lab.inServer('lab2', ['sh', '-c', command])
      lab.onRestore(() => inLab('ip link del vhtest0 2>/dev/null; true').then(() => undefined))
      const make =
        'ip link add vhtest0 type veth peer name vhtest1; ip link set vhtest0 up; ip link set vhtest1 up'
      const talk =
        'ip addr replace 10.99.0.1/24 dev vhtest0; ping -c 20 -i 0.2 -W 1 10.99.0.2 >/dev/null; true'
      await inLab(`${make}; ${talk}`)
      const storage = await openAt(folder)
      const serverId = newServerId()
      const console_ = await startConsole(storage, serverId, login)
      await console_.read('hardware.parts')
      await inLab(`ip link del vhtest0; ${make}; ${talk}`)
      await console_.sample()
      await console_.read('hardware.parts')
      await console_.read('hardware.parts')
      const reader = await connect(login)
      const [, sent = NaN] = (await readOverSsh(reader)).interfaces.get('vhtest0') ?? []
      const sum = sumOf(await console_.traffic(), 'vhtest0').txBytes
      expect(sum).toBeGreaterThan(0)
      // ARP may go on between the two looks.
      expect(Math.abs(sum - sent)).toBeLessThan(1_000)
      await console_.close()
      await storage.close()
    })

    it.each([
      { server: 'lab1', user: 'plain' },
      { server: 'lab3', user: 'op-ash' }
    ])('$user on $server: no value is blank without a reason', async (login) => {
      const folder = mkdtempSync(join(tmpdir(), 'virthelm-hardware-'))
      lab.onRestore(() => rmSync(folder, { recursive: true, force: true }))
      const storage = await openAt(folder)
      const serverId = newServerId()
      const console_ = await startConsole(storage, serverId, login)
      const mounts = await console_.sampling.readFileSystems(signal())
      const now = Date.now()
      console_.hardware.takeTick({
        serverId,
        atMs: now,
        entities: mounts.map(({ kind, key, values }) => ({ kind, key, values }))
      })
      await new Promise((done) => setTimeout(done, 1_000))
      await console_.sample()
      await console_.read('hardware.parts')
      const smart = await console_.read('hardware.smart')
      const view = HardwareView.parse(console_.hardware.view(serverId))
      expect(view.disks?.length).toBeGreaterThan(0)
      for (const disk of view.disks ?? []) {
        expect(disk.sizeBytes).toBeGreaterThan(0)
        expect(disk.readBytesPerSec).not.toBeNull()
        // A disk has its health, or the reason why not.
        expect(disk.smart.report !== null || disk.smart.problem !== null || disk.smart.asleep).toBe(true)
      }
      expect(smart.capabilities).toEqual([view.smart])
      expect(view.smart?.works === true || view.smart?.cause !== null).toBe(true)
      expect(view.fileSystems?.length).toBeGreaterThan(0)
      for (const mount of view.fileSystems ?? []) {
        expect(mount.sizeBytes !== null || mount.stalled).toBe(true)
        if (mount.inodesUsedRatio !== null) {
          const { stdout } = await lab.inServer(login.server, ['df', '-P', '-i', mount.mountPoint])
          const [, total, used] = stdout.trim().split('\n').at(-1)?.trim().split(/\s+/) ?? []
          expect(mount.inodesTotal).toBe(Number(total))
          expect(Math.abs((mount.inodesUsed ?? NaN) - Number(used))).toBeLessThan(2_000)
        }
      }
      for (const nic of view.interfaces ?? []) {
        expect(nic.why).not.toBeNull()
        expect(nic.rxBytes).not.toBeNull()
        expect(nic.mtuBytes).toBeGreaterThan(0)
      }
      const address = lab.labServer(login.server).address
      const own = view.interfaces?.find(({ addresses }) =>
        addresses.some((one) => one.startsWith(`${address}/`))
      )
      expect(own?.counted).toBe(true)
      expect(view.cores.length).toBeGreaterThan(0)
      expect(view.cores.every(({ usedRatio }) => usedRatio !== null)).toBe(true)
      await console_.close()
      await storage.close()
    })
  }
)

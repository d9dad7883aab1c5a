/** All that a server is asked for, on real servers: right by an independent reader, cheap, and nothing holds anything else up. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EntityKind, EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { HostSample } from '../../src-main/application/sampling/host-sampler.ts'
import type { Connector } from '../../src-main/application/servers/connection.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector } from './console.ts'
import { everyLaneHasSpoken, startLabEngine, type LabEngine } from './engine.ts'
import { busyRatio, type Reading } from './independent.ts'
import * as lab from './lab.ts'
import { openSecondReader } from './second-reader.ts'

const missing = lab.whyNoLab()
const IS_LONG = process.env.VIRTHELM_LONG === '1'
/** A minute: each lane that reads once a minute or more often has its turn. */
const TICKS = IS_LONG ? 150 : 30
const INTERVAL_MS = 2_000
const never = new AbortController().signal
const pause = (durationMs: number): Promise<void> => systemClock.sleep(durationMs, never)
const SHELL_USERS = ['op', 'op-dash', 'op-ash', 'op-fish', 'op-tcsh', 'op-zsh']

describe.skipIf(missing !== null)(`telemetry${missing === null ? '' : ` (${missing})`}`, () => {
  let running: LabEngine | null = null
  afterEach(async () => {
    await running?.close()
    running = null
    await lab.restoreLab()
  })
  const start = async (...given: Parameters<typeof startLabEngine>): Promise<LabEngine> =>
    (running = await startLabEngine(...given))

  describe('is right', () => {
    let connector: Connector & { close(): void }
    beforeAll(() => {
      connector = labConnector()
    })
    afterAll(() => connector.close())

    it('by a second connection that reads right before and right after', async () => {
      const reader = openSecondReader('lab1', 'op')
      const connection = await connectTo(connector, { server: 'lab1', user: 'op' })
      try {
        const sampler = createHostSampler({ log: silentLog, clock: systemClock })
        const sampling = await sampler.start(connection, { signal: never })
        const bracketed = async (): Promise<Bracketed> => {
          const before = await reader.read()
          const sample = await sampling.sample(never)
          return { before, sample, after: await reader.read() }
        }
        const first = await bracketed()
        await pause(INTERVAL_MS)
        expectRight(first, await bracketed())
        sampling.close()
      } finally {
        connection.close()
        reader.close()
      }
    })
  })

  it(
    `costs one login, one process a second and no file, with all lanes and sudo for ${TICKS} ticks`,
    { timeout: 600_000 },
    async () => {
      const files = await lab.writableFiles('lab3')
      const logins = lab.loginCount('lab3', 'op')
      const own = await start([{ name: 'lab3', server: 'lab3', user: 'op', useSudo: true }], INTERVAL_MS)
      await everyLaneHasSpoken(own, ['lab3'])
      // Packages are counted once, a minute after the connection came up, and then every six hours.
      await lab.eventually(
        'packages are counted',
        () => own.capability('lab3', 'updates')?.works === true,
        90_000
      )
      const cost = await pidsOfOneReading()
      const before = await lastPid('lab3')
      const ticks = await countTicks(own, 'lab3', TICKS)
      const forks = (await lastPid('lab3')) - before - cost
      console.info(`${(forks / ticks).toFixed(2)} processes a tick`)
      expect(ticks).toBe(TICKS)
      // The fast lane starts none or one a tick (sampling.test.ts); the rest is what the slow lanes run in this span.
      expect(forks / ticks).toBeLessThanOrEqual(INTERVAL_MS / 1_000)
      expect(changesOf(files, await lab.writableFiles('lab3'))).toEqual([])
      expect(lab.loginCount('lab3', 'op')).toBe(logins + 1)
      await own.close()
      running = null
      await lab.eventually('its processes are gone', () => lab.sshSessionPids('lab3', 'op').length === 0)
      expect(changesOf(files, await lab.writableFiles('lab3'))).toEqual([])
    }
  )

  it('says the same in every login shell', async () => {
    const own = await start(
      SHELL_USERS.map((user) => ({ name: user, server: 'lab1', user })),
      INTERVAL_MS
    )
    await everyLaneHasSpoken(own, SHELL_USERS)
    const said = (user: string): string[] =>
      own
        .server(user)
        .view()
        .capabilities.map(({ id, works, cause }) => `${id} ${works ? 'works' : ''} ${cause ?? ''}`)
        .sort()
    expect(said('op').length).toBeGreaterThan(3)
    for (const user of SHELL_USERS) {
      expect(said(user), user).toEqual(said('op'))
      expect(said(user).filter((line) => /stalled|unreadable/.test(line))).toEqual([])
      const { facts, now } = own.server(user).view()
      expect(facts).toMatchObject({
        hostName: 'lab1',
        packageManager: 'apt',
        dnsServers: expect.any(Array) as string[]
      })
      expect(now?.cpuUsedRatio).toBeGreaterThanOrEqual(0)
    }
  })

  it('keeps its pace while df, sudo and a mount hang', async () => {
    await hangTools('lab2', 'op')
    const own = await start([{ name: 'lab2', server: 'lab2', user: 'op', useSudo: true }], INTERVAL_MS)
    const { picture } = own.server('lab2')
    await lab.eventually('the first values', () => typeof picture.now?.uptimeSec === 'number')
    const startedMs = performance.now()
    const ticks = await countTicks(own, 'lab2', 11)
    const spanMs = performance.now() - startedMs
    expect(ticks).toBe(11)
    // Eleven ticks in the time of eleven intervals, with two to spare for a busy machine.
    expect(spanMs).toBeLessThan(13 * INTERVAL_MS)
    await lab.eventually(
      'the lane of file systems says so',
      () => own.capability('lab2', 'fileSystems')?.cause === 'stalled',
      30_000
    )
    await lab.eventually(
      'and so does sudo',
      () => own.capability('lab2', 'sudo')?.cause === 'stalled',
      60_000
    )
    expect(own.capability('lab2', 'host')).toMatchObject({ works: true })
    expect(picture.machines.counts()?.running).toBe(2)
  })

  it('shows the line that lets sudo work, and sees at once that it does', async () => {
    const user = 'plain'
    const own = await start([{ name: 'lab2', server: 'lab2', user, useSudo: true }], INTERVAL_MS)
    await lab.eventually('sudo is tried', () => own.capability('lab2', 'sudo') !== undefined, 30_000)
    const refused = own.capability('lab2', 'sudo')
    expect(refused).toMatchObject({ works: false, cause: 'permissionDenied' })
    lab.onRestore(() => rmSync(join(lab.labServer('lab2').folder, 'etc/sudoers.d/virthelm'), { force: true }))
    await lab.inServer('lab2', ['env', `USER=${user}`, 'bash', '-c', refused?.fix ?? 'exit 9'])
    own.server('lab2').readNow()
    await lab.eventually('sudo works', () => own.capability('lab2', 'sudo')?.works === true, 30_000)
  })
})

interface Bracketed {
  readonly before: Reading
  readonly sample: HostSample
  readonly after: Reading
}

/** What a counter grew must lie between what the two readings around each sample allow, within 1 % or one tick. */
function expectRight(first: Bracketed, { before, sample, after }: Bracketed): void {
  const valuesOf = <K extends EntityKind>(kind: K, key: string): MetricValues<K> =>
    (sample.entities.find((entity) => entity.kind === kind && entity.key === key) as EntityValues<K>).values
  const elapsedSec = sample.uptimeSec - first.sample.uptimeSec
  const within = (rate: number | undefined, counter: (reading: Reading) => number, tick: number): void => {
    const growth = (rate ?? Number.NaN) * elapsedSec
    expect(growth).toBeGreaterThanOrEqual((counter(before) - counter(first.after)) * 0.99 - tick)
    expect(growth).toBeLessThanOrEqual((counter(after) - counter(first.before)) * 1.01 + tick)
  }
  const between = (value: number | undefined, one: number, other: number, slack: number): void => {
    expect(value).toBeGreaterThanOrEqual(Math.min(one, other) - slack)
    expect(value).toBeLessThanOrEqual(Math.max(one, other) + slack)
  }
  const host = valuesOf('server', '')
  expect(sample.brokenBy).toBeNull()
  between(sample.uptimeSec, before.uptimeSec, after.uptimeSec, 0.01)
  // A share is right when the busy and the idle ticks are; both may be off by one of each CPU.
  const tickShare = 0.01 + 4 / (after.cpuTotal - first.before.cpuTotal)
  between(host.cpuUsedRatio, ...extremes(first, { before, sample, after }), tickShare)
  const total = before.memory.get('MemTotal') ?? 0
  expect(host.memoryTotalBytes).toBe(total)
  const used = (reading: Reading): number => total - (reading.memory.get('MemAvailable') ?? 0)
  between(host.memoryUsedBytes, used(before), used(after), total * 0.01)
  for (const [value, at] of [
    [host.load1, 0],
    [host.load5, 1],
    [host.load15, 2]
  ] as const) {
    expect([before.load[at], after.load[at]]).toContain(value)
  }
  const interfaces = sample.entities.filter(({ kind }) => kind === 'interface').map(({ key }) => key)
  expect(interfaces.length).toBeGreaterThan(0)
  for (const name of interfaces) {
    within(valuesOf('interface', name).rxBytesPerSec, (reading) => reading.interfaces.get(name)?.[0] ?? 0, 1)
    within(valuesOf('interface', name).txBytesPerSec, (reading) => reading.interfaces.get(name)?.[1] ?? 0, 1)
  }
  const disks = sample.entities.filter(({ kind }) => kind === 'disk').map(({ key }) => key)
  expect(disks.length).toBeGreaterThan(0)
  for (const name of disks) {
    within(valuesOf('disk', name).readBytesPerSec, (reading) => reading.disks.get(name)?.[0] ?? 0, 512)
    within(valuesOf('disk', name).writeBytesPerSec, (reading) => reading.disks.get(name)?.[1] ?? 0, 512)
  }
}

/**
 * The share of busy time lies between what the readings allow when all busy time between a reading and its sample is given to
 * the window, and when none is: so a machine that is busy in between cannot make it fail.
 */
function extremes(first: Bracketed, second: Bracketed): [number, number] {
  const spans = [
    [first.before, second.before],
    [first.before, second.after],
    [first.after, second.before],
    [first.after, second.after]
  ] as const
  const shares = spans.map(([one, other]) => busyRatio(one, other))
  return [Math.min(...shares), Math.max(...shares)]
}

/** Resolves after so many fast samples of a server. */
async function countTicks({ engine }: LabEngine, name: string, wanted: number): Promise<number> {
  const life = new AbortController()
  const serverId = engine.directory.runtimes().find(({ record }) => record.name === name)?.record.id
  if (serverId === undefined) throw new Error(`no ${name}`)
  let ticks = 0
  let lastAtMs = 0
  const stream = engine.handlers['servers.watch']({}, { signal: life.signal })
  for await (const event of stream) {
    const views = event.kind === 'snapshot' ? event.servers : event.changed
    const now = views.find(({ record }) => record.id === serverId)?.now
    const uptimeSec = now?.uptimeSec ?? null
    if (now === null || now === undefined || uptimeSec === null || uptimeSec === lastAtMs) continue
    if (lastAtMs !== 0) ticks++
    lastAtMs = uptimeSec
    if (ticks >= wanted) break
  }
  life.abort()
  return ticks
}

/** The number of the newest process of a server: it grows by one with each that is started. */
async function lastPid(server: string): Promise<number> {
  const { stdout } = await lab.inServer(server, ['cat', '/proc/sys/kernel/ns_last_pid'])
  return Number(stdout)
}

/** Reading it starts processes too. */
async function pidsOfOneReading(): Promise<number> {
  const before = await lastPid('lab3')
  return (await lastPid('lab3')) - before
}

/** New and changed files. Left out: logs, sudo's own time stamps, and what libvirt and its guests write all the time. */
function changesOf(before: Map<string, string>, after: Map<string, string>): string[] {
  const busy = /^\/(var\/log\/|var\/(lib|cache)\/libvirt|run\/libvirt|run$|run\/sudo)/
  return [...after]
    .filter(([path, stamp]) => !busy.test(path) && before.get(path) !== stamp)
    .map(([path]) => path)
}

/** From now on `df` and `sudo` of this account take 40 s, and a file system of its own answers nobody. */
async function hangTools(server: string, user: string): Promise<void> {
  const { folder } = lab.labServer(server)
  const home = join(folder, 'home', user)
  const mount = `/home/${user}/dead`
  const shell = (script: string): Promise<unknown> => lab.inServer(server, ['bash', '-c', script])
  let pid = 0
  lab.onRestore(async () => {
    if (pid > 0) process.kill(pid, 'SIGCONT')
    await shell(
      `umount -l ${mount} 2>/dev/null; rm -rf ${mount} ${mount}-data /home/${user}/slow /home/${user}/sftp`
    )
    if (hadRc) await shell(`mv /home/${user}/.bashrc.before /home/${user}/.bashrc`)
    else rmSync(join(home, '.bashrc'), { force: true })
  })
  const { code } = await lab.inServer(server, ['test', '-e', `/home/${user}/.bashrc`], { check: false })
  const hadRc = code === 0
  if (hadRc) await shell(`cp -p /home/${user}/.bashrc /home/${user}/.bashrc.before`)
  await shell(`mkdir -p /home/${user}/slow ${mount} ${mount}-data
    printf '#!/bin/sh\\nexec sleep 40\\n' > /home/${user}/slow/df; cp /home/${user}/slow/df /home/${user}/slow/sudo; chmod 755 /home/${user}/slow/*
    printf '#!/bin/sh\\nexec /usr/lib/openssh/sftp-server\\n' > /home/${user}/sftp; chmod 755 /home/${user}/sftp
    sshfs -o ssh_command=/home/${user}/sftp,allow_other x:${mount}-data ${mount}`)
  writeFileSync(join(home, '.bashrc'), `PATH=/home/${user}/slow:$PATH\n`)
  const found = await lab.run(['pgrep', '-f', `^sshfs .*${mount}$`])
  pid = Number(found.stdout.trim().split('\n')[0])
  process.kill(pid, 'SIGSTOP')
}

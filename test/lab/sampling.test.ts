/** The sampler over real sshd, against independent readings of the same kernel. */
import { cpus, release, totalmem } from 'node:os'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { EntityValues, EntityKind, MetricValues } from '#contract/metric-catalogue.ts'
import { systemClock } from '../../src-main/application/clock.ts'
import type { HostSample } from '../../src-main/application/sampling/host-sampler.ts'
import type { Connector } from '../../src-main/application/servers/connection.ts'
import { createHostSampler } from '../../src-main/remote/sampler/index.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import { connectTo, labConnector, type LabLogin } from './console.ts'
import { busyRatio, fileSystemOf, readIndependently, type Reading } from './independent.ts'
import * as lab from './lab.ts'

const missing = lab.whyNoLab()
const signal = (): AbortSignal => AbortSignal.timeout(60_000)
const sampler = createHostSampler({ log: silentLog, clock: systemClock })
const WINDOW_MS = 4_000

function valuesOf<K extends EntityKind>(
  entities: readonly EntityValues[],
  kind: K,
  key: string
): MetricValues<K> {
  const found = entities.find((entity) => entity.kind === kind && entity.key === key)
  if (found === undefined) throw new Error(`no ${kind} ${key} in the sample`)
  return (found as EntityValues<K>).values
}

/** A sample with a reading right before and right after it. */
interface Bracketed {
  readonly before: Reading
  readonly sample: HostSample
  readonly after: Reading
}

/** The counter's growth that a rate stands for must lie between what the readings allow, within 1 %. */
function expectGrowth(
  rate: number | undefined,
  first: Bracketed,
  second: Bracketed,
  counter: (reading: Reading) => number
): void {
  const growth = (rate ?? Number.NaN) * (second.sample.uptimeSec - first.sample.uptimeSec)
  const least = counter(second.before) - counter(first.after)
  const most = counter(second.after) - counter(first.before)
  expect(growth).toBeGreaterThanOrEqual(least * 0.99 - 1)
  expect(growth).toBeLessThanOrEqual(most * 1.01 + 1)
}

describe.skipIf(missing !== null)(`sampling real servers${missing === null ? '' : ` (${missing})`}`, () => {
  let connector: Connector & { close(): void }
  beforeAll(() => {
    connector = labConnector()
  })
  afterAll(() => connector.close())
  afterEach(() => lab.restoreLab())

  async function onSampler<T>(
    login: LabLogin,
    use: (sampling: Awaited<ReturnType<typeof sampler.start>>) => Promise<T>
  ): Promise<T> {
    const connection = await connectTo(connector, login)
    try {
      const sampling = await sampler.start(connection, { signal: signal() })
      try {
        return await use(sampling)
      } finally {
        sampling.close()
      }
    } finally {
      connection.close()
    }
  }

  it('gives the values that an independent reading gives, within 1 %', async () => {
    const guest = lab.labGuest('lab1', '12')
    await onSampler({ server: 'lab1', user: 'op' }, async (sampling) => {
      const bracketed = async (): Promise<Bracketed> => {
        const before = readIndependently('lab1')
        const sample = await sampling.sample(signal())
        return { before, sample, after: readIndependently('lab1') }
      }
      const first = await bracketed()
      // Something to measure on every counter, for the length of the window.
      const load = lab.tellGuest('lab1', guest.uuid, 'send 100')
      await systemClock.sleep(WINDOW_MS, signal())
      const second = await bracketed()
      await load

      const { before, sample, after } = second
      const host = valuesOf(sample.entities, 'server', '')
      expect(sample.brokenBy).toBeNull()
      const busy = [busyRatio(first.before, before), busyRatio(first.after, after)]
      expect(host.cpuUsedRatio).toBeGreaterThanOrEqual(Math.min(...busy) - 0.01)
      expect(host.cpuUsedRatio).toBeLessThanOrEqual(Math.max(...busy) + 0.01)
      const memoryTotal = before.memory.get('MemTotal') ?? 0
      expect(host.memoryTotalBytes).toBe(memoryTotal)
      const used = memoryTotal - (before.memory.get('MemAvailable') ?? 0)
      expect(Math.abs((host.memoryUsedBytes ?? 0) - used)).toBeLessThan(memoryTotal * 0.01)
      expect([before.load[0], after.load[0]]).toContain(host.load1)
      expect([before.load[2], after.load[2]]).toContain(host.load15)
      expect(sample.uptimeSec).toBeGreaterThanOrEqual(before.uptimeSec)
      expect(sample.uptimeSec).toBeLessThanOrEqual(after.uptimeSec)

      for (const name of before.interfaces.keys()) {
        const values = sample.entities.find(
          (entity) => entity.kind === 'interface' && entity.key === name
        )?.values
        if (values === undefined || name === 'lo') continue
        const rates = valuesOf(sample.entities, 'interface', name)
        expectGrowth(rates.rxBytesPerSec, first, second, (reading) => reading.interfaces.get(name)?.[0] ?? 0)
        expectGrowth(rates.txBytesPerSec, first, second, (reading) => reading.interfaces.get(name)?.[1] ?? 0)
      }
      expect(valuesOf(sample.entities, 'interface', 'virbr0').rxBytesPerSec).toBeGreaterThan(1_000)
      const disks = sample.entities.filter((entity) => entity.kind === 'disk')
      expect(disks.length).toBeGreaterThan(0)
      for (const { key } of disks) {
        const rates = valuesOf(sample.entities, 'disk', key)
        expectGrowth(rates.readBytesPerSec, first, second, (reading) => reading.disks.get(key)?.[0] ?? 0)
        expectGrowth(rates.writeBytesPerSec, first, second, (reading) => reading.disks.get(key)?.[1] ?? 0)
      }
    })
  })

  it('gives each file system once, as statfs has it', async () => {
    await onSampler({ server: 'lab1', user: 'op' }, async (sampling) => {
      const entities = await sampling.readFileSystems(signal())
      const mounts = entities.filter((entity) => entity.kind === 'mount')
      expect(mounts.length).toBeGreaterThan(0)
      for (const { key } of mounts) {
        const [size, used, available] = fileSystemOf('lab1', key)
        const values = valuesOf(entities, 'mount', key)
        expect(Math.abs((values.sizeBytes ?? 0) / size - 1)).toBeLessThan(0.01)
        expect(Math.abs((values.usedBytes ?? 0) - used)).toBeLessThan(size * 0.01)
        expect(Math.abs((values.availableBytes ?? 0) - available)).toBeLessThan(size * 0.01)
      }
    })
  })

  it('knows what the server is', async () => {
    const facts = await onSampler({ server: 'lab2', user: 'op-tcsh' }, (sampling) =>
      sampling.readFacts(signal())
    )
    expect(facts).toMatchObject({
      hostName: 'lab2',
      kernelRelease: release(),
      cpuThreads: cpus().length,
      memoryTotalBytes: totalmem(),
      loginShell: lab.labAccount('op-tcsh').shell
    })
  })

  for (const user of missing === null ? keyUsers() : []) {
    const account = lab.labAccount(user)
    it(`works for ${user} (${account.shell}${account.noise === 'slow' ? ', noisy slow rc file' : ''})`, async () => {
      const sample = await onSampler({ server: 'lab1', user }, async (sampling) => {
        await sampling.sample(signal())
        // Shares need more than one tick of the server's own clock.
        await systemClock.sleep(200, signal())
        return sampling.sample(signal())
      })
      const host = valuesOf(sample.entities, 'server', '')
      expect(host.memoryTotalBytes).toBe(totalmem())
      expect(host.cpuUsedRatio).toBeGreaterThanOrEqual(0)
    })
  }

  it('logs in once, leaves no process and makes no file on the server', async () => {
    const server = 'lab2'
    const files = await lab.writableFiles(server)
    const logins = lab.loginCount(server, 'op')
    await onSampler({ server, user: 'op' }, async (sampling) => {
      await sampling.readFacts(signal())
      for (let tick = 0; tick < 10; tick++) await sampling.sample(signal())
      await sampling.readFileSystems(signal())
      const during = await lab.writableFiles(server)
      expect(changesOf(files, during)).toEqual([])
    })
    await lab.eventually('its processes are gone', () => lab.sshSessionPids(server, 'op').length === 0)
    expect(lab.loginCount(server, 'op')).toBe(logins + 1)
    expect(changesOf(files, await lab.writableFiles(server))).toEqual([])
  })

  it('reaches lab3 through lab1, both logins counted', async () => {
    const before = [lab.loginCount('lab1', 'op-dash'), lab.loginCount('lab3', 'op-dash')]
    const [one, two] = await Promise.all(
      [1, 2].map(() =>
        onSampler(
          { server: 'lab3', user: 'op-dash' },
          async (sampling) => (await sampling.readFacts(signal())).hostName
        )
      )
    )
    expect([one, two]).toEqual(['lab3', 'lab3'])
    // Two connections to the target share one to the jump.
    expect(lab.loginCount('lab1', 'op-dash')).toBe((before[0] ?? 0) + 1)
    expect(lab.loginCount('lab3', 'op-dash')).toBe((before[1] ?? 0) + 2)
  })
})

const keyUsers = (): string[] =>
  lab
    .labState()
    .accounts.filter((account) => account.login.includes('key'))
    .map((account) => account.user)

/** New and changed files. Left out: sshd's own log, and what libvirt and its guests write all the time. */
function changesOf(before: Map<string, string>, after: Map<string, string>): string[] {
  const busy = /^\/(var\/log\/(sshd\.log|libvirt)|var\/(lib|cache)\/libvirt|run\/libvirt)/
  return [...after]
    .filter(([path, stamp]) => !busy.test(path) && before.get(path) !== stamp)
    .map(([path]) => path)
}

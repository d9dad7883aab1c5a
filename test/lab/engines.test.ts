/** Outside engines against the real ones of Debian. Needs their packages, not the lab's servers. */
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  EngineSettings,
  type EngineLogin,
  type EngineTarget,
  type EngineTestResult
} from '#contract/engines.ts'
import type { EntityRef, HistoryAnswer } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { systemClock, type Clock } from '../../src-main/application/clock.ts'
import { EngineVault } from '../../src-main/application/engines/engine-vault.ts'
import { OutsideEngines } from '../../src-main/application/engines/outside-engines.ts'
import { OutsideReader } from '../../src-main/application/engines/outside-reader.ts'
import { testReading, testTarget } from '../../src-main/application/engines/test-engine.ts'
import { SealedTexts } from '../../src-main/application/sealed-texts.ts'
import {
  KEY_LABEL,
  labelText,
  outsideMetric,
  type OutsideTick
} from '../../src-main/domain/engines/naming.ts'
import { diskQueues } from '../../src-main/platform/disk-queue.ts'
import { memoryCipher } from '../../src-main/platform/memory-cipher.ts'
import { createEngineHttp } from '../../src-main/remote/engines/http-client.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import { silentLog } from '../fakes/engine-parts.ts'
import {
  EngineProcess,
  influxQuery,
  storedSamples,
  whyNoEngines,
  type EngineKind,
  type StoredSample
} from './engine-processes.ts'
import { eventually } from './faults.ts'

const missing = whyNoEngines()
const long = process.env['VIRTHELM_LONG'] === '1'
const serverId = '00000000-0000-4000-8000-000000000001' as ServerId
/** Waits are a tenth, so that batches and retries do not take minutes. */
const clock: Clock = {
  ...systemClock,
  sleep: (durationMs, signal) => systemClock.sleep(durationMs / 10, signal)
}
const { signal } = new AbortController()

let folder = ''
let influx: EngineProcess
let victoria: EngineProcess
let prometheus: EngineProcess
const open: OutsideEngines[] = []

/** `blobs`: what an earlier console kept. */
function engines(name: string, blobs = new Map<string, Uint8Array>()): OutsideEngines {
  const store = {
    get: async (key: string) => blobs.get(key) ?? null,
    set: async (key: string, value: Uint8Array | null) =>
      void (value === null ? blobs.delete(key) : blobs.set(key, value))
  }
  const made = new OutsideEngines({
    blobs: store,
    vault: new EngineVault({
      sealed: new SealedTexts({ cipher: memoryCipher(), blobs: store }),
      secretOf: createSecret
    }),
    queues: diskQueues(join(folder, `queues-${name}`), silentLog),
    http: createEngineHttp(),
    clock,
    log: silentLog,
    random: Math.random
  })
  open.push(made)
  return made
}

const settings = (target: EngineTarget): EngineSettings =>
  EngineSettings.parse({ name: 'engine', enabled: true, target })
const influx1 = (address: string, database = 'virthelm', user = ''): EngineTarget => ({
  kind: 'influx1',
  url: address,
  database,
  user
})
const remoteWrite = (address: string, login: EngineLogin = { kind: 'none' }): EngineTarget => ({
  kind: 'remoteWrite',
  url: `${address}/api/v1/write`,
  login
})

/** Names as careless programs stumble over, and values of every size. */
const HOSTILE_VMS = [
  '$(id)',
  '-H',
  '<b>x',
  'a,b=c d',
  'quo"te\'s',
  '虚拟机😀',
  'line\nbreak',
  'back\\slash\\'
]
function ticksFrom(firstAtMs: number, count: number, server = 'web, "prod"=1'): OutsideTick[] {
  return Array.from({ length: count }, (_, index) => ({
    atMs: firstAtMs + index * 1_000,
    serverId,
    server,
    entities: [
      {
        kind: 'server',
        key: '',
        name: '',
        values: {
          cpuUsedRatio: ((index * 7_919) % 10_000) / 10_000,
          load1: index / 100,
          netRxBytes: 2 ** 45 + index * 1_501
        }
      },
      { kind: 'mount', key: '/srv/a b=c,d', name: '', values: { usedBytes: index * 4_096, usedRatio: 0 } },
      { kind: 'disk', key: 'nvme0n1', name: '', values: { awaitMs: 12.34 + index } },
      ...HOSTILE_VMS.map((name, vm) => ({
        kind: 'vm' as const,
        key: `00000000-0000-4000-8000-0000000001${String(vm).padStart(2, '0')}`,
        name,
        values: { cpuUsedRatio: (index % 97) / 100, diskReadOpsPerSec: index + vm / 100 }
      }))
    ]
  }))
}

function expectedSamples(ticks: readonly OutsideTick[], kind: EngineKind = 'influxd'): string[] {
  return sorted(
    ticks.flatMap((tick) =>
      tick.entities.flatMap((entity) =>
        Object.entries(entity.values).map(([metric, value]): StoredSample => {
          const outside = outsideMetric(entity.kind, metric)
          const keyLabel = KEY_LABEL[entity.kind]
          const labels = {
            server: tick.server,
            server_id: tick.serverId,
            ...(keyLabel !== null && { [keyLabel]: entity.key }),
            ...(entity.kind === 'vm' && { vm: labelText(entity.name) })
          }
          return [
            `virthelm_${entity.kind}_${outside?.field ?? ''}`,
            labels,
            value / (outside?.divisor ?? 1),
            tick.atMs
          ]
        })
      )
    ),
    kind
  )
}
/** VictoriaMetrics keeps decimal numbers of 15 digits: of its samples, and of those expected of it, no more are compared. */
const sorted = (samples: readonly StoredSample[], kind: EngineKind = 'influxd'): string[] =>
  samples
    .map(([name, labels, exact, atMs]): StoredSample => {
      const value = kind === 'victoria-metrics' ? Number(exact.toPrecision(15)) : exact
      return [name, labels, value, atMs]
    })
    .map(([name, labels, value, atMs]) =>
      JSON.stringify([name, Object.entries(labels).toSorted(), value, atMs])
    )
    .toSorted()

const countOf = (outside: OutsideEngines, field: 'sentSamples' | 'queuedSamples'): number =>
  outside.view().engines[0]?.status[field] ?? -1
async function allSent(outside: OutsideEngines, ticks: readonly OutsideTick[]): Promise<void> {
  const samples = expectedSamples(ticks).length
  await eventually('all sent', () => countOf(outside, 'sentSamples') === samples, 30_000)
}

beforeAll(async () => {
  if (missing !== null) return
  folder = mkdtempSync(join(tmpdir(), 'virthelm-engines-'))
  ;[influx, victoria, prometheus] = await Promise.all([
    EngineProcess.start('influxd', folder),
    EngineProcess.start('victoria-metrics', folder),
    EngineProcess.start('prometheus', folder)
  ])
})
afterEach(async () => {
  for (const outside of open.splice(0)) await outside.close()
})
afterAll(async () => {
  if (missing !== null) return
  await Promise.all([influx.stop('SIGKILL'), victoria.stop('SIGKILL'), prometheus.stop('SIGKILL')])
  rmSync(folder, { recursive: true, force: true })
})

/** No sample of an earlier test is left; Prometheus is started anew. */
async function emptied(kind: EngineKind): Promise<EngineProcess> {
  if (kind === 'influxd') {
    if (!influx.running) await influx.start()
    await influxQuery(influx.address, 'DROP DATABASE virthelm')
    await influxQuery(influx.address, 'CREATE DATABASE virthelm')
    return influx
  }
  const before = kind === 'prometheus' ? prometheus : victoria
  await before.stop('SIGKILL')
  const fresh = await EngineProcess.start(kind, folder)
  if (kind === 'prometheus') prometheus = fresh
  else victoria = fresh
  return fresh
}

const WAYS = [
  ['line protocol v1', 'influxd', (address: string) => influx1(address)],
  ['line protocol v1', 'victoria-metrics', (address: string) => influx1(address)],
  [
    'line protocol v2',
    'victoria-metrics',
    (address: string): EngineTarget => ({ kind: 'influx2', url: address, org: 'o', bucket: 'virthelm' })
  ],
  ['remote write', 'victoria-metrics', (address: string) => remoteWrite(address)],
  ['remote write', 'prometheus', (address: string) => remoteWrite(address)]
] as const

describe.skipIf(missing !== null)(`outside engines${missing === null ? '' : ` (${missing})`}`, () => {
  it.each(WAYS)(
    '%s: %s has every sample with the same value, time and names',
    async (_form, kind, target) => {
      const engine = await emptied(kind)
      const outside = engines(`same-${kind}-${String(open.length)}-${_form}`)
      await outside.save(null, settings(target(engine.address)), 'token')
      const ticks = ticksFrom(Date.now() - 1_800_000, 200)
      for (const tick of ticks) outside.take(tick)
      await allSent(outside, ticks)
      expect(sorted(await storedSamples(engine), kind)).toEqual(expectedSamples(ticks, kind))
    }
  )

  // VictoriaMetrics says "taken" some seconds before it writes to its disk: what it forgets when it is killed is its own.
  it.each([
    ['line protocol', 'influxd', 'SIGKILL', (address: string) => influx1(address)],
    ['remote write', 'prometheus', 'SIGKILL', (address: string) => remoteWrite(address)],
    ['remote write', 'victoria-metrics', 'SIGTERM', (address: string) => remoteWrite(address)]
  ] as const)(
    '%s: %s ended by %s in the middle and started again has everything, and nothing twice',
    async (_form, kind, ending, target) => {
      const engine = await emptied(kind)
      const outside = engines(`killed-${kind}`)
      const id = await outside.save(null, settings(target(engine.address)), null)
      const ticks = ticksFrom(Date.now() - 3_600_000, long ? 3_000 : 600)
      const part = Math.ceil(ticks.length / 6)
      for (let round = 0; round < 6; round++) {
        const before = countOf(outside, 'sentSamples')
        for (const tick of ticks.slice(round * part, (round + 1) * part)) outside.take(tick)
        if (engine.running) {
          await eventually('some of it got through', () => countOf(outside, 'sentSamples') > before)
          await engine.stop(ending)
        } else {
          await eventually('it waits', () => outside.view().engines[0]?.status.state === 'waiting')
          await engine.start()
          outside.retryNow(id)
        }
      }
      await eventually('nothing waits', () => countOf(outside, 'queuedSamples') === 0, 60_000)
      expect(sorted(await storedSamples(engine), kind)).toEqual(expectedSamples(ticks, kind))
      expect(outside.view().engines[0]?.status.droppedSamples).toBe(0)
    }
  )

  it('sends after a restart of the console what it could not send before', async () => {
    const engine = await emptied('influxd')
    const ticks = ticksFrom(Date.now() - 3_600_000, 100)
    await engine.stop()
    const blobs = new Map<string, Uint8Array>()
    const first = engines('restart', blobs)
    await first.save(null, settings(influx1(engine.address)), null)
    for (const tick of ticks) first.take(tick)
    await eventually('it waits', () => first.view().engines[0]?.status.state === 'waiting')
    await first.close()
    open.splice(0)
    await engine.start()
    const second = engines('restart', blobs)
    await second.open()
    await allSent(second, ticks)
    expect(sorted(await storedSamples(engine))).toEqual(expectedSamples(ticks))
  })

  it('says in its steps what is wrong with an address', async () => {
    await emptied('influxd')
    const http = createEngineHttp()
    const deps = { http, clock: systemClock, log: silentLog }
    const failing = async (target: EngineTarget, secret: string | null = null): Promise<string> =>
      firstFailure(await testTarget(deps, target, secret === null ? null : createSecret(secret), signal))
    expect(await failing(influx1(influx.address))).toBe('passed')
    expect(await failing(influx1(influx.address, 'nowhere'))).toBe('answer: engineStoreMissing')
    expect(await failing(influx1(prometheus.address))).toBe('answer: engineNotThisKind')
    expect(await failing(remoteWrite(influx.address))).toBe('answer: engineNotThisKind')
    expect(await failing(remoteWrite(prometheus.address))).toBe('passed')
    expect(await failing(influx1(influx.address.replace('http:', 'https:')))).toBe('tls: tlsFailed')
    expect(await failing(influx1('http://127.0.0.1:9'))).toBe('connect: connectionRefused')
    http.close()
  })

  it('logs in, and says when it is not let in', async () => {
    const guarded = await EngineProcess.start('influxd', folder, { auth: true })
    try {
      const password = 'pä"ss:wörd'
      await influxQuery(guarded.address, `CREATE USER admin WITH PASSWORD '${password}' WITH ALL PRIVILEGES`)
      // btoa knows Latin-1 only; the database is made by the console's own kind of login below.
      const login = Buffer.from(`admin:${password}`).toString('latin1')
      await influxQuery(guarded.address, 'CREATE DATABASE virthelm', login)
      const http = createEngineHttp()
      const deps = { http, clock: systemClock, log: silentLog }
      const target = influx1(guarded.address, 'virthelm', 'admin')
      expect(firstFailure(await testTarget(deps, target, createSecret('wrong'), signal))).toBe(
        'answer: engineLoginRefused'
      )
      expect(firstFailure(await testTarget(deps, target, createSecret(password), signal))).toBe('passed')
      http.close()
      const outside = engines('guarded')
      await outside.save(null, settings(target), password)
      const ticks = ticksFrom(Date.now() - 60_000, 5)
      for (const tick of ticks) outside.take(tick)
      await allSent(outside, ticks)
    } finally {
      await guarded.stop('SIGKILL')
    }
  })

  it.each(['victoria-metrics', 'prometheus'] as const)(
    'draws from %s the buckets that the samples make, with their peaks',
    async (kind) => {
      const engine = await emptied(kind)
      const outside = engines(`reading-${kind}`)
      const http = createEngineHttp()
      const reading = { enabled: true, url: engine.address, login: { kind: 'none' as const }, fromAgeMs: 0 }
      const deps = { http, clock: systemClock, log: silentLog }
      expect(firstFailure(await testReading(deps, reading, null, signal))).toBe('data: engineNoData')

      await outside.save(null, settings(remoteWrite(engine.address)), null)
      const bucketMs = 60_000
      const fromAtMs = Math.floor((Date.now() - 3_000_000) / bucketMs) * bucketMs
      // The VMs are renamed half-way: to the console they are still the same.
      const ticks = [...ticksFrom(fromAtMs, 600), ...ticksFrom(fromAtMs + 600_000, 600, 'another name')]
      ticks.push({
        // VictoriaMetrics shows nothing of the last 30 s.
        atMs: Date.now() - 60_000,
        serverId,
        server: 'web',
        entities: [{ kind: 'server', key: '', name: '', values: { uptimeSec: 5 } }]
      })
      for (const tick of ticks) outside.take(tick)
      await allSent(outside, ticks)
      if (kind === 'victoria-metrics') await fetch(`${engine.address}/internal/force_flush`)

      const reader = new OutsideReader({
        http,
        clock: systemClock,
        log: silentLog,
        onChange: () => undefined
      })
      reader.change(reading, null)
      const wanted: [EntityRef, string][] = [
        [{ serverId, kind: 'server', key: '' }, 'cpuUsedRatio'],
        [{ serverId, kind: 'server', key: '' }, 'netRxBytes'],
        [{ serverId, kind: 'mount', key: '/srv/a b=c,d' }, 'usedBytes'],
        [{ serverId, kind: 'disk', key: 'nvme0n1' }, 'awaitMs'],
        ...HOSTILE_VMS.map((_name, vm): [EntityRef, string] => [
          { serverId, kind: 'vm', key: `00000000-0000-4000-8000-0000000001${String(vm).padStart(2, '0')}` },
          'diskReadOpsPerSec'
        ])
      ]
      const own: HistoryAnswer = { level: 'raw', bucketMs: 5_000, atMs: [], series: [], gaps: [] }
      const startedMs = performance.now()
      const answer = await reader.over({ read: async () => own })(
        {
          series: wanted.map(([entity, metric]) => ({ entity, metrics: [metric] })),
          fromAtMs,
          toAtMs: fromAtMs + 20 * bucketMs,
          maxPoints: 1_000
        },
        signal
      )
      console.log(
        `${kind}: ${String(wanted.length)} series of 20 buckets in ${(performance.now() - startedMs).toFixed(0)} ms`
      )
      expect(reader.status().error).toBeNull()
      expect(answer).toMatchObject({ bucketMs, answeredBy: 'outsideEngine' })
      expect(answer.atMs).toEqual(Array.from({ length: 20 }, (_, index) => fromAtMs + index * bucketMs))
      wanted.forEach(([entity, metric], index) => {
        const columns = referenceColumns(ticks, entity, metric, fromAtMs, bucketMs, 20)
        const got = answer.series[index]
        for (const part of ['mean', 'min', 'max'] as const) {
          got?.[part].forEach((value, bucket) => expect(value).toBeCloseTo(columns[part][bucket] ?? NaN, 6))
          expect(got?.[part]).toHaveLength(20)
        }
      })
      await eventually(
        'the test finds samples',
        async () => firstFailure(await testReading(deps, reading, null, signal)) === 'passed',
        60_000,
        1_000
      )
      http.close()
    }
  )

  it('costs the sampling nothing that an engine accepts and never answers', async () => {
    const sockets = new Set<Socket>()
    const stuck = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => undefined)
    })
    stuck.listen(0, '127.0.0.1')
    await once(stuck, 'listening')
    const { port } = stuck.address() as AddressInfo
    const none = engines('stuck-none')
    const one = engines('stuck-one')
    await one.save(null, settings(remoteWrite(`http://127.0.0.1:${String(port)}`)), null)
    // Fifty servers of twenty VMs tick a hundred times.
    const fleet = Array.from({ length: 50 }, () => fleetTick())
    const without = await tickPathMs(none, fleet)
    const withStuck = await tickPathMs(one, fleet)
    console.log(
      `tick path, p99 of 5,000 ticks: ${withStuck.p99Ms.toFixed(4)} ms with a stuck engine, ${without.p99Ms.toFixed(4)} ms with none; loop blocked at most ${withStuck.blockedMs.toFixed(1)} ms (${without.blockedMs.toFixed(1)} ms)`
    )
    expect(withStuck.p99Ms).toBeLessThan(0.5)
    // Against a run without any engine: the machine itself may be busy.
    expect(withStuck.blockedMs).toBeLessThan(without.blockedMs + 50)
    await eventually('it was tried', () => sockets.size > 0)
    for (const socket of sockets) socket.destroy()
    stuck.close()
  })
})

/** `step: code` of the first step that failed or warned. */
function firstFailure({ steps }: EngineTestResult): string {
  const step = steps.find(({ state }) => state === 'failed' || state === 'warned')
  return step === undefined ? 'passed' : `${step.step}: ${step.error?.code ?? ''}`
}

function referenceColumns(
  ticks: readonly OutsideTick[],
  entity: EntityRef,
  metric: string,
  fromAtMs: number,
  bucketMs: number,
  count: number
): Record<'mean' | 'min' | 'max', number[]> {
  const buckets: number[][] = Array.from({ length: count }, () => [])
  for (const tick of ticks) {
    const values = tick.entities.find(({ kind, key }) => kind === entity.kind && key === entity.key)?.values
    const value = values?.[metric]
    if (value !== undefined) buckets[Math.floor((tick.atMs - fromAtMs) / bucketMs)]?.push(value)
  }
  return {
    mean: buckets.map((values) => values.reduce((sum, value) => sum + value, 0) / values.length),
    min: buckets.map((values) => Math.min(...values)),
    max: buckets.map((values) => Math.max(...values))
  }
}

function fleetTick(): OutsideTick {
  const many = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`metric${String(index)}`, index / 7]))
  return {
    atMs: Date.now(),
    serverId,
    server: 'web',
    entities: [
      { kind: 'server', key: '', name: '', values: many(45) },
      ...Array.from({ length: 20 }, (_, vm) => ({
        kind: 'vm' as const,
        key: String(vm),
        name: 'vm',
        values: many(14)
      }))
    ]
  }
}

async function tickPathMs(
  outside: OutsideEngines,
  fleet: readonly OutsideTick[]
): Promise<{ p99Ms: number; blockedMs: number }> {
  const delay = monitorEventLoopDelay({ resolution: 5 })
  const took: number[] = []
  delay.enable()
  for (let round = 0; round < 100; round++) {
    for (const tick of fleet) {
      const startedMs = performance.now()
      outside.take(tick)
      took.push(performance.now() - startedMs)
    }
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  delay.disable()
  return {
    p99Ms: took.toSorted((a, b) => a - b)[Math.floor(took.length * 0.99)] ?? 0,
    blockedMs: delay.max / 1e6
  }
}

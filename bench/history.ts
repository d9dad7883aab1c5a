/**
 * The history file under a modelled load: servers of 45 metrics with 20 VMs of 14 metrics each, every 5 s, for 25 hours.
 * `npm run bench -- history [--json] [--servers N]`. Figures hold for this machine; what matters is how they compare.
 */
import { randomUUID } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { HistoryQuery } from '#contract/history.ts'
import { ServerId } from '#contract/ids.ts'
import {
  type EntityKind,
  type EntityValues,
  METRICS,
  type MetricDefinition
} from '#contract/metric-catalogue.ts'
import type { Log } from '../src-main/application/platform/platform.ts'
import type { Tick } from '../src-main/application/storage.ts'
import { openStorage } from '../src-main/storage/client.ts'

const INTERVAL_MS = 5_000
const HOURS = 25
const VMS = 20
const START_MS = Date.UTC(2026, 0, 5)
const READS = 200
const TICKS_PER_BATCH = 60

const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, servers: { type: 'string', default: '4' } }
})

const log: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: (event, fields) => console.error(event, fields),
  error(event, cause) {
    console.error(event, cause)
    return ''
  }
}

let state = 42
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return state / 2 ** 32
}

/** One metric as a server shows it: a total that stands, a counter that grows, or a value that wanders. */
function walker(name: string, { unit }: MetricDefinition): () => number {
  const top = {
    ratio: 1,
    bytes: 2 ** 36,
    bytesPerSec: 5e7,
    perSec: 2_000,
    count: 400,
    load: 16,
    ms: 50,
    sec: 1e7
  }
  let value = top[unit] * random()
  if (/Total|Capacity|clockSkew/.test(name)) return () => Math.round(value)
  if (/^(net|rx|tx).*Bytes$|uptime/.test(name))
    return () => Math.round((value += 5 + random() * top[unit] * 1e-6))
  return () => {
    value = Math.min(top[unit], Math.max(0, value + (random() - 0.5) * top[unit] * 0.02))
    return unit === 'bytes' ? Math.round(value / 4096) * 4096 : value
  }
}

function model<K extends EntityKind>(kind: K, key: string, metrics: number): () => EntityValues {
  const walkers = Object.entries<MetricDefinition>(METRICS[kind])
    .slice(0, metrics)
    .map(([name, definition]) => [name, walker(name, definition)] as const)
  return () => ({ kind, key, values: Object.fromEntries(walkers.map(([name, next]) => [name, next()])) })
}

function ioBytes(): number {
  const line = /wchar: (\d+)/.exec(readFileSync('/proc/self/io', 'utf8'))
  return Number(line?.[1])
}

function p95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? NaN
}

const servers = Array.from({ length: Number(options.servers) }, () => ({
  serverId: ServerId.parse(randomUUID()),
  entities: [model('server', '', 45), ...Array.from({ length: VMS }, () => model('vm', randomUUID(), 14))]
}))
const folder = mkdtempSync(join(tmpdir(), 'virthelm-bench-'))
const never = new AbortController().signal

try {
  const open = () =>
    openStorage({
      dataFolder: folder,
      workerUrl: new URL('../src-main/storage/worker.ts', import.meta.url),
      log,
      clock: { nowMs: () => START_MS }
    })
  let storage = await open()

  let samples = 0
  let cpuUs = 0
  const writtenBefore = ioBytes()
  const ticks = (HOURS * 3_600_000) / INTERVAL_MS
  for (let from = 0; from < ticks; from += TICKS_PER_BATCH) {
    const batch: Tick[] = []
    for (let count = from; count < from + TICKS_PER_BATCH; count++) {
      for (const { serverId, entities } of servers) {
        const atMs = START_MS + count * INTERVAL_MS
        batch.push({ serverId, atMs, entities: entities.map((next) => next()) })
      }
    }
    samples += batch.length * (45 + VMS * 14)
    const before = process.cpuUsage()
    await Promise.all(batch.map((tick) => storage.history.append(tick)))
    const used = process.cpuUsage(before)
    cpuUs += used.user + used.system
  }
  const endMs = START_MS + HOURS * 3_600_000
  const before = process.cpuUsage()
  await storage.history.applyRetention(
    { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null },
    endMs
  )
  const used = process.cpuUsage(before)
  cpuUs += used.user + used.system
  await storage.close()
  const writtenBytes = ioBytes() - writtenBefore
  const fileBytes = statSync(join(folder, 'history.sqlite')).size

  storage = await open()
  const timeReads = async (hours: number): Promise<number> => {
    const times: number[] = []
    for (let count = 0; count < READS; count++) {
      const { serverId } = servers[count % servers.length] ?? {}
      if (serverId === undefined) break
      const toAtMs = endMs - Math.floor(random() * (HOURS - hours) * 3_600_000)
      const query: HistoryQuery = {
        series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['cpuUsedRatio'] }],
        fromAtMs: toAtMs - hours * 3_600_000,
        toAtMs,
        maxPoints: 1_000
      }
      const since = performance.now()
      await storage.history.read(query, never)
      times.push(performance.now() - since)
    }
    return p95(times)
  }
  await timeReads(1)
  const read1hP95Ms = await timeReads(1)
  const read24hP95Ms = await timeReads(24)

  const [first] = servers
  let rows = 0
  const since = performance.now()
  if (first !== undefined) {
    const series = [
      {
        entity: { serverId: first.serverId, kind: 'server' as const, key: '' },
        metrics: ['cpuUsedRatio', 'memoryUsedBytes', 'load1']
      }
    ]
    const query = { series, fromAtMs: START_MS, toAtMs: endMs, level: 'raw' as const }
    for await (const batch of storage.history.rows(query, never)) rows += batch.atMs.length
  }
  const exportRowsPerSec = (rows / (performance.now() - since)) * 1_000
  await storage.close()

  const metrics: Record<string, number> = {
    bytesPerSample: fileBytes / samples,
    insertCpuUsPerSample: cpuUs / samples,
    bytesWrittenPerSample: writtenBytes / samples,
    read1hP95Ms,
    read24hP95Ms,
    exportRowsPerSec
  }
  const rounded = Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [name, Number(value.toPrecision(4))])
  )
  console.log(`${servers.length} servers, ${(samples / 1e6).toFixed(1)} M samples, ${HOURS} hours`)
  console.table(rounded)
  if (options.json) console.log(JSON.stringify({ name: 'history', metrics: rounded }))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

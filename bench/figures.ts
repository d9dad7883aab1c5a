/**
 * The figures of a fleet of 50 servers, half of them with two graphics cards: of a month, of its last day (sampled every 10 s;
 * before that every five minutes, which makes as many rows by the hour). `npm run bench -- figures [--json] [--days N]`.
 *
 *   figuresMonthMs, figuresDayMs    the slowest of some, over the worker's port
 *   mainBlockedMaxMs                longest pause of the main thread meanwhile
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { FleetFiguresQuery } from '#contract/fleet-figures.ts'
import { ServerRecord } from '#contract/servers.ts'
import { readFleetFigures } from '../src-main/application/fleet-figures/fleet-figures.ts'
import type { Storage, Tick } from '../src-main/application/storage.ts'
import {
  BenchFolder,
  DAY_MS,
  HOUR_MS,
  modelServers,
  never,
  RETENTION,
  START_MS
} from './support/history-load.ts'
import { randomOf } from './support/load-model.ts'

const FLEET = 50
const READS = 5
const GIB = 2 ** 30
const { values: options } = parseArgs({
  options: { json: { type: 'boolean', default: false }, days: { type: 'string', default: '30' } }
})
const days = Number(options.days)
const random = randomOf(7)
const records = modelServers(FLEET).map(({ serverId }, index) =>
  ServerRecord.parse({
    id: serverId,
    name: `server-${index}`,
    addedAtMs: START_MS,
    connection: { host: `server-${index}.example`, user: 'root' }
  })
)

/** A card is full for some hours and free for some, and changes within an hour now and then. */
function cardAt(key: string, atMs: number): Tick['entities'][number] {
  const used = Math.floor(atMs / (2.5 * HOUR_MS)) % 3 === 0 ? 0.7 + random() * 0.1 : random() * 0.05
  const values = {
    memoryTotalBytes: 24 * GIB,
    memoryUsedRatio: used,
    memoryFreeBytes: Math.floor(24 * GIB * (1 - used)),
    utilisationRatio: used
  }
  return { kind: 'gpu', key, values }
}

function tickAt(server: number, atMs: number): Tick | null {
  const record = records[server]
  if (record === undefined) return null
  const cpuUsedRatio = 0.2 + random() * 0.5
  const values = {
    cpuUsedRatio,
    memoryUsedRatio: cpuUsedRatio,
    memoryUsedBytes: Math.floor(cpuUsedRatio * 128 * GIB),
    memoryTotalBytes: 128 * GIB,
    diskUsedRatio: 0.5,
    diskUsedBytes: 2 ** 40,
    diskTotalBytes: 2 ** 41,
    netRxBytesPerSec: Math.floor(random() * 1e7),
    netTxBytesPerSec: Math.floor(random() * 1e6),
    powerWatts: 100 + cpuUsedRatio * 100,
    uptimeSec: Math.floor(atMs / 1_000) % 1e7,
    machinesRunning: 5
  }
  const host = { kind: 'server' as const, key: '', values }
  const cards = server % 2 === 0 ? [cardAt('GPU-0', atMs), cardAt('GPU-1', atMs + HOUR_MS)] : []
  return { serverId: record.id, atMs, entities: [host, ...cards] }
}

async function fill(
  storage: Storage,
  range: { fromMs: number; toMs: number; stepMs: number }
): Promise<void> {
  let batch: Promise<void>[] = []
  for (let atMs = range.fromMs; atMs < range.toMs; atMs += range.stepMs) {
    for (let server = 0; server < FLEET; server++) {
      const tick = tickAt(server, atMs)
      if (tick !== null) batch.push(storage.history.append(tick))
    }
    if (batch.length < 2_000) continue
    await storage.history.flush()
    await Promise.all(batch)
    batch = []
  }
  await storage.history.flush()
  await Promise.all(batch)
}

async function slowest(storage: Storage, fromAtMs: number, toAtMs: number): Promise<number> {
  const deps = {
    history: storage.history,
    servers: () => records,
    zone: () => 'utc' as const,
    nowMs: () => START_MS
  }
  const times: number[] = []
  for (let read = 0; read < READS; read++) {
    const query = FleetFiguresQuery.parse({ fromAtMs, toAtMs, zone: 'utc' })
    const startMs = performance.now()
    await readFleetFigures(query, deps, never)
    times.push(performance.now() - startMs)
  }
  return Math.max(...times)
}

const folder = new BenchFolder()
const storage = await folder.open()
try {
  const fromMs = START_MS - days * DAY_MS
  await fill(storage, { fromMs, toMs: START_MS - DAY_MS, stepMs: 300_000 })
  await fill(storage, { fromMs: START_MS - DAY_MS, toMs: START_MS, stepMs: 10_000 })
  await storage.history.applyRetention(RETENTION, START_MS + HOUR_MS)
  const metrics: Record<string, number> = {}
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  metrics['figuresMonthMs'] = await slowest(storage, fromMs, START_MS)
  metrics['figuresDayMs'] = await slowest(storage, START_MS - DAY_MS, START_MS)
  delay.disable()
  metrics['mainBlockedMaxMs'] = delay.max / 1e6
  for (const name of Object.keys(metrics)) metrics[name] = Math.round((metrics[name] ?? 0) * 10) / 10
  console.log(options.json ? JSON.stringify(metrics) : metrics)
} finally {
  await storage.close()
  folder.remove()
}

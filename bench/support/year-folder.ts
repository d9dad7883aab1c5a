/** Data folders with a history of servers that are not connected to, made through the storage alone. */
import { randomUUID } from 'node:crypto'
import { ServerId } from '#contract/ids.ts'
import {
  type EntityKind,
  type EntityValues,
  METRICS,
  type MetricDefinition
} from '#contract/metric-catalogue.ts'
import { ServerDraft } from '#contract/servers.ts'
import { Settings } from '#contract/settings.ts'
import type { Storage } from '../../src-main/application/storage.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { benchLog } from './bench-log.ts'

/** Ticks on their way into the storage. */
const MOST_WAITING = 5_000
const DAY_MS = 86_400_000
const GIB = 1024 ** 3

const ENTITIES: readonly (readonly [kind: EntityKind, key: string])[] = [
  ['server', ''],
  ['disk', 'nvme0n1'],
  ['disk', 'sda'],
  ['interface', 'eno1'],
  ['interface', 'br0'],
  ['mount', '/'],
  ['mount', '/data']
]

/** A level fit for the unit, with a day, a week and some noise in it. */
function valueAt({ unit, code }: MetricDefinition, atMs: number): number {
  const day = Math.sin((atMs / DAY_MS) * 2 * Math.PI + code)
  const week = Math.sin((atMs / DAY_MS / 7) * 2 * Math.PI + code)
  const noise = Math.sin(atMs / 1e5 + code * 7) * Math.sin(atMs / 3.7e6)
  const level = 0.4 + day * 0.15 + week * 0.1 + noise * 0.1
  const top = {
    ratio: 1,
    bytes: 64 * GIB,
    bytesPerSec: 5e7,
    perSec: 2_000,
    count: 400,
    load: 16,
    ms: 50,
    sec: 1e7,
    celsius: 80,
    watts: 300,
    rpm: 3_000
  }
  return unit === 'ratio' || unit === 'load' ? top[unit] * level : Math.round(top[unit] * level)
}

function valuesAt(kind: EntityKind, key: string, atMs: number): EntityValues {
  const metrics = Object.entries<MetricDefinition>(METRICS[kind])
  return {
    kind,
    key,
    values: Object.fromEntries(metrics.map(([name, definition]) => [name, valueAt(definition, atMs)]))
  }
}

interface Span {
  readonly servers: readonly string[]
  readonly entities: readonly (readonly [kind: EntityKind, key: string])[]
  readonly days: number
  readonly everyMs: number
  readonly endMs: number
}

/** One server whose year ends at `endMs`, a sample every ten minutes. @param dataFolder empty or missing */
export async function makeYearFolder(dataFolder: string, name: string, endMs: number): Promise<void> {
  await makeFolder(dataFolder, { servers: [name], entities: ENTITIES, days: 365, everyMs: 600_000, endMs })
}

/** Servers with a week of every sample, one every 5 s, and nothing but the server's own values. */
export async function makeWeekFolder(dataFolder: string, servers: number, endMs: number): Promise<void> {
  const names = Array.from({ length: servers }, (_, index) => `bench-week-${index + 1}`)
  await makeFolder(dataFolder, { servers: names, entities: [['server', '']], days: 7, everyMs: 5_000, endMs })
}

async function makeFolder(
  dataFolder: string,
  { servers, entities, days, everyMs, endMs }: Span
): Promise<void> {
  const startMs = endMs - days * DAY_MS
  let nowMs = startMs
  const storage = await openStorage({
    dataFolder,
    workerUrl: new URL('../../src-main/storage/worker.ts', import.meta.url),
    log: benchLog,
    clock: { nowMs: () => nowMs }
  })
  const serverIds = await Promise.all(servers.map((name) => insertServer(storage, name, startMs)))
  const { retention } = Settings.parse({})
  for (let day = 0; day < days; day++) {
    const appended: Promise<void>[] = []
    for (let atMs = startMs + day * DAY_MS; atMs < startMs + (day + 1) * DAY_MS; atMs += everyMs) {
      const values = entities.map(([kind, key]) => valuesAt(kind, key, atMs))
      // Servers do not tick at the same millisecond.
      for (const [place, serverId] of serverIds.entries())
        appended.push(storage.history.append({ serverId, atMs: atMs + place * 250, entities: values }))
      if (appended.length < MOST_WAITING) continue
      await storage.history.flush()
      await Promise.all(appended.splice(0))
    }
    await storage.history.flush()
    await Promise.all(appended)
    nowMs = startMs + (day + 1) * DAY_MS
    if (day % 7 === 6 || day === days - 1) await storage.history.applyRetention(retention, nowMs)
  }
  await storage.close()
}

async function insertServer(storage: Storage, name: string, addedAtMs: number): Promise<ServerId> {
  const id = ServerId.parse(randomUUID())
  const draft = ServerDraft.parse({
    name,
    collecting: false,
    connection: { host: '192.0.2.1', user: 'root' }
  })
  await storage.servers.insert({ ...draft, id, addedAtMs, machinesNotCollected: [] })
  return id
}

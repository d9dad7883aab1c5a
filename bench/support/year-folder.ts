/** A data folder with a year of one server's history, made through the storage alone. */
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
import { openStorage } from '../../src-main/storage/client.ts'
import { benchLog } from './bench-log.ts'

const DAY_MS = 86_400_000
const DAYS = 365
const TICK_EVERY_MS = 600_000
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
    sec: 1e7
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

/** One server that is not connected to; its year ends at `endMs`. @param dataFolder empty or missing */
export async function makeYearFolder(dataFolder: string, name: string, endMs: number): Promise<void> {
  const startMs = endMs - DAYS * DAY_MS
  let nowMs = startMs
  const storage = await openStorage({
    dataFolder,
    workerUrl: new URL('../../src-main/storage/worker.ts', import.meta.url),
    log: benchLog,
    clock: { nowMs: () => nowMs }
  })
  const serverId = ServerId.parse(randomUUID())
  const draft = ServerDraft.parse({
    name,
    collecting: false,
    connection: { host: '192.0.2.1', user: 'root' }
  })
  await storage.servers.insert({ ...draft, id: serverId, addedAtMs: startMs, machinesNotCollected: [] })
  const { retention } = Settings.parse({})
  for (let day = 0; day < DAYS; day++) {
    const appended: Promise<void>[] = []
    for (let atMs = startMs + day * DAY_MS; atMs < startMs + (day + 1) * DAY_MS; atMs += TICK_EVERY_MS) {
      const entities = ENTITIES.map(([kind, key]) => valuesAt(kind, key, atMs))
      appended.push(storage.history.append({ serverId, atMs, entities }))
    }
    await storage.history.flush()
    await Promise.all(appended)
    nowMs = startMs + (day + 1) * DAY_MS
    if (day % 7 === 6 || day === DAYS - 1) await storage.history.applyRetention(retention, nowMs)
  }
  await storage.close()
}

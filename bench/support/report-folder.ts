/** A data folder of a fleet with some weeks behind it, for reports: made through the storage alone. */
import { randomUUID } from 'node:crypto'
import { ServerId } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { ServerDraft } from '#contract/servers.ts'
import { Settings } from '#contract/settings.ts'
import type { Storage, Tick } from '../../src-main/application/storage.ts'
import { openStorage } from '../../src-main/storage/client.ts'
import { benchLog } from './bench-log.ts'

const DAY_MS = 86_400_000
const GIB = 1024 ** 3
const MOST_WAITING = 5_000
const LOCATIONS = ['Berlin', 'Hall 3', 'Office', 'Lab']

export interface ReportFleet {
  readonly servers: number
  readonly fromMs: number
  readonly toMs: number
  readonly everyMs: number
  /** Names of the first servers; the others are numbered. */
  readonly names?: readonly string[]
}

const two = (value: number): string => String(value).padStart(2, '0')

/** Load of one server at one time: a day, a week-end and some noise, each server in its own way. */
function loadAt(server: number, atMs: number): number {
  const at = new Date(atMs)
  const hour = at.getUTCHours() + at.getUTCMinutes() / 60
  const atWork = at.getUTCDay() % 6 === 0 ? 0.35 : 1
  const day = Math.max(0, Math.sin(((hour - 6) / 24) * 2 * Math.PI)) * 0.45 * atWork
  const noise = Math.sin(atMs / 3.1e5 + server * 7) * Math.sin(atMs / 2.3e6 + server) * 0.08
  return Math.min(0.98, Math.max(0.01, 0.08 + ((server * 37) % 23) / 60 + day + noise))
}

export function ticksOf(server: number, serverId: ServerId, atMs: number, fromMs: number): Tick {
  const load = loadAt(server, atMs)
  const total = (server % 3 === 0 ? 256 : 64) * GIB
  const disk = Math.min(0.97, 0.3 + ((server * 13) % 40) / 100 + ((atMs - fromMs) / (60 * DAY_MS)) * 0.1)
  const gpus = server % 10 === 0 ? 2 : 0
  const gpuTotal = 24e9
  const gpuUsed = (card: number): number => Math.round(gpuTotal * Math.min(0.95, load * (card + 0.4)))
  const cards = Array.from({ length: gpus }, (_, card): EntityValues => ({
    kind: 'gpu',
    key: `GPU-${server}-${card}`,
    values: {
      memoryTotalBytes: gpuTotal,
      memoryUsedBytes: gpuUsed(card),
      memoryFreeBytes: gpuTotal - gpuUsed(card),
      memoryUsedRatio: gpuUsed(card) / gpuTotal,
      utilisationRatio: load
    }
  }))
  const entity: EntityValues<'server'> = {
    kind: 'server',
    key: '',
    values: {
      cpuUsedRatio: load,
      memoryTotalBytes: total,
      memoryUsedBytes: Math.round(total * (0.25 + load * 0.5)),
      memoryUsedRatio: 0.25 + load * 0.5,
      diskTotalBytes: 4_000 * GIB,
      diskUsedBytes: Math.round(4_000 * GIB * disk),
      diskUsedRatio: disk,
      netRxBytesPerSec: Math.round(load * 4e7),
      netTxBytesPerSec: Math.round(load * load * 6e7),
      usersLoggedIn: Math.round(load * 6),
      machinesRunning: 4 + (server % 9),
      uptimeSec: Math.round((atMs - fromMs) / 1_000) + 86_400 * (server + 1),
      ...(server % 2 === 0 && { powerWatts: 120 + load * 240 }),
      ...(gpus > 0 && {
        gpuCount: gpus,
        gpuMemoryTotalBytes: gpuTotal * gpus,
        gpuMemoryUsedBytes: gpuUsed(0) + gpuUsed(1),
        gpuMemoryFreeBytes: gpuTotal * gpus - gpuUsed(0) - gpuUsed(1)
      })
    }
  }
  const labels = cards.map(({ kind, key }) => ({ kind, key, label: 'NVIDIA RTX A5000' }))
  return { serverId, atMs, entities: [entity, ...cards], ...(atMs === fromMs && { labels }) }
}

/** @param dataFolder empty or missing */
export async function makeReportFolder(dataFolder: string, fleet: ReportFleet): Promise<void> {
  let nowMs = fleet.fromMs
  const storage = await openStorage({
    dataFolder,
    workerUrl: new URL('../../src-main/storage/worker.ts', import.meta.url),
    log: benchLog,
    clock: { nowMs: () => nowMs }
  })
  const ids: ServerId[] = []
  for (let server = 0; server < fleet.servers; server++) ids.push(await insert(storage, server, fleet))
  const { retention } = Settings.parse({})
  for (let dayMs = fleet.fromMs; dayMs < fleet.toMs; dayMs += DAY_MS) {
    const endMs = Math.min(fleet.toMs, dayMs + DAY_MS)
    let appended: Promise<void>[] = []
    for (let atMs = dayMs; atMs < endMs; atMs += fleet.everyMs) {
      for (const [server, serverId] of ids.entries())
        if (isMeasured(server, atMs - fleet.fromMs))
          appended.push(storage.history.append(ticksOf(server, serverId, atMs, fleet.fromMs)))
      if (appended.length < MOST_WAITING) continue
      await storage.history.flush()
      await Promise.all(appended)
      appended = []
    }
    await storage.history.flush()
    await Promise.all(appended)
    nowMs = endMs
    await storage.history.applyRetention(retention, nowMs)
  }
  await storage.close()
}

/** The third server is away for two days, so that there is a gap to be told. */
const isMeasured = (server: number, sinceMs: number): boolean =>
  server !== 2 || sinceMs < 8 * DAY_MS || sinceMs > 10 * DAY_MS

async function insert(storage: Storage, server: number, fleet: ReportFleet): Promise<ServerId> {
  const id = ServerId.parse(randomUUID())
  const draft = ServerDraft.parse({
    name: fleet.names?.[server] ?? `kvm-${two(server + 1)}`,
    location: LOCATIONS[server % LOCATIONS.length],
    collecting: false,
    connection: { host: `192.0.2.${server + 1}`, user: 'root' }
  })
  await storage.servers.insert({ ...draft, id, addedAtMs: fleet.fromMs, machinesNotCollected: [] })
  return id
}

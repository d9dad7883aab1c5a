/** Figures and recommendations of the engine in memory: made of the values that its servers have now. */
import type { Handlers } from '#contract/define.ts'
import type {
  Figures,
  FleetFigures,
  fleetFiguresContract,
  GpuFigures,
  Recommendation,
  Recommendations,
  ServerFigures
} from '#contract/fleet-figures.ts'
import type { BusyHour } from '#contract/history.ts'
import type { GpuNow, ServerView } from '#contract/servers.ts'
import { createTopic } from '../../src-main/application/streams.ts'
import { freest } from '../../src-main/domain/recommendation/ranking.ts'
import { judge } from '../../src-main/domain/recommendation/recommendation.ts'

const DAY_SEC = 86_400
const ratio = (used: number | null, total: number | null): number | null =>
  used === null || total === null || total === 0 ? null : used / total

function recommend({ record, presence, now, connection, capabilities }: ServerView): Recommendation {
  const { level, reasons, freeCpuThreads, freeMemoryBytes, freeGpuMemoryBytes } = judge({
    on: presence === 'ON' && connection.kind !== 'stopped',
    condition: {
      cpuUsedRatio: now?.cpuUsedRatio ?? null,
      cpuThreads: now?.cpuThreads ?? null,
      memoryUsedRatio: now?.memoryUsedRatio ?? null,
      memoryTotalBytes: now?.memoryTotalBytes ?? null,
      diskUsedRatio: now?.diskUsedRatio ?? null,
      swapUsedRatio: ratio(now?.swapUsedBytes ?? null, now?.swapTotalBytes ?? null),
      pressureMemoryRatio: null,
      pressureIoRatio: null,
      gpuMemoryFreeBytes: now?.gpuMemoryFreeBytes ?? null,
      gpuMemoryTotalBytes: now?.gpuMemoryTotalBytes ?? null,
      gpuUtilisationRatio: null
    },
    alert: null,
    inMaintenance: false,
    lookOnly: record.lookOnly,
    hasLibvirt: capabilities.find(({ id }) => id === 'libvirt')?.works ?? null
  })
  const freed = { freeCpuThreads, freeMemoryBytes, freeGpuMemoryBytes }
  return { serverId: record.id, level, reasons: [...reasons], ...freed }
}

export function recommendationsOf(views: readonly ServerView[]): Recommendations {
  const servers = views.map(recommend)
  const ranked = (freeOf: (one: Recommendation) => number | null) =>
    freest(
      servers.map((one, index) => ({
        id: one.serverId,
        name: views[index]?.record.name ?? '',
        level: one.level,
        free: freeOf(one)
      })),
      1
    )
  return {
    atMs: Date.now(),
    servers,
    byGpuMemory: ranked((one) => one.freeGpuMemoryBytes),
    byCpu: ranked((one) => one.freeCpuThreads),
    byMemory: ranked((one) => one.freeMemoryBytes)
  }
}

const times = (value: number | null | undefined, factor: number): number | null =>
  typeof value === 'number' ? value * factor : null

const NONE: Figures = { count: 0, mean: null, median: null, min: null, max: null, p95: null }
const around = (value: number | null | undefined): Figures =>
  value === null || value === undefined
    ? NONE
    : { count: 720, mean: value, median: value * 0.9, min: value * 0.5, max: value * 1.4, p95: value * 1.3 }

function cardOf(card: GpuNow): GpuFigures {
  const used = ratio(card.memoryUsedBytes, card.memoryTotalBytes)
  const free = card.memoryTotalBytes === null ? null : card.memoryTotalBytes - (card.memoryUsedBytes ?? 0)
  return {
    key: card.key,
    name: card.name,
    memoryTotalBytes: card.memoryTotalBytes,
    memoryFreeBytes: around(free),
    utilisationRatio: around(card.utilisationRatio),
    idleOverFreeRatio: free === null ? null : free > 8e9 ? 0.75 : 0.1,
    idleUnderUsedRatio: used === null ? null : used < 0.1 ? 0.6 : 0.05,
    coverageRatio: 0.98
  }
}

function serverOf({ record, now }: ServerView): ServerFigures {
  const gpus = (now?.gpus ?? []).map(cardOf)
  const mean = (values: readonly (number | null)[]): number | null => {
    const known = values.filter((value) => value !== null)
    return known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length
  }
  return {
    serverId: record.id,
    name: record.name,
    location: record.location,
    coverageRatio: now === null ? 0 : 0.97,
    uptimeSec: now?.uptimeSec ?? null,
    cpuUsedRatio: around(now?.cpuUsedRatio),
    memoryUsedRatio: around(now?.memoryUsedRatio),
    memoryUsedBytes: around(now?.memoryUsedBytes),
    memoryTotalBytes: now?.memoryTotalBytes ?? null,
    diskUsedRatio: around(now?.diskUsedRatio),
    diskUsedBytes: around(now?.diskUsedBytes),
    diskTotalBytes: now?.diskTotalBytes ?? null,
    netRxBytesPerSec: around(now?.netRxBytesPerSec),
    netTxBytesPerSec: around(now?.netTxBytesPerSec),
    netRxBytes: times(now?.netRxBytesPerSec, DAY_SEC),
    netTxBytes: times(now?.netTxBytesPerSec, DAY_SEC),
    powerWatts: around(now?.powerWatts),
    energyWattHours: times(now?.powerWatts, 24),
    usersLoggedIn: around(now?.usersLoggedIn),
    machinesRunning: NONE,
    gpus,
    gpuIdleOverFreeRatio: mean(gpus.map((card) => card.idleOverFreeRatio)),
    gpuIdleUnderUsedRatio: mean(gpus.map((card) => card.idleUnderUsedRatio))
  }
}

const busyHours = (): BusyHour[] =>
  Array.from({ length: 7 * 24 }, (_cell, at) => {
    const [weekday, hour] = [Math.floor(at / 24), at % 24]
    const mean = (hour >= 8 && hour < 18 ? 0.6 : 0.15) + weekday / 100 + (hour === 14 ? 0.2 : 0)
    return { weekday, hour, mean, max: Math.min(1, mean * 1.4), count: 720 }
  })

export function figuresOf(views: readonly ServerView[], fromAtMs: number, toAtMs: number): FleetFigures {
  const servers = views.map(serverOf).toSorted((a, b) => a.name.localeCompare(b.name))
  const byCpu = servers
    .filter(({ cpuUsedRatio }) => cpuUsedRatio.mean !== null)
    .toSorted((a, b) => (b.cpuUsedRatio.mean ?? 0) - (a.cpuUsedRatio.mean ?? 0))
  return {
    fromAtMs,
    toAtMs,
    level: 'hour',
    servers,
    busiest: byCpu[0]?.serverId ?? null,
    idlest: byCpu.at(-1)?.serverId ?? null,
    busyHours: byCpu.length === 0 ? [] : busyHours(),
    busiestHourOfDay: byCpu.length === 0 ? null : 14
  }
}

export const fakeFleetFigures = (
  views: () => readonly ServerView[]
): Handlers<typeof fleetFiguresContract> => ({
  'fleetFigures.read': async ({ fromAtMs, toAtMs }) => figuresOf(views(), fromAtMs, toAtMs),
  'recommendations.watch': (_input, { signal }) => createTopic(recommendationsOf(views())).latest(signal)
})

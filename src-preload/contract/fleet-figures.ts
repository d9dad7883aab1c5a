/** Statistics of the fleet over a range, and which server is the best choice now. Screens and reports show the same figures. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { BusyHour, HistoryLevel } from './history.ts'
import { ServerId } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

/** Of one metric over the range; null = no value in it. `basis` as in SeriesStatistics. */
export const Figures = z.object({
  count: z.int(),
  mean: z.number().nullable(),
  median: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  p95: z.number().nullable()
})
export type Figures = z.infer<typeof Figures>

/** `idleOverFreeRatio`: share of the measured time with more than 8 GB (8 × 10^9 bytes) of its memory free. `idleUnderUsedRatio`:
 * share with less than 10 % of its memory used. null = no values. */
export const GpuFigures = z.object({
  key: z.string().max(1024),
  name: RemoteText,
  memoryTotalBytes: z.number().nullable(),
  memoryFreeBytes: Figures,
  utilisationRatio: Figures,
  idleOverFreeRatio: z.number().nullable(),
  idleUnderUsedRatio: z.number().nullable(),
  coverageRatio: z.number()
})
export type GpuFigures = z.infer<typeof GpuFigures>

export const ServerFigures = z.object({
  serverId: ServerId,
  name: z.string().max(80),
  location: z.string().max(80),
  /** Share of the range (up to the present) in which the server was measured, 0 to 1. */
  coverageRatio: z.number(),
  /** Newest value in the range; null = none. */
  uptimeSec: z.number().nullable(),
  cpuUsedRatio: Figures,
  memoryUsedRatio: Figures,
  memoryUsedBytes: Figures,
  memoryTotalBytes: z.number().nullable(),
  diskUsedRatio: Figures,
  diskUsedBytes: Figures,
  diskTotalBytes: z.number().nullable(),
  netRxBytesPerSec: Figures,
  netTxBytesPerSec: Figures,
  /** Transferred in the range, from the counters, right over reboots (day sums where the range is of whole days, else mean × measured time). */
  netRxBytes: z.number().nullable(),
  netTxBytes: z.number().nullable(),
  powerWatts: Figures,
  /** Mean × measured time. */
  energyWattHours: z.number().nullable(),
  usersLoggedIn: Figures,
  machinesRunning: Figures,
  gpus: z.array(GpuFigures).max(64),
  /** All cards of the server together, by the same two definitions. */
  gpuIdleOverFreeRatio: z.number().nullable(),
  gpuIdleUnderUsedRatio: z.number().nullable()
})
export type ServerFigures = z.infer<typeof ServerFigures>

export const FleetFiguresQuery = z
  .object({
    /** Empty = all. */
    serverIds: z.array(ServerId).max(2_047).default([]),
    fromAtMs: AtMs,
    toAtMs: AtMs,
    zone: z.enum(['local', 'utc']).default('local')
  })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type FleetFiguresQuery = z.infer<typeof FleetFiguresQuery>

export const FleetFigures = z.object({
  fromAtMs: AtMs,
  toAtMs: AtMs,
  level: HistoryLevel,
  /** In the order of their names. */
  servers: z.array(ServerFigures),
  /** By mean CPU, of servers with values; null = none has. */
  busiest: ServerId.nullable(),
  idlest: ServerId.nullable(),
  /** CPU over all servers by hour of the week. */
  busyHours: z.array(BusyHour),
  /** The hour of the day (0 to 23) with the highest mean CPU over all days. */
  busiestHourOfDay: z.int().min(0).max(23).nullable()
})
export type FleetFigures = z.infer<typeof FleetFigures>

/** Three steps: take it, only if need be, better not. */
export const RecommendationLevel = z.enum(['good', 'fair', 'poor'])
export type RecommendationLevel = z.infer<typeof RecommendationLevel>

/** Why: code and figures for the words (`recommendation.reason.<code>`), the weightiest first. */
export const RecommendationReason = z.object({
  code: z.enum([
    'off',
    'noValues',
    'alertRed',
    'alertAmber',
    'cpuBusy',
    'cpuFree',
    'memoryShort',
    'memoryFree',
    'diskShort',
    'gpuMemoryFree',
    'gpuBusy',
    'pressure',
    'swapping',
    'lookOnly',
    'noLibvirt',
    'maintenance'
  ]),
  value: z.number().nullable()
})
export type RecommendationReason = z.infer<typeof RecommendationReason>

export const Recommendation = z.object({
  serverId: ServerId,
  level: RecommendationLevel,
  reasons: z.array(RecommendationReason).min(1).max(6),
  /** What is free now, smoothed over the last minutes; null = not known. */
  freeCpuThreads: z.number().nullable(),
  freeMemoryBytes: z.number().nullable(),
  freeGpuMemoryBytes: z.number().nullable()
})
export type Recommendation = z.infer<typeof Recommendation>

/** `byGpuMemory`, `byCpu`, `byMemory`: at most three each, the freest first; servers without the thing are not in it. */
export const Recommendations = z.object({
  atMs: AtMs,
  servers: z.array(Recommendation),
  byGpuMemory: z.array(ServerId).max(3),
  byCpu: z.array(ServerId).max(3),
  byMemory: z.array(ServerId).max(3)
})
export type Recommendations = z.infer<typeof Recommendations>

export const fleetFiguresContract = {
  /** Cancelled with the call's signal. */
  'fleetFigures.read': call(FleetFiguresQuery, FleetFigures),
  'recommendations.watch': stream(z.object({}), Recommendations, 'latest')
}

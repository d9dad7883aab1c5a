/** The newest values of a server, as its card shows them. */
import { z } from 'zod'
import { AtMs, RemoteText } from './units.ts'

/** Cards are counted in dozens at most; more of one server are left out. */
export const MAX_GPUS = 64

/** A graphics card on the server's card: one bar each. `key` as in the metric catalogue; the name is remote text. */
export const GpuNow = z.object({
  key: z.string().max(1024),
  name: RemoteText,
  utilisationRatio: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  memoryTotalBytes: z.number().nullable()
})
export type GpuNow = z.infer<typeof GpuNow>

/** History files of earlier versions keep newest values without it. */
const SinceTelemetry = z.number().nullable().default(null)

/** Newest values of the card. null = could not be had (see the capabilities). */
export const ServerNow = z.object({
  atMs: AtMs,
  cpuUsedRatio: z.number().nullable(),
  cpuThreads: z.int().nullable(),
  load1: z.number().nullable(),
  load5: z.number().nullable(),
  load15: z.number().nullable(),
  memoryUsedBytes: z.number().nullable(),
  memoryTotalBytes: z.number().nullable(),
  memoryUsedRatio: z.number().nullable(),
  swapUsedBytes: z.number().nullable(),
  swapTotalBytes: z.number().nullable(),
  diskUsedBytes: z.number().nullable(),
  diskTotalBytes: z.number().nullable(),
  diskUsedRatio: z.number().nullable(),
  netRxBytesPerSec: z.number().nullable(),
  netTxBytesPerSec: z.number().nullable(),
  netRxBytes: z.number().nullable(),
  netTxBytes: z.number().nullable(),
  uptimeSec: z.number().nullable(),
  clockSkewMs: z.number().nullable(),
  usersLoggedIn: SinceTelemetry,
  unitsFailed: SinceTelemetry,
  updatesPending: SinceTelemetry,
  containersRunning: SinceTelemetry,
  powerWatts: SinceTelemetry,
  temperatureMaxCelsius: SinceTelemetry,
  gpuMemoryFreeBytes: SinceTelemetry,
  gpuMemoryTotalBytes: SinceTelemetry,
  gpus: z.array(GpuNow).max(MAX_GPUS).default([])
})
export type ServerNow = z.infer<typeof ServerNow>

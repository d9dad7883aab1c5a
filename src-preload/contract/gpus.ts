/** Graphics cards of a server: what each does now, who uses its memory, and what is wrong with them. */
import { z } from 'zod'
import { stream } from './define.ts'
import { ServerId } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

const Bytes = z.number().nonnegative().nullable()
const Ratio = z.number().nullable()

export const GpuVendor = z.enum(['nvidia', 'amd', 'intel'])
export type GpuVendor = z.infer<typeof GpuVendor>

/** A slice of a card (NVIDIA MIG): memory and processors of its own. */
export const GpuSlice = z.object({
  /** Its UUID; the key of its series too. */
  key: z.string().max(1024),
  index: z.int(),
  /** `1g.10gb`. */
  profile: RemoteText,
  memoryUsedBytes: Bytes,
  memoryTotalBytes: Bytes
})
export type GpuSlice = z.infer<typeof GpuSlice>

/** null = the card (or its driver) does not tell. */
export const GpuCard = z.object({
  /** UUID, else PCI address; the key of its series too. */
  key: z.string().max(1024),
  vendor: GpuVendor,
  index: z.int(),
  name: RemoteText,
  uuid: RemoteText.nullable(),
  pciAddress: RemoteText.nullable(),
  driver: RemoteText.nullable(),
  memoryTotalBytes: Bytes,
  memoryUsedBytes: Bytes,
  memoryFreeBytes: Bytes,
  utilisationRatio: Ratio,
  temperatureCelsius: z.number().nullable(),
  powerWatts: z.number().nullable(),
  powerLimitWatts: z.number().nullable(),
  fanRatio: Ratio,
  frequencyMhz: z.number().nullable(),
  /** Divided into slices: its use as a whole is not measured then. */
  migEnabled: z.boolean(),
  slices: z.array(GpuSlice).max(128),
  /** It answers with errors where values should be. */
  faulty: z.boolean()
})
export type GpuCard = z.infer<typeof GpuCard>

export const GpuProcess = z.object({
  /** Card or slice. */
  gpuKey: z.string().max(1024),
  pid: z.int(),
  user: RemoteText.nullable(),
  name: RemoteText,
  memoryUsedBytes: Bytes,
  kind: z.enum(['compute', 'graphics'])
})
export type GpuProcess = z.infer<typeof GpuProcess>

/** What is wrong or could be better. `fix` is a line to copy, made in main from constants. */
export const GpuHint = z.object({
  kind: z.enum([
    'persistenceOff',
    'driverMismatch',
    'driverNotLoaded',
    'gpuLost',
    'gpuFault',
    'toolMissing',
    'stalled',
    'denied'
  ]),
  /** The card it is about, as the server names it; null = all. */
  subject: RemoteText.nullable(),
  fix: z.string().max(500).nullable()
})
export type GpuHint = z.infer<typeof GpuHint>

export const MAX_GPU_PROCESSES = 1_024

export const GpusView = z.object({
  atMs: AtMs,
  driverVersion: RemoteText.nullable(),
  /** The newest CUDA that the driver runs. */
  cudaVersion: RemoteText.nullable(),
  cards: z.array(GpuCard).max(64),
  /** null = they could not be read. */
  processes: z.array(GpuProcess).max(MAX_GPU_PROCESSES).nullable(),
  processesAtMs: AtMs.nullable(),
  hints: z.array(GpuHint).max(32)
})
export type GpusView = z.infer<typeof GpusView>

export const gpusContract = {
  /** The newest reading, then each newer one. Nothing until the first. */
  'gpus.watch': stream(z.object({ serverId: ServerId }), GpusView, 'latest')
}

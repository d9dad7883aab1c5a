/** What the lanes of cards, sensors and power ask of a server. Implemented by `remote/gpu-power`, which holds the scripts. */
import type { DcmiAnswer } from '../../domain/gpu-power/dcmi.ts'
import type { Battery, PowerMeter } from '../../domain/gpu-power/power-meters.ts'
import type { RaplReading } from '../../domain/gpu-power/rapl.ts'
import type { SensorReading } from '../../domain/gpu-power/sensors.ts'
import type { DrmCard, GpuVendor } from '../../domain/gpu/drm-cards.ts'
import type { GpuProcess } from '../../domain/gpu/gpu-processes.ts'
import type { MigDevice } from '../../domain/gpu/nvidia-list.ts'
import type { NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import type { NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import type { LaneContext } from '../telemetry/lane.ts'

export type ProbeContext = Pick<LaneContext, 'tools' | 'sudo'>

/** All throw AppError as `Tools.run` does. */
export interface SensorProbe {
  /** @param turned see parseSensors */
  read(turned: Set<string>, signal: AbortSignal): Promise<SensorReading>
}

export interface PowerReading {
  /** Of the server, when the counters were read. */
  readonly uptimeSec: number | null
  readonly rapl: RaplReading
  /** False where the kernel shows no such counters at all. */
  readonly hasRapl: boolean
  readonly meters: readonly PowerMeter[]
  readonly batteries: readonly Battery[]
}

export interface PowerProbe {
  read(signal: AbortSignal): Promise<PowerReading>
  /** Seconds on some BMCs: waits for nobody and nobody waits for it. */
  readIpmi(signal: AbortSignal): Promise<DcmiAnswer>
}

/** What there is to ask, found once and then from time to time. */
export interface GpuSurvey {
  readonly hasNvidiaSmi: boolean
  /** Makers of the cards on the PCI bus, with or without a driver. */
  readonly onBus: readonly GpuVendor[]
  /** Names by PCI address, where lspci is installed. */
  readonly names: ReadonlyMap<string, string>
}

export interface GpuProbe {
  survey(signal: AbortSignal): Promise<GpuSurvey>
  /** Cards as the kernel tells of them, and the uptime then. */
  readDrm(
    signal: AbortSignal
  ): Promise<{ readonly uptimeSec: number | null; readonly cards: readonly DrmCard[] }>
  /** nvidia-smi, resident: each card as its row comes. Resolves when it ends, with what it said instead. */
  followNvidia(listener: NvidiaListener, signal: AbortSignal): Promise<NvidiaTrouble | null>
  /** CUDA's version and the slices. */
  readNvidiaList(
    signal: AbortSignal
  ): Promise<{ readonly cudaVersion: string | null; readonly slices: readonly MigDevice[] }>
  readProcesses(vendors: ReadonlySet<GpuVendor>, signal: AbortSignal): Promise<readonly GpuProcess[]>
  /** Ends a resident nvidia-smi that hangs; true when it is gone. */
  endNvidia(pid: number, signal: AbortSignal): Promise<boolean>
}

export interface NvidiaListener {
  readonly onStarted: (pid: number) => void
  readonly onCard: (card: NvidiaCard) => void
}

export interface GpuPowerProbes {
  readonly sensors: (context: ProbeContext) => SensorProbe
  readonly power: (context: ProbeContext) => PowerProbe
  readonly gpu: (context: ProbeContext) => GpuProbe
}

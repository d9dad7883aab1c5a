/** Graphics cards of a server, every 10 s where there are any. */
import type { ServerId } from '#contract/ids.ts'
import type { GpuCard, GpusView } from '#contract/gpus.ts'
import type { MigDevice } from '../../domain/gpu/nvidia-list.ts'
import type { DetailBoard } from '../telemetry/detail-board.ts'
import type { LaneContext, LaneReading, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import {
  cardsOf,
  capabilityOf,
  entitiesOf,
  hintsOf,
  labelsOf,
  processesOf,
  type DrmReading
} from './gpu-picture.ts'
import { causeOf } from './lane-cause.ts'
import { NewLabels } from './new-labels.ts'
import { NvidiaFollower } from './nvidia-follower.ts'
import type { GpuProbe, GpuSurvey, GpuPowerProbes } from './probes.ts'

const EVERY_MS = 10_000
/** A server without cards is looked at again now and then: one may be plugged in, or a driver installed. */
const NONE_EVERY_MS = 600_000
const FIRST_AFTER_MS = 1_000
/** How long the first reading waits for nvidia-smi; without persistence mode that is seconds for each card. */
const FIRST_ROWS_WAIT_MS = 20_000
const LIST_EVERY_MS = 60_000
const PROCESSES_EVERY_MS = 60_000
const AFTER_FAILURE_MS = 300_000
const NO_DRM: DrmReading = { uptimeSec: null, cards: [] }

export function gpuLane(probes: GpuPowerProbes, board: DetailBoard<GpusView>): TelemetryLane {
  const without = new Set<ServerId>()
  return {
    id: 'gpu',
    everyMs: (serverId) => (without.has(serverId) ? NONE_EVERY_MS : EVERY_MS),
    firstAfterMs: FIRST_AFTER_MS,
    capabilitiesOf: (error) => [{ id: 'gpu', works: false, cause: causeOf(error), fix: null }],
    open: (context) =>
      new GpuSession(probes.gpu(context), board, context, (isWithout) => {
        if (isWithout) without.add(context.serverId)
        else without.delete(context.serverId)
      })
  }
}

/** What is asked less often than the lane's pace, with the time of its next turn. */
interface Slow<T> {
  value: T
  nextAtMs: number
  failed: boolean
}

class GpuSession implements LaneSession {
  readonly #probe: GpuProbe
  readonly #board: DetailBoard<GpusView>
  readonly #context: LaneContext
  readonly #onWithout: (isWithout: boolean) => void
  readonly #labels = new NewLabels()
  readonly #nvidia: NvidiaFollower
  readonly #survey: Slow<GpuSurvey | null> = { value: null, nextAtMs: 0, failed: false }
  readonly #list: Slow<{ cudaVersion: string | null; slices: readonly MigDevice[] }> = {
    value: { cudaVersion: null, slices: [] },
    nextAtMs: 0,
    failed: false
  }
  readonly #processes: Slow<Pick<GpusView, 'processes' | 'processesAtMs'>> = {
    value: { processes: null, processesAtMs: null },
    nextAtMs: 0,
    failed: false
  }
  #drmBefore: DrmReading | null = null

  constructor(
    probe: GpuProbe,
    board: DetailBoard<GpusView>,
    context: LaneContext,
    onWithout: (isWithout: boolean) => void
  ) {
    this.#probe = probe
    this.#board = board
    this.#context = context
    this.#onWithout = onWithout
    this.#nvidia = new NvidiaFollower(probe, context.clock, context.signal)
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    const { clock, serverId } = this.#context
    const survey = await this.#surveyed(signal)
    const drm: DrmReading = survey.onBus.length > 0 ? await this.#probe.readDrm(signal) : NO_DRM
    const nvidia = survey.hasNvidiaSmi ? await this.#readNvidia(signal) : []
    if (nvidia.length > 0)
      await this.#readList(
        nvidia.some(({ migEnabled }) => migEnabled),
        signal
      )
    const cards = cardsOf({
      nvidia,
      slices: this.#list.value.slices,
      drm,
      drmBefore: this.#drmBefore,
      names: survey.names
    })
    this.#drmBefore = drm
    if (cards.length > 0) await this.#readProcesses(cards, signal)
    const state = {
      survey,
      trouble: this.#nvidia.trouble,
      stalled: this.#nvidia.stalled,
      hasNvidiaRows: nvidia.length > 0
    }
    const capability = capabilityOf(cards, state)
    this.#onWithout(
      cards.length === 0 && (capability.cause === 'notPresent' || capability.cause === 'toolMissing')
    )
    const { processes, processesAtMs } = this.#processes.value
    this.#board.publish(serverId, {
      atMs: clock.nowMs(),
      driverVersion: nvidia.find(({ driverVersion }) => driverVersion !== null)?.driverVersion ?? null,
      cudaVersion: this.#list.value.cudaVersion,
      cards,
      processes: processes === null ? null : [...processes],
      processesAtMs,
      hints: hintsOf(nvidia, state)
    })
    return {
      entities: entitiesOf(cards),
      labels: this.#labels.of(labelsOf(cards)),
      capabilities: [capability]
    }
  }

  close(): void {
    this.#nvidia.close()
  }

  async #surveyed(signal: AbortSignal): Promise<GpuSurvey> {
    const nowMs = this.#context.clock.monotonicMs()
    const known = this.#survey.value
    if (known !== null && nowMs < this.#survey.nextAtMs) return known
    const survey = await this.#probe.survey(signal)
    this.#survey.value = survey
    this.#survey.nextAtMs = nowMs + NONE_EVERY_MS / 2
    return survey
  }

  async #readNvidia(signal: AbortSignal) {
    const isFirst =
      this.#nvidia.cards().length === 0 && this.#nvidia.trouble === null && !this.#nvidia.stalled
    this.#nvidia.tend()
    if (isFirst) await this.#nvidia.firstRows(FIRST_ROWS_WAIT_MS, signal)
    return this.#nvidia.cards()
  }

  /** CUDA's version once; the slices again and again where there are any. */
  async #readList(hasSlices: boolean, signal: AbortSignal): Promise<void> {
    const { clock } = this.#context
    const list = this.#list
    const wanted = list.nextAtMs === 0 || (hasSlices && clock.monotonicMs() >= list.nextAtMs)
    if (!wanted) {
      if (!hasSlices) list.value = { ...list.value, slices: [] }
      return
    }
    await this.#slowly(list, LIST_EVERY_MS, () => this.#probe.readNvidiaList(signal), signal)
  }

  async #readProcesses(cards: readonly GpuCard[], signal: AbortSignal): Promise<void> {
    const { clock, serverId } = this.#context
    const { nextAtMs, failed } = this.#processes
    // A window that looks at them has them anew with each reading.
    const isDue = clock.monotonicMs() >= nextAtMs || (!failed && this.#board.isWatched(serverId))
    if (!isDue) return
    const vendors = new Set(cards.map(({ vendor }) => vendor))
    const ask = async (): Promise<Pick<GpusView, 'processes' | 'processesAtMs'>> => ({
      processes: processesOf(await this.#probe.readProcesses(vendors, signal), cards),
      processesAtMs: clock.nowMs()
    })
    await this.#slowly(this.#processes, PROCESSES_EVERY_MS, ask, signal)
  }

  /** Keeps the last value when the question fails, and does not put it again for a while: nvidia-smi may be the one that hangs. */
  async #slowly<T>(
    slow: Slow<T>,
    everyMs: number,
    ask: () => Promise<T>,
    signal: AbortSignal
  ): Promise<void> {
    const { clock, log, serverId } = this.#context
    try {
      slow.value = await ask()
      slow.failed = false
      slow.nextAtMs = clock.monotonicMs() + everyMs
    } catch (cause) {
      if (signal.aborted) throw cause
      slow.failed = true
      slow.nextAtMs = clock.monotonicMs() + AFTER_FAILURE_MS
      log.info('gpu.detailUnavailable', { serverId, cause: String(cause) })
    }
  }
}

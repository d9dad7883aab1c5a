/** The card's newest values, put together from the lanes that bring them. Pure. */
import type { EntityValues, MetricId, MetricValues } from '#contract/metric-catalogue.ts'
import { MAX_GPUS, type GpuNow, type ServerNow } from '#contract/servers.ts'
import type { Tick } from '../storage.ts'

/** How long a value may stand on the card when its lane has brought none since. */
const KEPT_MS = 90_000
/** Of lanes that come every few minutes. */
const KEPT_SLOW_MS = 15 * 60_000
const SLOW: ReadonlySet<string> = new Set<MetricId<'server'>>([
  'usersLoggedIn',
  'unitsFailed',
  'updatesPending',
  'containersRunning',
  'portsListening'
])

const orNull = (value: number | undefined): number | null => value ?? null

/** Newest value of each metric of the server with the time it came. */
export class NowBuilder {
  readonly #values = new Map<string, { value: number; atMs: number }>()
  readonly #gpus = new Map<string, { values: MetricValues<'gpu'>; atMs: number }>()
  readonly #gpuNames = new Map<string, string>()
  #atMs: number | null = null

  take(atMs: number, entities: readonly EntityValues[], labels: Tick['labels'] = []): void {
    for (const { kind, key, label } of labels) if (kind === 'gpu') this.#gpuNames.set(key, label)
    for (const entity of entities) {
      if (isCard(entity)) this.#gpus.set(entity.key, { values: entity.values, atMs })
      if (entity.kind !== 'server') continue
      this.#atMs = atMs
      for (const [metric, value] of Object.entries(entity.values)) this.#values.set(metric, { value, atMs })
    }
  }

  /** null until the first data. @param cpuThreads from the facts */
  build(cpuThreads: number | null): ServerNow | null {
    const atMs = this.#atMs
    if (atMs === null) return null
    const values: MetricValues<'server'> = {}
    for (const [metric, { value, atMs: valueAtMs }] of this.#values) {
      const keptMs = SLOW.has(metric) ? KEPT_SLOW_MS : KEPT_MS
      if (atMs - valueAtMs <= keptMs) values[metric as keyof MetricValues<'server'>] = value
    }
    return { ...serverNow(atMs, values, cpuThreads), gpus: this.#gpusAt(atMs) }
  }

  #gpusAt(atMs: number): GpuNow[] {
    return [...this.#gpus]
      .filter(([, gpu]) => atMs - gpu.atMs <= KEPT_MS)
      .map(([key, { values }]) => ({
        key,
        name: this.#gpuNames.get(key) ?? '',
        utilisationRatio: orNull(values.utilisationRatio),
        memoryUsedBytes: orNull(values.memoryUsedBytes),
        memoryTotalBytes: orNull(values.memoryTotalBytes)
      }))
      .slice(0, MAX_GPUS)
  }
}

/** A slice of a card (NVIDIA MIG) is a series of its own, but no card. */
const isCard = (entity: EntityValues): entity is EntityValues<'gpu'> =>
  entity.kind === 'gpu' && !entity.key.startsWith('MIG-')

/** The card's values from one set of metrics. */
export function serverNow(
  atMs: number,
  values: MetricValues<'server'>,
  cpuThreads: number | null
): ServerNow {
  return {
    atMs,
    cpuThreads,
    cpuUsedRatio: orNull(values.cpuUsedRatio),
    load1: orNull(values.load1),
    load5: orNull(values.load5),
    load15: orNull(values.load15),
    memoryUsedBytes: orNull(values.memoryUsedBytes),
    memoryTotalBytes: orNull(values.memoryTotalBytes),
    memoryUsedRatio: orNull(values.memoryUsedRatio),
    swapUsedBytes: orNull(values.swapUsedBytes),
    swapTotalBytes: orNull(values.swapTotalBytes),
    diskUsedBytes: orNull(values.diskUsedBytes),
    diskTotalBytes: orNull(values.diskTotalBytes),
    diskUsedRatio: orNull(values.diskUsedRatio),
    netRxBytesPerSec: orNull(values.netRxBytesPerSec),
    netTxBytesPerSec: orNull(values.netTxBytesPerSec),
    netRxBytes: orNull(values.netRxBytes),
    netTxBytes: orNull(values.netTxBytes),
    uptimeSec: orNull(values.uptimeSec),
    clockSkewMs: orNull(values.clockSkewMs),
    usersLoggedIn: orNull(values.usersLoggedIn),
    unitsFailed: orNull(values.unitsFailed),
    updatesPending: orNull(values.updatesPending),
    containersRunning: orNull(values.containersRunning),
    powerWatts: orNull(values.powerWatts),
    temperatureMaxCelsius: orNull(values.temperatureMaxCelsius),
    gpuMemoryFreeBytes: orNull(values.gpuMemoryFreeBytes),
    gpuMemoryTotalBytes: orNull(values.gpuMemoryTotalBytes),
    gpus: []
  }
}

/** The card's newest values, put together from the lanes that bring them. Pure. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { ServerNow } from '#contract/servers.ts'

/** How long a value may stand on the card when its lane has brought none since. */
const KEPT_MS = 90_000

const orNull = (value: number | undefined): number | null => value ?? null

/** Newest value of each metric of the server with the time it came. */
export class NowBuilder {
  readonly #values = new Map<string, { value: number; atMs: number }>()
  #atMs: number | null = null

  take(atMs: number, entities: readonly EntityValues[]): void {
    for (const entity of entities) {
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
      if (atMs - valueAtMs <= KEPT_MS) values[metric as keyof MetricValues<'server'>] = value
    }
    return serverNow(atMs, values, cpuThreads)
  }
}

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
    clockSkewMs: orNull(values.clockSkewMs)
  }
}

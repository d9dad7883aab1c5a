/** CPU threads are shown at each tick but kept as means: a hundred of them every few seconds would be most of the history. */
import type { EntityValues } from '#contract/metric-catalogue.ts'

const KEEP_EVERY_MS = 30_000
/** A pause longer than this is a gap; the value after it does not stand for it. */
const MAX_WEIGHT_MS = 120_000

export class CoreMeans {
  readonly #sums = new Map<string, { weighted: number; weightMs: number }>()
  #lastAtMs: number | null = null
  #sinceAtMs: number | null = null

  /**
   * Takes the entities of a tick and gives those to be kept: all that are no threads, and of the threads, every 30 s, the mean
   * over that time. Each value stands for the time since the tick before.
   */
  keep(atMs: number, entities: readonly EntityValues[]): readonly EntityValues[] {
    const cores = entities.filter((entity): entity is EntityValues<'core'> => entity.kind === 'core')
    if (cores.length === 0) return entities
    const others = entities.filter(({ kind }) => kind !== 'core')
    this.#add(atMs, cores)
    this.#sinceAtMs ??= atMs
    if (atMs >= this.#sinceAtMs && atMs - this.#sinceAtMs < KEEP_EVERY_MS) return others
    return [...others, ...this.#take(atMs)]
  }

  #add(atMs: number, cores: readonly EntityValues<'core'>[]): void {
    const sinceLastMs = this.#lastAtMs === null ? 0 : atMs - this.#lastAtMs
    this.#lastAtMs = atMs
    // The workstation's clock may step back, or have slept.
    const weightMs = sinceLastMs <= 0 || sinceLastMs > MAX_WEIGHT_MS ? 1_000 : sinceLastMs
    for (const { key, values } of cores) {
      if (values.cpuUsedRatio === undefined) continue
      const sum = this.#sums.get(key) ?? { weighted: 0, weightMs: 0 }
      sum.weighted += values.cpuUsedRatio * weightMs
      sum.weightMs += weightMs
      this.#sums.set(key, sum)
    }
  }

  #take(atMs: number): EntityValues<'core'>[] {
    const means = [...this.#sums].map(([key, { weighted, weightMs }]) => ({
      kind: 'core' as const,
      key,
      values: { cpuUsedRatio: weighted / weightMs }
    }))
    this.#sums.clear()
    this.#sinceAtMs = atMs
    return means
  }
}

/** The newest values of a server's threads, disks, file systems and interfaces, from its ticks. */
import type { LiveTick } from '#contract/history.ts'
import type { EntityKind, MetricValues } from '#contract/metric-catalogue.ts'

type Kind = 'disk' | 'mount' | 'interface'
const KINDS: readonly EntityKind[] = ['disk', 'mount', 'interface']
/** What the fast lane tells of a disk; its health comes by another lane and is no reason to forget these. */
const DISK_RATES: readonly (keyof MetricValues<'disk'>)[] = ['readBytesPerSec', 'utilisationRatio']
/** A value this much older than the newest tick is no value of now. */
const KEPT_MS = 90_000

/** Guests' cables come and go under ever new names. */
const MANY = 2_000

interface Newest {
  readonly atMs: number
  readonly values: Readonly<Record<string, number>>
}

export class NewestValues {
  readonly #entities = new Map<string, Newest>()
  #cores: readonly { key: string; usedRatio: number | null }[] = []
  #coresAtMs = 0
  #atMs: number | null = null

  /** True when it held something of interest here. */
  take({ atMs, entities }: Pick<LiveTick, 'atMs' | 'entities'>): boolean {
    const cores = entities.filter(({ kind }) => kind === 'core')
    let taken = cores.length > 0
    if (cores.length > 0) {
      this.#cores = cores.map(({ key, values }) => ({ key, usedRatio: values['cpuUsedRatio'] ?? null }))
      this.#coresAtMs = atMs
    }
    for (const { kind, key, values } of entities) {
      if (!KINDS.includes(kind)) continue
      const isHealth =
        kind === 'disk' && Object.keys(values).length > 0 && DISK_RATES.every((metric) => !(metric in values))
      if (isHealth) continue
      this.#entities.set(`${kind} ${key}`, { atMs, values })
      taken = true
    }
    if (taken) this.#atMs = Math.max(this.#atMs ?? 0, atMs)
    if (this.#entities.size > MANY) this.#tidy()
    return taken
  }

  #tidy(): void {
    for (const [id, { atMs }] of this.#entities)
      if ((this.#atMs ?? 0) - atMs > KEPT_MS) this.#entities.delete(id)
  }

  /** Of the newest tick; null before the first. */
  get atMs(): number | null {
    return this.#atMs
  }

  get cores(): readonly { key: string; usedRatio: number | null }[] {
    return (this.#atMs ?? 0) - this.#coresAtMs <= KEPT_MS ? this.#cores : []
  }

  /** null = not told, or too long ago. */
  value(kind: Kind, key: string, metric: string): number | null {
    const newest = this.#entities.get(`${kind} ${key}`)
    if (newest === undefined || (this.#atMs ?? 0) - newest.atMs > KEPT_MS) return null
    return newest.values[metric] ?? null
  }
}

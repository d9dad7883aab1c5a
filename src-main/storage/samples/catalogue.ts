/** The metric catalogue by code, for packing and unpacking. */
import { ENTITY_KINDS, type EntityKind, METRICS, type MetricDefinition } from '#contract/metric-catalogue.ts'

export interface CodedMetric extends MetricDefinition {
  readonly name: string
}

export interface CodedKind {
  readonly kind: EntityKind
  /** In order of their codes. */
  readonly metrics: readonly CodedMetric[]
  readonly byName: ReadonlyMap<string, CodedMetric>
  readonly maxCode: number
}

function coded(kind: EntityKind): CodedKind {
  const metrics = Object.entries<MetricDefinition>(METRICS[kind])
    .map(([name, definition]) => ({ name, ...definition }))
    .toSorted((a, b) => a.code - b.code)
  return {
    kind,
    metrics,
    byName: new Map(metrics.map((metric) => [metric.name, metric])),
    maxCode: metrics.at(-1)?.code ?? 0
  }
}

const CODED = new Map<string, CodedKind>(ENTITY_KINDS.map((kind) => [kind, coded(kind)]))
const EMPTY: Omit<CodedKind, 'kind'> = { metrics: [], byName: new Map(), maxCode: 0 }

export function codedKind(kind: EntityKind): CodedKind {
  return CODED.get(kind) ?? { kind, ...EMPTY }
}

export function isKind(kind: string): kind is EntityKind {
  return CODED.has(kind)
}

/**
 * One string for kind and key, as it crosses the port. Half characters (lone surrogates) become U+FFFD, as they do in
 * SQLite's UTF-8: otherwise two names in memory could be one in the file.
 */
export function entityName(kind: EntityKind, key: string): string {
  return `${kind}\n${key.toWellFormed()}`
}

/** The reverse of `entityName`; null when it is none. */
export function parseEntityName(name: string): { kind: EntityKind; key: string } | null {
  const cut = name.indexOf('\n')
  const kind = name.slice(0, cut)
  return cut > 0 && isKind(kind) ? { kind, key: name.slice(cut + 1) } : null
}

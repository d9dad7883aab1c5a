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
  readonly read: ScaledReader
}

/** Puts value × scale of each metric at its code into `into`; NaN (or what is not finite) where there is none. */
export type ScaledReader = (values: Readonly<Record<string, number | undefined>>, into: Float64Array) => void

/**
 * A reader as straight code, one line per metric (`into[3]=values.load1*100`): a loop over names would look each property up
 * anew, which costs several times as much as all the rest of packing. The names are the catalogue's own.
 */
export function scaledReader(metrics: readonly CodedMetric[]): ScaledReader {
  const lines = metrics.map(
    ({ name, code, scale }) => `into[${code}]=values[${JSON.stringify(name)}]*${scale}`
  )
  // eslint-disable-next-line @typescript-eslint/no-implied-eval -- made of the catalogue's constants, nothing from outside
  return new Function('values', 'into', lines.join('\n')) as ScaledReader
}

function coded(kind: EntityKind): CodedKind {
  const metrics = Object.entries<MetricDefinition>(METRICS[kind])
    .map(([name, definition]) => ({ name, ...definition }))
    .toSorted((a, b) => a.code - b.code)
  return {
    kind,
    metrics,
    byName: new Map(metrics.map((metric) => [metric.name, metric])),
    maxCode: metrics.at(-1)?.code ?? 0,
    read: scaledReader(metrics)
  }
}

const CODED = new Map<string, CodedKind>(ENTITY_KINDS.map((kind) => [kind, coded(kind)]))
const EMPTY: Omit<CodedKind, 'kind'> = { metrics: [], byName: new Map(), maxCode: 0, read: scaledReader([]) }

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

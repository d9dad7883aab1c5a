/** Questions to a Prometheus-compatible query API about samples that this console sent, and its answers. */
import type { EntityKind } from '#contract/metric-catalogue.ts'
import { KEY_LABEL, labelText, measurementOf, outsideMetric } from './naming.ts'

/** What is asked at once: one metric of some entities of one kind and server. */
export interface PromSelection {
  readonly serverId: string
  readonly kind: EntityKind
  readonly metric: string
  /** Of the entities; one ('') of a server. */
  readonly keys: readonly string[]
}

/** Buckets start at the multiples of `bucketMs`: the first at `firstAtMs`. */
export interface PromBuckets {
  readonly firstAtMs: number
  readonly bucketMs: number
  readonly count: number
}

/** One entity's buckets; null = no value. In the units of the catalogue. */
export interface PromColumns {
  readonly mean: (number | null)[]
  readonly min: (number | null)[]
  readonly max: (number | null)[]
}

const PART_LABEL = 'virthelm_part'
const PARTS = ['mean', 'min', 'max'] as const

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`
const regexOf = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')

/**
 * Mean, minimum and maximum of each bucket in one query: a label says which is which. They are taken over all series of
 * an entity (it may have been renamed, or sent twice), and the mean weighs them by their samples.
 * undefined: there is no such metric.
 */
export function promQuery(selection: PromSelection, bucketMs: number): string | undefined {
  const { kind, keys, serverId } = selection
  const outside = outsideMetric(kind, selection.metric)
  if (outside === undefined) return undefined
  const keyLabel = KEY_LABEL[kind]
  const matchers = [`server_id=${quoted(labelText(serverId))}`]
  if (keyLabel !== null) {
    matchers.push(`${keyLabel}=~${quoted(keys.map((key) => regexOf(labelText(key))).join('|'))}`)
  }
  const over = `(${measurementOf(kind)}_${outside.field}{${matchers.join(',')}}[${String(bucketMs)}ms])`
  const by = `by (${keyLabel ?? 'server_id'})`
  const parts = {
    mean: `sum ${by} (sum_over_time${over}) / sum ${by} (count_over_time${over})`,
    min: `min ${by} (min_over_time${over})`,
    max: `max ${by} (max_over_time${over})`
  }
  return PARTS.map((part) => `label_replace(${parts[part]}, "${PART_LABEL}", "${part}", "", "")`).join(' or ')
}

/**
 * Start and end of a range query that makes the API's points our buckets. A point at t looks back over (t - bucket, t]:
 * to be the bucket [a, a + bucket) it is asked for at a + bucket - 1 ms. (Prometheus before 3 takes t - bucket in too;
 * a sample in just that millisecond then counts in both buckets.)
 */
export function promTimes({ firstAtMs, bucketMs, count }: PromBuckets): {
  start: string
  end: string
  step: string
} {
  const at = (index: number): string => ((firstAtMs + (index + 1) * bucketMs - 1) / 1_000).toFixed(3)
  return { start: at(0), end: at(count - 1), step: (bucketMs / 1_000).toFixed(3) }
}

/**
 * The columns by the entity's key, from the body of an answer. What was not asked for is left out; undefined: this is
 * no answer of such an API.
 */
export function promColumns(
  body: unknown,
  selection: PromSelection,
  buckets: PromBuckets
): Map<string, PromColumns> | undefined {
  const result = fieldOf(fieldOf(body, 'data'), 'result')
  if (fieldOf(body, 'status') !== 'success' || !Array.isArray(result)) return undefined
  const keyLabel = KEY_LABEL[selection.kind]
  const multiplier = outsideMetric(selection.kind, selection.metric)?.divisor ?? 1
  const keyOfLabel = new Map(selection.keys.map((key) => [labelText(key), key]))
  const columns = new Map<string, PromColumns>()
  for (const series of result as unknown[]) {
    const labels = fieldOf(series, 'metric')
    const points = fieldOf(series, 'values')
    const part = PARTS.find((name) => name === fieldOf(labels, PART_LABEL))
    const key = keyLabel === null ? '' : keyOfLabel.get(String(fieldOf(labels, keyLabel)))
    if (part === undefined || key === undefined || !Array.isArray(points)) continue
    let column = columns.get(key)
    if (column === undefined) {
      column = { mean: empty(buckets.count), min: empty(buckets.count), max: empty(buckets.count) }
      columns.set(key, column)
    }
    for (const point of points as unknown[]) put(column[part], point, buckets, multiplier)
  }
  return columns
}

const empty = (count: number): (number | null)[] => Array.from({ length: count }, () => null)

/** A point is [seconds, "number"]; NaN and infinities are no values of ours. */
function put(column: (number | null)[], point: unknown, buckets: PromBuckets, multiplier: number): void {
  if (!Array.isArray(point)) return
  const atMs = Number(point[0]) * 1_000
  const value = Number(point[1]) * multiplier
  const index = Math.round((atMs + 1 - buckets.firstAtMs) / buckets.bucketMs) - 1
  if (index >= 0 && index < column.length && Number.isFinite(value)) column[index] = value
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Record<string, unknown>)[name]
}

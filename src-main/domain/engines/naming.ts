/**
 * What a sample is called outside of this console: `virthelm_server_cpu_used_ratio{server="web",server_id="…"}`. The
 * same name comes out of both wire formats, so that a query does not need to know which one carried it. Base units as
 * Prometheus wants them: ms become seconds, `PerSec` becomes `_per_second`.
 */
import { METRICS, type EntityKind, type MetricDefinition } from '#contract/metric-catalogue.ts'

/** A tick as it goes out: with the names of that time, because the receiver cannot look them up. */
export interface OutsideTick {
  readonly atMs: number
  readonly serverId: string
  readonly server: string
  readonly entities: readonly OutsideEntity[]
}

export interface OutsideEntity {
  readonly kind: EntityKind
  /** As in EntityValues. */
  readonly key: string
  /** A VM's name; '' of everything else. */
  readonly name: string
  /** In the units of the catalogue. */
  readonly values: Readonly<Record<string, number>>
}

export interface OutsideMetric {
  /** `cpu_used_ratio`: what follows `virthelm_<kind>_`. */
  readonly field: string
  /** Outside value = our value / divisor. */
  readonly divisor: number
}

/** The label that tells entities of one kind and server apart; null: there is only one. */
export const KEY_LABEL: Readonly<Record<EntityKind, string | null>> = {
  server: null,
  disk: 'device',
  interface: 'interface',
  mount: 'mountpoint',
  core: 'cpu',
  gpu: 'gpu',
  sensor: 'sensor',
  power: 'source',
  watch: 'pattern',
  container: 'container',
  unit: 'unit',
  port: 'port',
  web: 'log',
  vm: 'vm_id'
}

const PREFIX = 'virthelm_'
const MAX_LABEL_LENGTH = 1_024

const snake = (text: string): string => text.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

function outsideMetricOf(metric: string, { unit }: MetricDefinition): OutsideMetric {
  const name = snake(metric)
  if (unit === 'ms') return { field: name.replace(/_ms$/, '_seconds'), divisor: 1_000 }
  return { field: name.replace(/_sec$/, unit === 'sec' ? '_seconds' : '_second'), divisor: 1 }
}

const OUTSIDE: ReadonlyMap<EntityKind, ReadonlyMap<string, OutsideMetric>> = new Map(
  (Object.entries(METRICS) as [EntityKind, Record<string, MetricDefinition>][]).map(([kind, metrics]) => [
    kind,
    new Map(
      Object.entries(metrics).map(([metric, definition]) => [metric, outsideMetricOf(metric, definition)])
    )
  ])
)

/** `virthelm_server`: the measurement, and the beginning of every metric's name. */
export const measurementOf = (kind: EntityKind): string => PREFIX + kind

/** undefined: the kind has no such metric. */
export const outsideMetric = (kind: EntityKind, metric: string): OutsideMetric | undefined =>
  OUTSIDE.get(kind)?.get(metric)

/**
 * A name as a label: what line protocol cannot carry in every engine (control characters, which end a line; the
 * backslash, which one engine reads as an escape and another as itself) becomes U+FFFD in both formats alike.
 */
export const labelText = (text: string): string =>
  text
    .slice(0, MAX_LABEL_LENGTH)
    .toWellFormed()
    .replace(/[\p{Cc}\u2028\u2029\\]/gu, '\ufffd')

/** In the order of their names, as remote write demands. Labels without a value are left out. */
export function labelsOf(
  tick: OutsideTick,
  entity: OutsideEntity
): (readonly [name: string, value: string])[] {
  const labels: (readonly [string, string])[] = []
  const add = (name: string, value: string): void => {
    if (value !== '') labels.push([name, labelText(value)])
  }
  const keyLabel = KEY_LABEL[entity.kind]
  if (keyLabel !== null) add(keyLabel, entity.key)
  if (entity.kind === 'vm') add('vm', entity.name)
  add('server', tick.server)
  add('server_id', tick.serverId)
  return labels.sort(([one], [other]) => (one < other ? -1 : 1))
}

/** The values that can go out: known metrics with a finite value, in their outside names and units. */
export function* outsideValues(entity: OutsideEntity): Generator<readonly [field: string, value: number]> {
  const metrics = OUTSIDE.get(entity.kind)
  if (metrics === undefined) return
  for (const [metric, value] of Object.entries(entity.values)) {
    const outside = metrics.get(metric)
    if (outside !== undefined && Number.isFinite(value)) yield [outside.field, value / outside.divisor]
  }
}

/** How many samples a tick is: numbers of one metric at one time. */
export function samplesIn(tick: OutsideTick): number {
  let samples = 0
  for (const entity of tick.entities) samples += Object.keys(entity.values).length
  return samples
}

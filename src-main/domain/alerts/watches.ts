/** What a rule looks at, seen from the entities. Pure. */
import type { RuleCondition, RuleWatch } from '#contract/alert-rules.ts'
import type { Alert } from '#contract/alerts.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import { globMatches } from '../processes/patterns.ts'
import type { SampleCause } from './alert-state.ts'

/** Whole names, without regard to case; '' fits all. */
export function namePattern(pattern: string): (name: string) => boolean {
  const glob = pattern.trim().toLowerCase()
  if (glob === '' || glob === '*') return () => true
  return (name) => globMatches(glob, name.toLowerCase())
}

/** Whether a rule of a metric looks at an entity: of its kind, with a key or label that fits. */
export function entityFits(
  watch: Extract<RuleWatch, { kind: 'metric' }>,
  entity: { readonly kind: EntityKind; readonly key: string; readonly label: string }
): boolean {
  if (watch.entityKind !== entity.kind) return false
  const fits = namePattern(watch.pattern)
  return fits(entity.key) || fits(entity.label)
}

/** Watches of a state give 1 (it is so), 0 (it is not) or null (not known) as their value. */
export const isOfState = (watch: RuleWatch): boolean => watch.kind !== 'metric' && watch.kind !== 'process'

/** The condition as the evaluator takes it: a state has no threshold and is not foretold; a process is not foretold either. */
export function evaluatedCondition(watch: RuleWatch, condition: RuleCondition): RuleCondition {
  if (watch.kind === 'metric') return condition
  const known = { ...condition, forecastWithinMs: null, noDataForMs: null }
  if (watch.kind === 'process') return { ...known, direction: 'above' }
  return { ...known, direction: 'above', threshold: 0.5, recoverAt: 0.5, minSamples: 1 }
}

/** The cause as it is told. */
export function causeOf(watch: RuleWatch, cause: SampleCause): Alert['cause'] {
  return watch.kind === 'metric' || watch.kind === 'process' ? cause : watch.kind
}

const MINUTE_MS = 60_000
/** Of the fast lane's kinds those metrics that a slower lane reads. */
const SLOW_METRICS: Record<string, number> = {
  'server.unitsFailed': 5 * MINUTE_MS,
  'server.usersLoggedIn': 5 * MINUTE_MS,
  'server.updatesPending': 360 * MINUTE_MS,
  'server.containersRunning': MINUTE_MS,
  'server.portsListening': 5 * MINUTE_MS,
  'server.powerWatts': MINUTE_MS / 2,
  'server.temperatureMaxCelsius': MINUTE_MS / 2,
  'server.diskUsedRatio': MINUTE_MS / 2,
  'server.diskUsedBytes': MINUTE_MS / 2,
  'disk.temperatureCelsius': 30 * MINUTE_MS,
  'disk.wearUsedRatio': 30 * MINUTE_MS,
  'disk.reallocatedSectors': 30 * MINUTE_MS,
  'disk.pendingSectors': 30 * MINUTE_MS,
  'disk.healthy': 30 * MINUTE_MS,
  'disk.powerOnSec': 30 * MINUTE_MS,
  'vm.memoryUsedRatio': MINUTE_MS / 2,
  'vm.memoryUsedBytes': MINUTE_MS / 2,
  'vm.memoryBalloonBytes': MINUTE_MS / 2,
  'vm.diskUsedRatio': MINUTE_MS / 2,
  'vm.diskAllocationBytes': MINUTE_MS / 2,
  'vm.diskCapacityBytes': MINUTE_MS / 2,
  'vm.diskReadBytesPerSec': MINUTE_MS / 2,
  'vm.diskWriteBytesPerSec': MINUTE_MS / 2,
  'vm.diskReadOpsPerSec': MINUTE_MS / 2,
  'vm.diskWriteOpsPerSec': MINUTE_MS / 2
}
const SLOW_KINDS: Partial<Record<EntityKind, number>> = {
  mount: MINUTE_MS / 2,
  gpu: MINUTE_MS / 6,
  sensor: MINUTE_MS / 2,
  power: MINUTE_MS / 2,
  watch: MINUTE_MS / 2,
  container: MINUTE_MS,
  unit: 5 * MINUTE_MS,
  port: 1_440 * MINUTE_MS,
  web: MINUTE_MS
}

/**
 * The longest usual distance between two values of a metric, by the lanes of docs/telemetry.md; what is much longer is a gap.
 * `fastEveryMs` is the interval of the server's own sampling.
 */
export function usualEveryMs(kind: EntityKind, metric: string, fastEveryMs: number): number {
  return Math.max(fastEveryMs, SLOW_METRICS[`${kind}.${metric}`] ?? SLOW_KINDS[kind] ?? 0)
}

/** Goes on with the alerts of an earlier run: what the evaluator must know, so that none is raised twice. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { Alert } from '#contract/alerts.ts'
import { newAlertState, type AlertState, type SampleCause } from '../../domain/alerts/alert-state.ts'
import { conditionFor } from '../../domain/alerts/scope.ts'
import { evaluatedCondition } from '../../domain/alerts/watches.ts'
import type { KeptAlert } from './alert-store.ts'
import { scopeTargetOf, type FleetSight } from './fleet-sight.ts'
import { contextOf, type Tracked } from './tracked.ts'

/** What looks at it again; or why there is nothing left to look at. */
export type Restored = { readonly tracked: Tracked } | { readonly ended: NonNullable<Alert['ended']> }

/** @param everyMs corrected with the first look at the server */
export function restored(
  kept: KeptAlert,
  rules: readonly AlertRule[],
  fleet: FleetSight,
  { everyMs, nowMs }: { everyMs: number; nowMs: number }
): Restored {
  const { alert, key } = kept
  const { serverId, vmUuid, entity, label, process, failureCode } = alert
  const sight = fleet.server(serverId)
  if (sight === null) return { ended: 'targetGone' }
  const rule = rules.find(({ id }) => id === alert.ruleId)
  const condition = rule && conditionFor(rule, scopeTargetOf(sight.record, vmUuid))
  if (rule === undefined || condition === null || condition === undefined) return { ended: 'ruleChanged' }
  const context = contextOf(rule, evaluatedCondition(rule.watch, condition), everyMs, key)
  const target = { serverId, vmUuid, entity, label, process }
  return {
    tracked: { key, rule, target, context, state: stateOf(kept), seenMs: nowMs, failureCode }
  }
}

/** Values that came after the last commit of the state are in the alert. */
function stateOf({ alert, state }: KeptAlert): AlertState {
  const kept = parsedOrNull(state)
  const open = {
    level: alert.level,
    cause: sampleCauseOf(alert.cause),
    raisedAtMs: alert.raisedAtMs,
    reachedAtMs: alert.redAtMs === alert.raisedAtMs ? null : alert.redAtMs,
    value: alert.value,
    worst: alert.worst,
    forecast: alert.forecast
  }
  return { ...newAlertState(), ...kept, open }
}

function sampleCauseOf(cause: Alert['cause']): SampleCause {
  return cause === 'forecast' || cause === 'noData' ? cause : 'threshold'
}

/** Written by the console itself, beside the alert. */
function parsedOrNull(text: string | null): Partial<AlertState> | null {
  if (text === null) return null
  try {
    return JSON.parse(text) as Partial<AlertState>
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

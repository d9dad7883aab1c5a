/** One rule at one thing that it looks at: what the evaluator needs, and what an alert about it says. */
import type { AlertRule, RuleCondition } from '#contract/alert-rules.ts'
import type { Alert } from '#contract/alerts.ts'
import type { EntityRef } from '#contract/history.ts'
import type { RuleId, ServerId, VmUuid } from '#contract/ids.ts'
import { newAlertState, type AlertState } from '../../domain/alerts/alert-state.ts'
import type { EvaluationContext } from '../../domain/alerts/evaluate.ts'
import { Foresight } from '../../domain/alerts/foresight.ts'

/** As an alert names it. `vmUuid` null = the server, or a part of it. */
export type Target = Pick<Alert, 'serverId' | 'vmUuid' | 'entity' | 'label' | 'process'>

export interface Tracked {
  readonly key: string
  /** As it is now; another object after each change of the rule. */
  rule: AlertRule
  target: Target
  context: EvaluationContext
  state: AlertState
  /** Of the newest value, by the monotonic clock. */
  seenMs: number
  /** Code of the connection's failure, for a server that is off. */
  failureCode: string | null
}

/** A VM is known by its UUID alone, so that an alert goes on where it moves. */
export function trackedKey(
  ruleId: RuleId,
  { serverId, vmUuid, entity, process }: Pick<Target, 'serverId' | 'vmUuid' | 'entity' | 'process'>
): string {
  if (vmUuid !== null) return `${ruleId}/vm/${vmUuid}`
  if (process !== null) return `${ruleId}/${serverId}/process/${process.pid}.${process.startTicks}`
  return entity === null ? `${ruleId}/${serverId}` : `${ruleId}/${serverId}/${entity.kind}/${entity.key}`
}

export function track(
  rule: AlertRule,
  target: Target,
  { condition, everyMs, nowMs }: { condition: RuleCondition; everyMs: number; nowMs: number }
): Tracked {
  const key = trackedKey(rule.id, target)
  return {
    key,
    rule,
    target,
    context: contextOf(rule, condition, everyMs, key),
    state: newAlertState(),
    seenMs: nowMs,
    failureCode: null
  }
}

/** With an empty memory for the forecast, where the condition has one. */
export function contextOf(
  rule: AlertRule,
  condition: RuleCondition,
  everyMs: number,
  key: string
): EvaluationContext {
  const foresight =
    condition.forecastWithinMs === null ? null : new Foresight(condition.forecastWithinMs, key)
  return { condition, level: rule.level, everyMs, foresight }
}

export function entityTarget(entity: EntityRef, label: string): Target {
  const isVm = entity.kind === 'vm'
  return {
    serverId: entity.serverId,
    // The key of a VM is its UUID; the machines' lane makes it.
    vmUuid: isVm ? (entity.key as VmUuid) : null,
    entity,
    label: isVm || entity.kind === 'server' ? '' : label.slice(0, 1_000) || entity.key,
    process: null
  }
}

export const plainTarget = (serverId: ServerId, vmUuid: VmUuid | null): Target => ({
  serverId,
  vmUuid,
  entity: null,
  label: '',
  process: null
})

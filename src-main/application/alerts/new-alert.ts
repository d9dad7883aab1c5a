/** What an alert says of itself when it is raised. */
import { randomUUID } from 'node:crypto'
import type { Alert } from '#contract/alerts.ts'
import type { AlertId } from '#contract/ids.ts'
import type { AlertTransition } from '../../domain/alerts/alert-state.ts'
import { causeOf, isOfState } from '../../domain/alerts/watches.ts'
import type { ServerSight } from './fleet-sight.ts'
import type { Tracked } from './tracked.ts'

export type About = Pick<Tracked, 'key' | 'rule' | 'target' | 'context' | 'state' | 'failureCode'>
export type Raised = Extract<AlertTransition, { kind: 'raised' }>

export function newAlert(
  { rule, target, context, state, failureCode }: About,
  raised: Raised,
  sight: ServerSight | null
): Alert {
  const { condition } = context
  const isState = isOfState(rule.watch)
  const machine = target.vmUuid === null ? null : (sight?.machine(target.vmUuid) ?? null)
  return {
    id: randomUUID() as AlertId,
    ruleId: rule.id,
    ruleName: rule.name,
    preset: rule.preset,
    watch: rule.watch,
    level: raised.level,
    cause: causeOf(rule.watch, raised.cause),
    ...target,
    serverName: sight?.record.name ?? '',
    vmName: machine?.name ?? null,
    direction: condition.direction,
    threshold: isState ? null : condition.threshold,
    value: isState ? null : raised.value,
    worst: isState ? null : (state.open?.worst ?? null),
    forMs: raised.cause === 'noData' ? (condition.noDataForMs ?? condition.forMs) : condition.forMs,
    forecast: raised.forecast,
    failureCode,
    raisedAtMs: raised.atMs,
    redAtMs: raised.level === 'RED' ? raised.atMs : null,
    recoveredAtMs: null,
    ended: null,
    acknowledged: null,
    quiet: null
  }
}

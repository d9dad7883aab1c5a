/** Whether an alert is kept quiet, by what, and until when. Pure. */
import type { Alert, MaintenanceView, Silence } from '#contract/alerts.ts'
import type { RuleId } from '#contract/ids.ts'
import { scopeFits, type ScopeTarget } from './scope.ts'

/** Of several reasons the one that lasts longest. null = it is told. */
export function quietFor(
  alert: { readonly ruleId: RuleId; readonly target: ScopeTarget },
  quiet: { readonly silences: readonly Silence[]; readonly maintenances: readonly MaintenanceView[] },
  atMs: number
): Alert['quiet'] {
  const silenced = quiet.silences
    .filter(
      ({ ruleId, scope }) => (ruleId ?? alert.ruleId) === alert.ruleId && scopeFits(scope, alert.target)
    )
    .map(({ untilAtMs }) => ({ reason: 'silence' as const, untilAtMs }))
  const maintained = quiet.maintenances
    .filter(({ maintenance, openUntilAtMs }) =>
      openUntilAtMs === null ? false : maintenance.scopes.some((scope) => scopeFits(scope, alert.target))
    )
    .map(({ openUntilAtMs }) => ({ reason: 'maintenance' as const, untilAtMs: openUntilAtMs }))
  let longest: Alert['quiet'] = null
  for (const one of [...silenced, ...maintained]) {
    const isOver = one.untilAtMs !== null && one.untilAtMs <= atMs
    if (!isOver && (longest === null || lasts(one.untilAtMs) > lasts(longest.untilAtMs))) longest = one
  }
  return longest
}

const lasts = (untilAtMs: number | null): number => untilAtMs ?? Infinity

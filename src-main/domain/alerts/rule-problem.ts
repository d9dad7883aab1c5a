/** What is wrong with a rule that the contract's schema cannot see. Pure. */
import type { RuleCondition, RuleDraft, RuleWatch } from '#contract/alert-rules.ts'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import { isOfState } from './watches.ts'

/**
 * `recoverAtBeyond`: it would recover while it is still beyond. `tooManySamples`: more than the shortest interval gives in that
 * time. `notForetold`: a process or a state has no forecast, and no "no data".
 */
export type RuleProblem =
  'unknownMetric' | 'notANumber' | 'recoverAtBeyond' | 'tooManySamples' | 'notForetold'

const SHORTEST_INTERVAL_MS = 2_000

/** null = it can be. Overrides are judged with what they do not change. */
export function ruleProblem({
  watch,
  condition,
  overrides
}: Pick<RuleDraft, 'watch' | 'condition' | 'overrides'>): RuleProblem | null {
  if (watch.kind === 'metric' && metricDefinition(watch.entityKind, watch.metric) === undefined)
    return 'unknownMetric'
  for (const different of [{}, ...overrides.map((override) => override.condition)]) {
    const problem = conditionProblem(watch, { ...condition, ...different } as RuleCondition)
    if (problem !== null) return problem
  }
  return null
}

function conditionProblem(watch: RuleWatch, condition: RuleCondition): RuleProblem | null {
  const { direction, threshold, recoverAt, forMs, minSamples } = condition
  if (watch.kind !== 'metric' && (condition.forecastWithinMs !== null || condition.noDataForMs !== null))
    return 'notForetold'
  if (isOfState(watch)) return null
  if (!Number.isFinite(threshold) || !Number.isFinite(recoverAt)) return 'notANumber'
  const isBelow = watch.kind === 'metric' && direction === 'below'
  if (isBelow ? recoverAt < threshold : recoverAt > threshold) return 'recoverAtBeyond'
  return minSamples > forMs / SHORTEST_INTERVAL_MS + 1 ? 'tooManySamples' : null
}

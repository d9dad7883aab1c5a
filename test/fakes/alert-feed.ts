/** Feeds values to the evaluator of alerts and notes what it tells. */
import type { RuleCondition } from '#contract/alert-rules.ts'
import {
  type AlertState,
  type AlertTransition,
  newAlertState
} from '../../src-main/domain/alerts/alert-state.ts'
import { evaluate, type EvaluationContext } from '../../src-main/domain/alerts/evaluate.ts'
import { Foresight } from '../../src-main/domain/alerts/foresight.ts'

export const SECOND_MS = 1_000
export const MINUTE_MS = 60_000
export const HOUR_MS = 3_600_000
/** Midnight of a day. */
export const START_MS = 20_000 * 24 * HOUR_MS

export const condition = (different: Partial<RuleCondition> = {}): RuleCondition => ({
  direction: 'above',
  threshold: 0.8,
  recoverAt: 0.75,
  forMs: MINUTE_MS,
  recoverForMs: MINUTE_MS,
  minSamples: 2,
  forecastWithinMs: null,
  noDataForMs: null,
  ...different
})

/** Repeatable noise of a standard deviation of one. */
export function normalNoise(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 2_147_483_647 || 1
  const next = (): number => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let warm = 0; warm < 8; warm++) next()
  return () => Math.sqrt(-2 * Math.log(next())) * Math.cos(2 * Math.PI * next())
}

export class AlertFeed {
  atMs = START_MS
  readonly told: AlertTransition[] = []
  state: AlertState = newAlertState()
  context: EvaluationContext

  constructor(different: Partial<RuleCondition> = {}, everyMs = 10 * SECOND_MS) {
    const made = condition(different)
    const { forecastWithinMs } = made
    this.context = {
      condition: made,
      level: 'RED',
      everyMs,
      foresight: forecastWithinMs === null ? null : new Foresight(forecastWithinMs, 'feed')
    }
  }

  /** One sample after the usual time; null = no value. */
  give(value: number | null, isOnline = true): readonly AlertTransition[] {
    this.atMs += this.context.everyMs
    const transitions = evaluate(this.state, { atMs: this.atMs, value, isOnline }, this.context)
    this.told.push(...transitions)
    return transitions
  }

  /** Values for a span of time, by minutes since its begin. */
  giveFor(spanMs: number, valueAt: (minute: number) => number | null, isOnline = true): this {
    const count = Math.round(spanMs / this.context.everyMs)
    for (let index = 1; index <= count; index++)
      this.give(valueAt((index * this.context.everyMs) / MINUTE_MS), isOnline)
    return this
  }

  /** The clock is set, or nobody measures for a while. */
  jump(byMs: number): this {
    this.atMs += byMs
    return this
  }

  /** As after a restart: the state went through JSON, and what is only in memory is gone. */
  restart(): this {
    this.state = JSON.parse(JSON.stringify(this.state)) as AlertState
    const { forecastWithinMs } = this.context.condition
    if (forecastWithinMs !== null)
      this.context = { ...this.context, foresight: new Foresight(forecastWithinMs, 'feed') }
    return this
  }

  /** `raised RED threshold` and so on. */
  get words(): string[] {
    return this.told.map((transition) =>
      transition.kind === 'recovered'
        ? `recovered ${transition.ended}`
        : `${transition.kind} ${transition.level} ${transition.cause}`
    )
  }
}

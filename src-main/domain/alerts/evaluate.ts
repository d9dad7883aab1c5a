/**
 * What a sample changes for one rule and one target: raised, come true, recovered. Pure but for the state that is passed in, which
 * it changes in place: thousands are asked every tick.
 */
import type { RuleCondition } from '#contract/alert-rules.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'
import type { AlertEnd, AlertState, AlertTransition, OpenAlert, SampleCause } from './alert-state.ts'
import type { Foresight } from './foresight.ts'

export interface Sample {
  readonly atMs: number
  /** null = there is none now. As often as one likes: only time without a value counts, not how often it was said. */
  readonly value: number | null
  /** Whether the server answers. Silence of one that does not is no news. */
  readonly isOnline: boolean
}

export interface EvaluationContext {
  /** As `conditionFor` and `evaluatedCondition` give it. */
  readonly condition: RuleCondition
  /** Of the rule. */
  readonly level: AlertLevel
  /** The longest usual distance between two values (`usualEveryMs`). */
  readonly everyMs: number
  /** null = no forecast. */
  readonly foresight: Foresight | null
}

/** A value that comes so many times later than usual is still in time; of a longer while only so much counts. */
const IN_TIME = 2.5
/** So many times later than usual, and at least a minute, is a gap: what was before says nothing of now. */
const GAP = 5
const LEAST_GAP_MS = 60_000
/**
 * Values come a little early or late. Without this a duration of so many whole intervals would now and then take one more, by a
 * matter of milliseconds.
 */
const JITTER = 0.05
/** Between threshold and `recoverAt` for so many times the duration, it was not beyond "all the time" any more. */
const BETWEEN = 2
/** Silence is news only after so many values that did not come. */
const MISSED_VALUES = 3

const NOTHING: readonly AlertTransition[] = []

/** Two transitions at most: an alert that ends and another that begins. */
export function evaluate(
  state: AlertState,
  sample: Sample,
  context: EvaluationContext
): readonly AlertTransition[] {
  const value = sample.value !== null && Number.isFinite(sample.value) ? sample.value : null
  const transitions =
    value === null ? afterSilence(state, sample, context) : afterValue(state, sample.atMs, value, context)
  state.sampleAtMs = sample.atMs
  return transitions
}

/** Ends an alert for a reason that is not in the values. The state is as new afterwards, but knows when there was a value. */
export function endAlert(state: AlertState, atMs: number, ended: AlertEnd): readonly AlertTransition[] {
  const { open } = state
  startOver(state)
  return open === null ? NOTHING : [recovered(open, atMs, ended, null)]
}

function afterSilence(state: AlertState, { atMs, isOnline }: Sample, context: EvaluationContext) {
  const { condition, level, everyMs } = context
  const passedMs = state.sampleAtMs === null ? 0 : Math.max(0, atMs - state.sampleAtMs)
  const isGap = passedMs > gapMs(everyMs)
  state.silentMs = isOnline && !isGap ? state.silentMs + passedMs : 0
  // What never spoke is not silent.
  if (condition.noDataForMs === null || state.valueAtMs === null) return NOTHING
  if (state.silentMs < Math.max(condition.noDataForMs, MISSED_VALUES * everyMs)) return NOTHING
  if (state.open === null) return [raise(state, { atMs, level, cause: 'noData', value: null })]
  return state.open.cause === 'forecast'
    ? [reach(state.open, { atMs, level, cause: 'noData', value: null })]
    : NOTHING
}

function afterValue(state: AlertState, atMs: number, value: number, context: EvaluationContext) {
  const { condition, level, foresight } = context
  state.silentMs = 0
  count(state, atMs, value, context)
  foresight?.add(atMs, value)
  let ended: readonly AlertTransition[] = NOTHING
  if (state.open?.cause === 'noData' || isGood(state, context)) ended = recover(state, atMs, value)
  if (state.open !== null) {
    state.open.value = value
    state.open.worst =
      state.worst === null ? state.open.worst : worseOf(condition, state.open.worst, state.worst)
  }
  const isDue =
    state.beyondSamples >= condition.minSamples && hasLasted(state.beyondMs, condition.forMs, context)
  if (isDue && state.open === null)
    return [...ended, raise(state, { atMs, level, cause: 'threshold', value })]
  if (isDue && state.open?.cause === 'forecast')
    return [...ended, reach(state.open, { atMs, level, cause: 'threshold', value })]
  if (foresight === null || (state.open !== null && state.open.cause !== 'forecast')) return ended
  return foretell(state, atMs, value, { ...context, foresight }, ended)
}

function foretell(
  state: AlertState,
  atMs: number,
  value: number,
  { condition, foresight }: EvaluationContext & { readonly foresight: Foresight },
  before: readonly AlertTransition[]
): readonly AlertTransition[] {
  const crossing = foresight.ask(state.answers, condition, atMs)
  const { open } = state
  if (open === null)
    return crossing === null
      ? before
      : [...before, raise(state, { atMs, level: 'AMBER', cause: 'forecast', value }, crossing)]
  if (crossing !== null) open.forecast = crossing
  // Beyond for less than it takes: what was foretold is coming true.
  if (state.beyondSamples > 0 || state.answers.some(({ isWarning }) => isWarning)) return before
  return [...before, ...recover(state, atMs, value)]
}

/** Adds the time since the value before to what it belongs to. */
function count(
  state: AlertState,
  atMs: number,
  value: number,
  { condition, everyMs }: EvaluationContext
): void {
  const passedMs = state.valueAtMs === null ? Infinity : atMs - state.valueAtMs
  const isGap = passedMs > gapMs(everyMs)
  // A clock that was set back, and what is much too late, count for as little as can be known.
  const countedMs = isGap ? 0 : Math.min(Math.max(0, passedMs), IN_TIME * everyMs)
  state.valueAtMs = atMs
  if (isGap) forgetBeyond(state)
  if (isBeyond(condition, value)) {
    // The time up to a sample is that sample's.
    if (state.beyondSamples > 0) state.beyondMs += countedMs
    state.beyondSamples++
    state.betweenMs = 0
    state.goodMs = null
    state.worst = worseOf(condition, state.worst, value)
    return
  }
  if (isRecovered(condition, value)) {
    state.goodMs = state.goodMs === null || isGap ? 0 : state.goodMs + countedMs
    forgetBeyond(state)
    return
  }
  state.goodMs = null
  state.betweenMs += countedMs
  if (state.betweenMs > BETWEEN * condition.forMs) forgetBeyond(state)
}

/** A longer time without a value is a gap. */
export const gapMs = (everyMs: number): number => Math.max(GAP * everyMs, LEAST_GAP_MS)

const isBeyond = ({ direction, threshold }: RuleCondition, value: number): boolean =>
  direction === 'above' ? value > threshold : value < threshold

const isRecovered = ({ direction, recoverAt }: RuleCondition, value: number): boolean =>
  direction === 'above' ? value <= recoverAt : value >= recoverAt

const isGood = ({ open, goodMs }: AlertState, context: EvaluationContext): boolean =>
  open?.cause === 'threshold' && goodMs !== null && hasLasted(goodMs, context.condition.recoverForMs, context)

const hasLasted = (lastedMs: number, forMs: number, { everyMs }: EvaluationContext): boolean =>
  lastedMs >= forMs - JITTER * everyMs

const worseOf = ({ direction }: RuleCondition, one: number | null, other: number): number =>
  one === null ? other : direction === 'above' ? Math.max(one, other) : Math.min(one, other)

function forgetBeyond(state: AlertState): void {
  state.beyondMs = 0
  state.beyondSamples = 0
  state.betweenMs = 0
  state.worst = null
}

function startOver(state: AlertState): void {
  forgetBeyond(state)
  state.goodMs = null
  state.silentMs = 0
  state.answers = []
  state.open = null
}

interface News {
  readonly atMs: number
  readonly level: AlertLevel
  readonly cause: SampleCause
  readonly value: number | null
}

function raise(state: AlertState, news: News, forecast: OpenAlert['forecast'] = null): AlertTransition {
  const { atMs, level, cause, value } = news
  state.open = { level, cause, raisedAtMs: atMs, reachedAtMs: null, value, worst: state.worst, forecast }
  return { kind: 'raised', ...news, forecast }
}

function reach(open: OpenAlert, news: News & { readonly cause: 'threshold' | 'noData' }): AlertTransition {
  open.level = news.level
  open.cause = news.cause
  open.reachedAtMs = news.atMs
  return { kind: 'reached', ...news }
}

function recover(state: AlertState, atMs: number, value: number): readonly AlertTransition[] {
  const { open } = state
  if (open === null) return NOTHING
  state.open = null
  state.goodMs = null
  state.answers = []
  return [recovered(open, atMs, 'recovered', value)]
}

const recovered = (
  open: OpenAlert,
  atMs: number,
  ended: AlertEnd,
  value: number | null
): AlertTransition => ({
  kind: 'recovered',
  atMs: Math.max(atMs, open.reachedAtMs ?? open.raisedAtMs),
  ended,
  value
})

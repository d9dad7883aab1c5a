/** What a rule would have told on stored history: the very evaluator, over values of the past. Pure; reads by what is passed in. */
import type { Backtest, BacktestRaise, RuleCondition, RuleWatch } from '#contract/alert-rules.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'
import type { Series } from '../forecast/bins.ts'
import { dailyProfile } from '../forecast/daily-profile.ts'
import { median } from '../forecast/robust.ts'
import { type AlertTransition, newAlertState } from './alert-state.ts'
import { drawn } from './backtest-drawing.ts'
import { evaluate, type EvaluationContext, gapMs } from './evaluate.ts'
import { Foresight, lookBackMs, PROFILE_EVERY_MS } from './foresight.ts'
import { usualEveryMs } from './watches.ts'

export interface BacktestEntity extends Pick<BacktestRaise, 'entity' | 'label'> {
  /** As `conditionFor` gives it. */
  readonly condition: RuleCondition
}

export interface StoredSeries extends Series {
  /** When the server was not online, or the console not open: silence then is no news. */
  readonly gaps: readonly { readonly fromAtMs: number; readonly toAtMs: number }[]
  /** Means of about ten minutes, of some days before the range (`PROFILE_DAYS`) and of the range. Without: no time of day. */
  readonly days?: Series
}

export interface BacktestRequest {
  readonly watch: Extract<RuleWatch, { kind: 'metric' }>
  readonly level: AlertLevel
  readonly fromAtMs: number
  readonly toAtMs: number
  /** Distance of the stored values: the interval of sampling, or a minute. */
  readonly storedEveryMs: number
  readonly entities: readonly BacktestEntity[]
  /** Values of an entity from a time on, earlier than the range where the rule foretells, up to its end. */
  readonly read: (of: BacktestEntity, fromAtMs: number) => Promise<StoredSeries>
  /** Lets others have their turn. Called every few milliseconds; a rejection ends the test with it: so it is cancelled. */
  readonly pause: () => Promise<void>
  readonly onProgress: (done: number, total: number) => void
}

const MOST_RAISES = 2_000
/** So many values are judged without a pause: a few milliseconds, and with a forecast at each of them some tens. */
const UNTIL_PAUSE = 200

/** Only what is kept as a series can be tried on history. */
export const isKept = (watch: RuleWatch): boolean => watch.kind === 'metric'

export async function backtest(request: BacktestRequest): Promise<Backtest> {
  const { fromAtMs, toAtMs, entities } = request
  const raises: BacktestRaise[] = []
  let withValues = 0
  let shown: { rank: Rank; drawing: NonNullable<Backtest['shown']> } | null = null
  for (const [done, of] of entities.entries()) {
    request.onProgress(done, entities.length)
    const { forecastWithinMs } = of.condition
    const series = await request.read(
      of,
      fromAtMs - (forecastWithinMs === null ? 0 : lookBackMs(forecastWithinMs))
    )
    const mine = await judged(of, series, request)
    raises.push(...mine)
    const extreme = farthest(series, request, of.condition)
    if (extreme === null) continue
    withValues++
    const rank = { raises: mine.length, extreme }
    if (shown !== null && !isAbove(rank, shown.rank)) continue
    const everyMs = usualEveryMs(of.entity.kind, request.watch.metric, request.storedEveryMs)
    const points = drawn(series, {
      fromAtMs,
      toAtMs,
      gapMs: gapMs(everyMs),
      direction: of.condition.direction
    })
    shown = { rank, drawing: { entity: of.entity, label: of.label, ...points } }
  }
  request.onProgress(entities.length, entities.length)
  raises.sort((a, b) => a.raisedAtMs - b.raisedAtMs)
  return {
    fromAtMs,
    toAtMs,
    entities: entities.length,
    withValues,
    raises: raises.slice(0, MOST_RAISES),
    leftOut: Math.max(0, raises.length - MOST_RAISES),
    ...judgement(raises),
    shown: shown?.drawing ?? null
  }
}

/** How the foretold ones ended. What still lasts is neither right nor wrong. */
function judgement(
  raises: readonly BacktestRaise[]
): Pick<Backtest, 'forecastsRight' | 'forecastsWrong' | 'medianLeadMs'> {
  const foretold = raises.filter(({ cause }) => cause === 'forecast')
  const leadsMs = foretold.flatMap(({ raisedAtMs, redAtMs }) =>
    redAtMs === null ? [] : [redAtMs - raisedAtMs]
  )
  const wrong = foretold.filter(({ redAtMs, recoveredAtMs }) => redAtMs === null && recoveredAtMs !== null)
  return {
    forecastsRight: leadsMs.length,
    forecastsWrong: wrong.length,
    medianLeadMs: leadsMs.length === 0 ? null : Math.round(median(leadsMs))
  }
}

/** All raises of one entity within the range. */
async function judged(
  of: BacktestEntity,
  series: StoredSeries,
  request: BacktestRequest
): Promise<BacktestRaise[]> {
  const { condition, entity, label } = of
  const everyMs = usualEveryMs(entity.kind, request.watch.metric, request.storedEveryMs)
  const foresight =
    condition.forecastWithinMs === null ? null : new Foresight(condition.forecastWithinMs, label + entity.key)
  const context: EvaluationContext = { condition, level: request.level, everyMs, foresight }
  const state = newAlertState()
  const raises: BacktestRaise[] = []
  let sincePause = 0
  for (const sample of samples(series, request, context)) {
    if (++sincePause >= UNTIL_PAUSE) {
      sincePause = 0
      await request.pause()
    }
    for (const transition of evaluate(state, sample, context)) note(raises, transition, { entity, label })
  }
  return raises
}

function note(
  raises: BacktestRaise[],
  transition: AlertTransition,
  of: Pick<BacktestRaise, 'entity' | 'label'>
): void {
  const { atMs } = transition
  const last = raises.at(-1)
  if (transition.kind === 'raised') {
    const { level, cause } = transition
    raises.push({ ...of, level, cause, raisedAtMs: atMs, redAtMs: null, recoveredAtMs: null })
  } else if (last !== undefined) {
    if (transition.kind === 'recovered') last.recoveredAtMs = atMs
    else if (transition.cause === 'threshold') last.redAtMs = atMs
  }
}

/** The values of the range in their order, with the silence between them; those before it fill the foresight. */
function* samples(
  { atMs: times, values, gaps, days }: StoredSeries,
  { fromAtMs, toAtMs }: Pick<BacktestRequest, 'fromAtMs' | 'toAtMs'>,
  { condition, everyMs, foresight }: EvaluationContext
) {
  let profileAtMs = -Infinity
  let beforeMs: number | null = null
  const silentEveryMs =
    condition.noDataForMs === null ? Infinity : Math.max(everyMs, condition.noDataForMs / 8)
  for (let index = 0; index <= times.length; index++) {
    const atMs = times[index] ?? toAtMs
    const value = values[index] ?? null
    if (atMs < fromAtMs) {
      if (value !== null) foresight?.add(atMs, value)
      continue
    }
    if (foresight !== null && days !== undefined && atMs - profileAtMs >= PROFILE_EVERY_MS) {
      foresight.profile = dailyProfile(upTo(days, atMs))
      profileAtMs = atMs
    }
    if (beforeMs !== null)
      for (let silentMs = beforeMs + silentEveryMs; silentMs < atMs; silentMs += silentEveryMs)
        yield { atMs: silentMs, value: null, isOnline: !gaps.some((gap) => isWithin(gap, silentMs)) }
    if (index < times.length && atMs <= toAtMs) yield { atMs, value, isOnline: true }
    beforeMs = atMs
  }
}

const isWithin = ({ fromAtMs, toAtMs }: StoredSeries['gaps'][number], atMs: number): boolean =>
  atMs >= fromAtMs && atMs < toAtMs

function upTo({ atMs, values }: Series, endMs: number): Series {
  const after = atMs.findIndex((at) => at >= endMs)
  return after < 0 ? { atMs, values } : { atMs: atMs.slice(0, after), values: values.slice(0, after) }
}

interface Rank {
  readonly raises: number
  readonly extreme: number
}

const isAbove = (one: Rank, other: Rank): boolean =>
  one.raises > other.raises || (one.raises === other.raises && one.extreme > other.extreme)

/** The value that is farthest in the direction of the rule, as a number that is greater the farther; null = no value. */
function farthest(
  { atMs, values }: Series,
  { fromAtMs, toAtMs }: Pick<BacktestRequest, 'fromAtMs' | 'toAtMs'>,
  { direction }: RuleCondition
): number | null {
  let found: number | null = null
  for (const [index, value] of values.entries()) {
    const at = atMs[index] ?? 0
    if (value === null || at < fromAtMs || at > toAtMs) continue
    const height = direction === 'above' ? value : -value
    if (found === null || height > found) found = height
  }
  return found
}

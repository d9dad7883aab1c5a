/** Tries a rule on the stored history of the fleet. Reads in small pieces and lets others have their turn. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { BacktestAnswer, RuleDraft } from '#contract/alert-rules.ts'
import type { EntityInfo, EntityRef, HistoryGap, HistoryLevel } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { backtest, isKept, type BacktestEntity, type StoredSeries } from '../../domain/alerts/backtest.ts'
import { PROFILE_DAYS } from '../../domain/alerts/foresight.ts'
import { conditionFor } from '../../domain/alerts/scope.ts'
import { entityFits, evaluatedCondition } from '../../domain/alerts/watches.ts'
import type { HistoryStore } from '../storage.ts'
import { scopeTargetOf, type FleetSight, type ServerSight } from './fleet-sight.ts'

export interface BacktestDeps {
  readonly history: Pick<HistoryStore, 'read' | 'rows' | 'entities'>
  readonly fleet: FleetSight
  readonly defaultIntervalMs: () => number
}

export interface BacktestQuestion {
  readonly draft: RuleDraft
  readonly fromAtMs: number
  readonly toAtMs: number
}

type MetricWatch = Extract<RuleDraft['watch'], { kind: 'metric' }>

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** More samples than these are tried by their means of a minute. */
const MOST_SAMPLES = 1_500_000
const POINTS_A_DAY = 144

/** Throws cancelled when the signal is aborted. */
export async function runBacktest(
  deps: BacktestDeps,
  { draft, fromAtMs, toAtMs }: BacktestQuestion,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (done: number, total: number) => void }
): Promise<BacktestAnswer> {
  const { watch } = draft
  if (!isKept(watch) || watch.kind !== 'metric') return { kind: 'notKept', watch }
  const entities = await entitiesOf(deps, draft, watch, { fromAtMs, toAtMs })
  const storedEveryMs = Math.min(...deps.fleet.servers().map((sight) => intervalOf(deps, sight)), MINUTE_MS)
  const samples = (entities.length * (toAtMs - fromAtMs)) / storedEveryMs
  const level: HistoryLevel = samples > MOST_SAMPLES ? 'minute' : 'raw'
  const gaps = gapsBy(deps, { fromAtMs, toAtMs }, signal)
  const answer = await backtest({
    watch,
    level: draft.level,
    fromAtMs,
    toAtMs,
    storedEveryMs: level === 'raw' ? storedEveryMs : MINUTE_MS,
    entities,
    read: async ({ entity, condition }, sinceAtMs) => {
      const range = { fromAtMs: Math.max(0, Math.floor(sinceAtMs)), toAtMs }
      const series = await rowsOf(deps, entity, watch.metric, { ...range, level }, signal)
      const days =
        condition.forecastWithinMs === null ? null : await daysOf(deps, entity, watch.metric, range, signal)
      return { ...series, gaps: await gaps(entity), ...(days !== null && { days }) }
    },
    pause: () => nextTurn(undefined, { signal }),
    onProgress
  })
  return { kind: 'tested', backtest: answer }
}

function intervalOf(deps: BacktestDeps, { record }: ServerSight): number {
  return record.intervalMs ?? deps.defaultIntervalMs()
}

/** What the rule looks at, of what the history knows in the range. A VM counts where it was last. */
async function entitiesOf(
  deps: BacktestDeps,
  draft: RuleDraft,
  watch: MetricWatch,
  { fromAtMs, toAtMs }: { fromAtMs: number; toAtMs: number }
): Promise<BacktestEntity[]> {
  const found: BacktestEntity[] = []
  for (const sight of deps.fleet.servers()) {
    const all = await deps.history.entities(sight.record.id)
    const within = all.filter((info) => info.firstAtMs < toAtMs && info.lastAtMs >= fromAtMs)
    for (const info of within) {
      const one = entityOf(info, draft, watch, sight)
      if (one !== null) found.push(one)
    }
  }
  return found
}

function entityOf(
  { entity, label }: EntityInfo,
  draft: RuleDraft,
  watch: MetricWatch,
  { record }: ServerSight
): BacktestEntity | null {
  if (!entityFits(watch, { kind: entity.kind, key: entity.key, label })) return null
  const vmUuid = entity.kind === 'vm' ? (entity.key as VmUuid) : null
  const condition = conditionFor(draft, scopeTargetOf(record, vmUuid))
  if (condition === null) return null
  // What stands for the whole server has its name.
  const name = entity.kind === 'server' ? record.name : label || entity.key
  return { entity, label: name, condition: evaluatedCondition(watch, condition) }
}

async function rowsOf(
  { history }: BacktestDeps,
  entity: EntityRef,
  metric: string,
  range: { fromAtMs: number; toAtMs: number; level: HistoryLevel },
  signal: AbortSignal
): Promise<Pick<StoredSeries, 'atMs' | 'values'>> {
  const atMs: number[] = []
  const values: (number | null)[] = []
  const rows = history.rows({ series: [{ entity, metrics: [metric] }], ...range }, signal)
  for await (const batch of rows) {
    for (const [row, at] of batch.atMs.entries()) {
      // Of minutes: mean, minimum, maximum.
      const value = batch.values[row * batch.width]
      atMs.push(at)
      values.push(value === undefined || Number.isNaN(value) ? null : value)
    }
  }
  return { atMs, values }
}

/** What is usual at a time of day: some days before the range too. */
async function daysOf(
  { history }: BacktestDeps,
  entity: EntityRef,
  metric: string,
  { fromAtMs, toAtMs }: { fromAtMs: number; toAtMs: number },
  signal: AbortSignal
): Promise<Pick<StoredSeries, 'atMs' | 'values'>> {
  const sinceAtMs = Math.max(0, fromAtMs - PROFILE_DAYS * DAY_MS)
  const maxPoints = Math.min(20_000, Math.ceil((toAtMs - sinceAtMs) / DAY_MS) * POINTS_A_DAY)
  const query = { series: [{ entity, metrics: [metric] }], fromAtMs: sinceAtMs, toAtMs, maxPoints }
  const { atMs, series } = await history.read(query, signal)
  return { atMs, values: series[0]?.mean ?? atMs.map(() => null) }
}

/** Times of which there are no values for a reason that is no news, once per server. */
function gapsBy(
  { history }: BacktestDeps,
  { fromAtMs, toAtMs }: { fromAtMs: number; toAtMs: number },
  signal: AbortSignal
): (entity: EntityRef) => Promise<StoredSeries['gaps']> {
  const known = new Map<ServerId, Promise<readonly HistoryGap[]>>()
  const read = async (entity: EntityRef): Promise<readonly HistoryGap[]> => {
    const metrics = [entity.kind === 'vm' ? 'cpuUsedRatio' : 'load1']
    const whole: EntityRef = { serverId: entity.serverId, kind: 'server', key: '' }
    const series = [{ entity: entity.kind === 'vm' ? entity : whole, metrics }]
    return (await history.read({ series, fromAtMs, toAtMs, maxPoints: 1 }, signal)).gaps
  }
  return async (entity) => {
    // Gaps of single VMs come with their series only.
    const gaps = entity.kind === 'vm' ? read(entity) : (known.get(entity.serverId) ?? read(entity))
    if (entity.kind !== 'vm') known.set(entity.serverId, gaps)
    return (await gaps).map((gap) => ({ fromAtMs: gap.fromAtMs, toAtMs: gap.toAtMs ?? toAtMs }))
  }
}

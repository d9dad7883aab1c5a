/**
 * Fills what the forecast remembers of the past from the stored history: after a start, for what is new, and what is usual at a
 * time of day every few hours. One read at a time, so that nobody else waits for it.
 */
import type { EntityRef, HistoryAnswer, MetricSeries } from '#contract/history.ts'
import { dailyProfile } from '../../domain/forecast/daily-profile.ts'
import { lookBackMs, PROFILE_DAYS, PROFILE_EVERY_MS, type Foresight } from '../../domain/alerts/foresight.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { HistoryStore } from '../storage.ts'
import type { Tracked } from './tracked.ts'

export interface ForecastMemoryDeps {
  readonly history: Pick<HistoryStore, 'read'>
  readonly clock: Clock
  readonly log: Log
}

interface Wanted {
  readonly entity: EntityRef
  readonly metric: string
  readonly foresight: Foresight
}

/** Series of one read. */
const MOST_AT_ONCE = 16
/** As the forecast sees it: its looks have 120 means. */
const POINTS = 240
const PROFILE_POINTS_A_DAY = 144
const DAY_MS = 86_400_000
const PAUSE_MS = 25
const READ_DEADLINE_MS = 30_000

export class ForecastMemory {
  readonly #deps: ForecastMemoryDeps
  readonly #wanted = new Map<Foresight, Wanted>()
  readonly #profiledMs = new WeakMap<Foresight, number>()
  #wake: () => void = () => undefined

  constructor(deps: ForecastMemoryDeps) {
    this.#deps = deps
  }

  want({ target, rule, context }: Tracked): void {
    if (context.foresight === null || target.entity === null || rule.watch.kind !== 'metric') return
    this.#wanted.set(context.foresight, {
      entity: target.entity,
      metric: rule.watch.metric,
      foresight: context.foresight
    })
    this.#wake()
  }

  /** What is usual at a time of day is worked out anew where that was long ago. */
  refresh(tracked: Iterable<Tracked>): void {
    const nowMs = this.#deps.clock.monotonicMs()
    for (const one of tracked) {
      const { foresight } = one.context
      const profiledMs = foresight === null ? undefined : this.#profiledMs.get(foresight)
      if (profiledMs !== undefined && nowMs - profiledMs >= PROFILE_EVERY_MS) this.want(one)
    }
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const batch = this.#takeBatch()
      if (batch.length === 0) {
        await this.#sleepUntilWanted(signal)
        continue
      }
      try {
        await this.#fill(batch, signal)
      } catch (cause) {
        // Then it fills by itself with what comes in; the forecast waits until it has seen enough.
        if (!signal.aborted) this.#deps.log.error('alerts.forecastNotFilled', cause)
      }
      await sleepUnlessAborted(this.#deps.clock, PAUSE_MS, signal)
    }
  }

  /** Those of one server that look ahead equally far. */
  #takeBatch(): Wanted[] {
    const [first] = this.#wanted.values()
    if (first === undefined) return []
    const batch: Wanted[] = []
    for (const wanted of this.#wanted.values()) {
      const isAlike =
        wanted.entity.serverId === first.entity.serverId &&
        wanted.foresight.horizonMs === first.foresight.horizonMs
      if (isAlike) batch.push(wanted)
      if (batch.length === MOST_AT_ONCE) break
    }
    for (const { foresight } of batch) this.#wanted.delete(foresight)
    return batch
  }

  async #fill(batch: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    const nowMs = clock.nowMs()
    const horizonMs = batch[0]?.foresight.horizonMs ?? 0
    const isNew = batch.filter(({ foresight }) => !this.#profiledMs.has(foresight))
    if (isNew.length > 0) {
      const recent = await this.#read(isNew, nowMs - lookBackMs(horizonMs), nowMs, POINTS, signal)
      for (const [wanted, series] of pairs(isNew, recent))
        wanted.foresight.fill({ atMs: recent.atMs, values: series.mean })
    }
    const points = PROFILE_DAYS * PROFILE_POINTS_A_DAY
    const days = await this.#read(batch, nowMs - PROFILE_DAYS * DAY_MS, nowMs, points, signal)
    for (const [{ foresight }, series] of pairs(batch, days)) {
      foresight.profile = dailyProfile({ atMs: days.atMs, values: series.mean })
      this.#profiledMs.set(foresight, clock.monotonicMs())
    }
  }

  #read(
    batch: readonly Wanted[],
    fromAtMs: number,
    toAtMs: number,
    maxPoints: number,
    signal: AbortSignal
  ): Promise<HistoryAnswer> {
    const series = batch.map(({ entity, metric }) => ({ entity, metrics: [metric] }))
    const query = { series, fromAtMs: Math.max(0, Math.floor(fromAtMs)), toAtMs, maxPoints }
    return this.#deps.history.read(query, AbortSignal.any([signal, AbortSignal.timeout(READ_DEADLINE_MS)]))
  }

  async #sleepUntilWanted(signal: AbortSignal): Promise<void> {
    const woken = Promise.withResolvers<void>()
    const onAbort = (): void => woken.resolve()
    this.#wake = onAbort
    signal.addEventListener('abort', onAbort, { once: true })
    await woken.promise
    signal.removeEventListener('abort', onAbort)
    this.#wake = () => undefined
  }
}

function* pairs(
  batch: readonly Wanted[],
  { series }: HistoryAnswer
): Generator<readonly [Wanted, MetricSeries]> {
  for (const wanted of batch) {
    const { serverId, kind, key } = wanted.entity
    const found = series.find(
      ({ entity, metric }) =>
        metric === wanted.metric && entity.serverId === serverId && entity.kind === kind && entity.key === key
    )
    if (found !== undefined) yield [wanted, found]
  }
}

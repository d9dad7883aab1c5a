/**
 * What waits to be told by one channel, and what was told by it. Pure: the time is passed in, and the whole state is a value
 * that is kept between runs.
 */
import { z } from 'zod'
import { Alert } from '#contract/alerts.ts'
import { AlertId } from '#contract/ids.ts'
import { AtMs } from '#contract/units.ts'
import { AlertLevel } from '#contract/vocabulary.ts'
import type { Headline, ToldAlert } from './alert-words.ts'
import { fullBudget, spend, waitMs, type BudgetState } from './message-budget.ts'
import { inOrder } from './message.ts'

export const NewsKind = z.enum(['raised', 'escalated', 'again', 'recovered'])
export type NewsKind = z.infer<typeof NewsKind>

/** What is untold of one alert: news of it that come while it waits join it. */
const Waiting = z.object({
  /** As it was at the newest of its news. */
  alert: Alert,
  kinds: z.array(NewsKind).min(1),
  dueAtMs: AtMs
})
type Waiting = z.infer<typeof Waiting>

export const OutboxState = z.object({
  waiting: z.array(Waiting),
  /** Of these, the end is told too. */
  told: z.array(z.object({ alertId: AlertId, level: AlertLevel })),
  /** Ids of news that were taken: each is taken once. */
  taken: z.array(z.string()),
  budget: z.object({ tokens: z.number(), atMs: AtMs }),
  dropped: z.int(),
  lastSentAtMs: AtMs.nullable()
})
export type OutboxState = z.infer<typeof OutboxState>

export interface OutboxRules {
  readonly leastLevel: AlertLevel
  readonly mostPerHour: number
  readonly gatherMs: number
}

export interface IncomingNews {
  readonly newsId: string
  readonly alert: Alert
}

export type NextStep =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'send' }

export interface Batch {
  readonly told: readonly ToldAlert[]
  readonly heldBack: boolean
  readonly dropped: number
}

const RED_HELD_BACK_MS = 30_000
const MAX_WAITING = 500
const MAX_TOLD = 2_000
const MAX_TAKEN = 2_000

export class Outbox {
  #rules: OutboxRules
  readonly #waiting = new Map<AlertId, Waiting>()
  /** Being sent right now. */
  #underWay = new Map<AlertId, Waiting>()
  readonly #told: Map<AlertId, AlertLevel>
  readonly #taken: Set<string>
  #budget: BudgetState
  #dropped: number
  #lastSentAtMs: number | null
  #heldBack = false

  constructor(rules: OutboxRules, nowMs: number, kept: OutboxState | null) {
    this.#rules = rules
    for (const waiting of kept?.waiting ?? []) this.#waiting.set(waiting.alert.id, waiting)
    this.#told = new Map(kept?.told.map(({ alertId, level }) => [alertId, level]))
    this.#taken = new Set(kept?.taken)
    this.#budget = kept?.budget ?? fullBudget(rules.mostPerHour, nowMs)
    this.#dropped = kept?.dropped ?? 0
    this.#lastSentAtMs = kept?.lastSentAtMs ?? null
  }

  get lastSentAtMs(): number | null {
    return this.#lastSentAtMs
  }

  /** Alerts of which something is untold. */
  get waiting(): number {
    const both = [...this.#underWay.keys()].filter((id) => this.#waiting.has(id)).length
    return this.#waiting.size + this.#underWay.size - both
  }

  /** All that outlives the console; what is being sent waits again after a crash. */
  state(): OutboxState {
    const waiting = new Map(this.#underWay)
    for (const [id, later] of this.#waiting) waiting.set(id, joined(waiting.get(id), later))
    return {
      waiting: [...waiting.values()],
      told: [...this.#told].map(([alertId, level]) => ({ alertId, level })),
      taken: [...this.#taken],
      budget: this.#budget,
      dropped: this.#dropped,
      lastSentAtMs: this.#lastSentAtMs
    }
  }

  changeRules(rules: OutboxRules, nowMs: number): void {
    this.#rules = rules
    for (const waiting of this.#waiting.values())
      waiting.dueAtMs = Math.min(waiting.dueAtMs, nowMs + this.#holdMs(waiting))
  }

  /** Switched off: nothing of what waits is told, nor the end of what was. */
  forget(): void {
    this.#waiting.clear()
    this.#told.clear()
    this.#dropped = 0
  }

  /** True when the state changed. */
  take(kind: NewsKind, { newsId, alert }: IncomingNews, nowMs: number): boolean {
    if (this.#taken.has(newsId)) return false
    addCapped(this.#taken, newsId, MAX_TAKEN)
    if (!this.#concerns(kind, alert)) return false
    const fresh: Waiting = { alert, kinds: [kind], dueAtMs: 0 }
    fresh.dueAtMs = nowMs + this.#holdMs(fresh)
    const waiting = joined(this.#waiting.get(alert.id), fresh)
    this.#waiting.set(alert.id, waiting)
    if (this.#waiting.size > MAX_WAITING) this.#dropOne()
    return true
  }

  next(nowMs: number): NextStep {
    if (this.#waiting.size === 0) return { kind: 'nothing' }
    let dueAtMs = Infinity
    for (const waiting of this.#waiting.values()) {
      // After the clock was set back nothing may wait longer than it would have.
      waiting.dueAtMs = Math.min(waiting.dueAtMs, nowMs + this.#holdMs(waiting))
      dueAtMs = Math.min(dueAtMs, waiting.dueAtMs)
    }
    if (dueAtMs > nowMs) return { kind: 'wait', untilMs: dueAtMs }
    const red = [...this.#waiting.values()].some(isUrgent)
    const budgetMs = waitMs(this.#budget, { mostPerHour: this.#rules.mostPerHour, red, nowMs })
    if (budgetMs === 0) return { kind: 'send' }
    this.#heldBack = true
    return { kind: 'wait', untilMs: nowMs + budgetMs }
  }

  /** All that waits becomes one message, as it is now. Ended by `sent` or `notSent`. */
  begin(lasting: ReadonlyMap<AlertId, Alert>): Batch {
    this.#underWay = new Map()
    for (const [id, waiting] of this.#waiting) {
      const now = presentOf(waiting, lasting.get(id))
      if (now !== null) this.#underWay.set(id, now)
    }
    this.#waiting.clear()
    const told = [...this.#underWay.values()].map(({ alert, kinds }) => ({
      headline: headlineOf(kinds),
      alert
    }))
    return { told: inOrder(told), heldBack: this.#heldBack, dropped: this.#dropped }
  }

  sent(batch: Batch, nowMs: number): void {
    for (const { headline, alert } of batch.told) {
      if (headline === 'recovered' || headline === 'passed') this.#told.delete(alert.id)
      else this.#remember(alert)
    }
    this.#underWay.clear()
    this.#heldBack = false
    this.#dropped -= batch.dropped
    this.#budget = spend(this.#budget, this.#rules.mostPerHour, nowMs)
    this.#lastSentAtMs = nowMs
  }

  notSent(): void {
    const later = new Map(this.#waiting)
    this.#waiting.clear()
    for (const [id, waiting] of this.#underWay) this.#waiting.set(id, waiting)
    for (const [id, waiting] of later) this.#waiting.set(id, joined(this.#waiting.get(id), waiting))
    this.#underWay.clear()
  }

  #concerns(kind: NewsKind, alert: Alert): boolean {
    const known = this.#told.has(alert.id) || this.#waiting.has(alert.id) || this.#underWay.has(alert.id)
    if (kind === 'recovered') return known
    // A message that was under way may have said so already.
    if (kind === 'escalated' && this.#told.get(alert.id) === 'RED') return false
    return known || alert.level === 'RED' || this.#rules.leastLevel === 'AMBER'
  }

  #holdMs(waiting: Waiting): number {
    const { gatherMs } = this.#rules
    return isUrgent(waiting) ? Math.min(gatherMs, RED_HELD_BACK_MS) : gatherMs
  }

  #remember({ id, level }: Alert): void {
    this.#told.delete(id)
    this.#told.set(id, level)
    for (const [oldest] of this.#told) {
      if (this.#told.size <= MAX_TOLD) return
      this.#told.delete(oldest)
    }
  }

  /** What matters least: the oldest that is not RED, else the oldest. */
  #dropOne(): void {
    const all = [...this.#waiting.values()]
    const least = all.find((waiting) => !isUrgent(waiting)) ?? all[0]
    if (least === undefined) return
    this.#waiting.delete(least.alert.id)
    this.#dropped++
  }
}

const isUrgent = ({ alert, kinds }: Waiting): boolean => alert.level === 'RED' && !kinds.includes('recovered')

function joined(earlier: Waiting | undefined, later: Waiting): Waiting {
  if (earlier === undefined) return later
  return {
    alert: later.alert,
    kinds: [...new Set([...earlier.kinds, ...later.kinds])],
    dueAtMs: Math.min(earlier.dueAtMs, later.dueAtMs)
  }
}

/**
 * With the newest value. Where its end is not told for itself (the rule does not want it), what is over is told as over; null =
 * there is nothing to tell any more.
 */
function presentOf(waiting: Waiting, now: Alert | undefined): Waiting | null {
  const { alert, kinds, dueAtMs } = waiting
  if (kinds.includes('recovered')) return waiting
  const repeats = kinds.every((kind) => kind === 'again')
  if (now !== undefined) return repeats && now.acknowledged !== null ? null : { alert: now, kinds, dueAtMs }
  return repeats ? null : { alert, kinds: [...new Set<NewsKind>([...kinds, 'raised', 'recovered'])], dueAtMs }
}

function headlineOf(kinds: readonly NewsKind[]): Headline {
  if (kinds.includes('recovered')) return kinds.includes('raised') ? 'passed' : 'recovered'
  for (const kind of ['raised', 'escalated', 'again'] as const) if (kinds.includes(kind)) return kind
  return 'raised'
}

function addCapped(set: Set<string>, value: string, most: number): void {
  set.add(value)
  for (const oldest of set) {
    if (set.size <= most) return
    set.delete(oldest)
  }
}

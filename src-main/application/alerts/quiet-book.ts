/** What keeps alerts quiet: silences, and maintenances by the wall clock. */
import { randomUUID } from 'node:crypto'
import type { Alert, Maintenance, MaintenanceDraft, MaintenanceView, Silence } from '#contract/alerts.ts'
import { AppError } from '#contract/errors.ts'
import type { MaintenanceId, RuleId, SilenceId } from '#contract/ids.ts'
import { maintenanceAt } from '../../domain/alerts/maintenance.ts'
import { quietFor } from '../../domain/alerts/quiet.ts'
import { scopeFits, type ScopeTarget } from '../../domain/alerts/scope.ts'
import { isZone } from '../../domain/alerts/zone-time.ts'
import { createTopic } from '../streams.ts'
import type { AlertsKept, AlertStore } from './alert-store.ts'

const MOST = 500

export interface QuietNow {
  silences: Silence[]
  maintenances: MaintenanceView[]
}

export class QuietBook {
  readonly #store: Pick<AlertStore, 'commit'>
  readonly #nowMs: () => number
  readonly #onChanged: () => void
  readonly #topic = createTopic<QuietNow>()
  readonly #silences = new Map<SilenceId, Silence>()
  readonly #maintenances = new Map<MaintenanceId, Maintenance>()
  #views: MaintenanceView[] = []
  /** Within which the views hold. */
  #viewsFromMs = Infinity
  #viewsUntilMs = -Infinity

  constructor(deps: { store: Pick<AlertStore, 'commit'>; nowMs: () => number; onChanged: () => void }) {
    this.#store = deps.store
    this.#nowMs = deps.nowMs
    this.#onChanged = deps.onChanged
  }

  load({ silences, maintenances }: Pick<AlertsKept, 'silences' | 'maintenances'>): void {
    for (const silence of silences) this.#silences.set(silence.id, silence)
    for (const maintenance of maintenances) this.#maintenances.set(maintenance.id, maintenance)
    this.#publish()
  }

  /** They were written past this. */
  replace({ silences, maintenances }: Pick<AlertsKept, 'silences' | 'maintenances'>): void {
    this.#silences.clear()
    this.#maintenances.clear()
    for (const silence of silences) this.#silences.set(silence.id, silence)
    for (const maintenance of maintenances) this.#maintenances.set(maintenance.id, maintenance)
    this.#changed()
  }

  watch(signal: AbortSignal): AsyncIterable<QuietNow> {
    return this.#topic.latest(signal)
  }

  quietOf(alert: Pick<Alert, 'ruleId'>, target: ScopeTarget): Alert['quiet'] {
    const nowMs = this.#nowMs()
    const maintenances = this.#viewsAt(nowMs)
    return quietFor({ ruleId: alert.ruleId, target }, { silences: this.#live(nowMs), maintenances }, nowMs)
  }

  /** Whether a maintenance is open there now. */
  isMaintained(target: ScopeTarget): boolean {
    return this.#viewsAt(this.#nowMs()).some(
      ({ maintenance, openUntilAtMs }) =>
        openUntilAtMs !== null && maintenance.scopes.some((scope) => scopeFits(scope, target))
    )
  }

  /** Every few seconds: silences that are over go, maintenances open and close. True = something did. */
  async check(): Promise<boolean> {
    const nowMs = this.#nowMs()
    const over = [...this.#silences.values()].filter((silence) => isOver(silence, nowMs))
    const isStale = nowMs < this.#viewsFromMs || nowMs >= this.#viewsUntilMs
    if (over.length === 0 && !isStale) return false
    const removedSilences = over.map(({ id }) => id)
    if (over.length > 0) await this.#store.commit({ removedSilences })
    for (const id of removedSilences) this.#silences.delete(id)
    this.#publish()
    return true
  }

  /** Throws conflict when there are too many. */
  async silence(draft: Omit<Silence, 'id' | 'madeAtMs'>): Promise<SilenceId> {
    refuseMore('silences', this.#silences.size)
    const silence: Silence = { ...draft, id: randomUUID() as SilenceId, madeAtMs: this.#nowMs() }
    await this.#store.commit({ silences: [silence] })
    this.#silences.set(silence.id, silence)
    this.#changed()
    return silence.id
  }

  /** Throws notFound. */
  async lift(silenceId: SilenceId): Promise<void> {
    if (!this.#silences.has(silenceId)) throw new AppError('notFound', { params: { what: 'silence' } })
    await this.#store.commit({ removedSilences: [silenceId] })
    this.#silences.delete(silenceId)
    this.#changed()
  }

  /** The rule is no more, and with it what was silent of it. */
  async forgetRule(ruleId: RuleId): Promise<void> {
    const removedSilences = [...this.#silences.values()]
      .filter((silence) => silence.ruleId === ruleId)
      .map(({ id }) => id)
    if (removedSilences.length === 0) return
    await this.#store.commit({ removedSilences })
    for (const id of removedSilences) this.#silences.delete(id)
    this.#changed()
  }

  /** Throws refused {what: timeZone}, notFound, conflict. */
  async saveMaintenance(id: MaintenanceId | null, draft: MaintenanceDraft): Promise<MaintenanceId> {
    if (!isZone(draft.zone)) throw new AppError('refused', { params: { what: 'timeZone', zone: draft.zone } })
    if (id === null) refuseMore('maintenances', this.#maintenances.size)
    else this.#assertKnown(id)
    const maintenance: Maintenance = { ...draft, id: id ?? (randomUUID() as MaintenanceId) }
    await this.#store.commit({ maintenances: [maintenance] })
    this.#maintenances.set(maintenance.id, maintenance)
    this.#changed()
    return maintenance.id
  }

  /** Throws notFound. */
  async removeMaintenance(id: MaintenanceId): Promise<void> {
    this.#assertKnown(id)
    await this.#store.commit({ removedMaintenances: [id] })
    this.#maintenances.delete(id)
    this.#changed()
  }

  #assertKnown(id: MaintenanceId): void {
    if (!this.#maintenances.has(id)) throw new AppError('notFound', { params: { what: 'maintenance' } })
  }

  #live(nowMs: number): Silence[] {
    return [...this.#silences.values()].filter((silence) => !isOver(silence, nowMs))
  }

  /** Wall clocks of zones cost something: asked again only when one opens or closes, or the clock was set back. */
  #viewsAt(nowMs: number): MaintenanceView[] {
    if (nowMs >= this.#viewsFromMs && nowMs < this.#viewsUntilMs) return this.#views
    this.#views = maintenanceViews([...this.#maintenances.values()], nowMs)
    const edges = this.#views.flatMap(({ openUntilAtMs, nextAtMs }) => [
      openUntilAtMs ?? Infinity,
      nextAtMs ?? Infinity
    ])
    this.#viewsFromMs = nowMs
    this.#viewsUntilMs = Math.min(...edges, nowMs + 3_600_000)
    return this.#views
  }

  #changed(): void {
    this.#viewsUntilMs = -Infinity
    this.#publish()
    this.#onChanged()
  }

  #publish(): void {
    const nowMs = this.#nowMs()
    this.#topic.publish({ silences: this.#live(nowMs), maintenances: this.#viewsAt(nowMs) })
  }
}

const isOver = ({ untilAtMs }: Silence, nowMs: number): boolean => untilAtMs !== null && untilAtMs <= nowMs

function refuseMore(what: string, size: number): void {
  if (size >= MOST) throw new AppError('conflict', { params: { what, max: MOST } })
}

/** One whose zone the runtime no longer knows never opens. */
export function maintenanceViews(maintenances: readonly Maintenance[], nowMs: number): MaintenanceView[] {
  return maintenances.map((maintenance) => ({
    maintenance,
    ...(isZone(maintenance.zone)
      ? maintenanceAt(maintenance, nowMs)
      : { openUntilAtMs: null, nextAtMs: null })
  }))
}

/**
 * The life of alerts: raised, become RED, acknowledged, kept quiet, over. Each step is committed, then told; what is to be told
 * follows from what is committed (telling.ts), so that a restart neither repeats nor loses it.
 */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import { MAX_ALERTS_SHOWN, type Alert, type AlertsNow } from '#contract/alerts.ts'
import type { HistoryEvent } from '#contract/history.ts'
import type { AlertId } from '#contract/ids.ts'
import type { AlertTransition } from '../../domain/alerts/alert-state.ts'
import { compareAlerts, countAlerts } from '../../domain/alerts/order.ts'
import { causeOf, isOfState } from '../../domain/alerts/watches.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { AlertStore, KeptAlert } from './alert-store.ts'
import type { AlertTeller } from './alert-teller.ts'
import type { FleetSight } from './fleet-sight.ts'
import { dueNews, isSettled, type DueNews } from './telling.ts'
import type { Tracked } from './tracked.ts'

export interface DeskDeps {
  readonly store: Pick<AlertStore, 'commit'>
  readonly teller: AlertTeller
  readonly fleet: FleetSight
  readonly clock: Clock
  readonly log: Log
  readonly quietOf: (alert: Alert) => Alert['quiet']
  readonly onMark: (alert: Alert, atMs: number, event: HistoryEvent) => void
  /** An alert that lasts has newer values. */
  readonly onValues: () => void
  /** Alerts are others, or other in more than their values. */
  readonly onChanged: () => void
}

type About = Pick<Tracked, 'key' | 'rule' | 'target' | 'context' | 'state' | 'failureCode'>

/** A teller that does not take its news in this time is asked again with the next check. */
const TELL_DEADLINE_MS = 30_000

export class AlertDesk {
  readonly #deps: DeskDeps
  /** Those that last, and those of which something is still to be told or kept. */
  readonly #kept = new Map<AlertId, KeptAlert>()
  readonly #lasting = new Map<string, AlertId>()
  readonly #unsaved = new Set<AlertId>()
  readonly #telling = new Set<AlertId>()
  /** With newer values than those that are kept. */
  readonly #progressed = new Set<AlertId>()
  /** The last commit could be made. */
  #isKeeping = true
  #working: Promise<void> | null = null

  constructor(deps: DeskDeps) {
    this.#deps = deps
  }

  /** Takes up what an earlier run left. */
  load(alerts: readonly KeptAlert[]): void {
    for (const kept of alerts) {
      this.#kept.set(kept.alert.id, kept)
      if (kept.alert.recoveredAtMs === null) this.#lasting.set(kept.key, kept.alert.id)
    }
  }

  lasting(): readonly KeptAlert[] {
    return [...this.#lasting.values()].flatMap((id) => this.#kept.get(id) ?? [])
  }

  /** What a sample changed. An empty list = the newest value of an alert that lasts. */
  take(about: About, transitions: readonly AlertTransition[]): void {
    if (transitions.length === 0) this.#progress(about)
    for (const transition of transitions) {
      if (transition.kind === 'raised') this.#raise(about, transition)
      else if (transition.kind === 'reached') this.#reach(about, transition)
      else this.#end(about, transition)
    }
  }

  /** Ends one that nothing looks at any more. */
  drop(key: string, atMs: number, ended: NonNullable<Alert['ended']>): void {
    const kept = this.#lastingAt(key)
    if (kept !== null) this.#finish(kept, atMs, ended, kept.alert.value)
  }

  /** Throws notFound for one that is over. */
  async acknowledge(alertId: AlertId, acknowledged: Alert['acknowledged']): Promise<void> {
    const kept = this.#kept.get(alertId)
    if (kept === undefined || kept.alert.recoveredAtMs !== null)
      throw new AppError('notFound', { params: { what: 'alert' } })
    this.#put({ ...kept, alert: { ...kept.alert, acknowledged } })
    await this.settle()
  }

  /** Silences or maintenances are others, or time has passed. */
  refreshQuiet(): void {
    for (const kept of this.lasting()) {
      const quiet = this.#deps.quietOf(kept.alert)
      if (JSON.stringify(quiet) !== JSON.stringify(kept.alert.quiet))
        this.#put({ ...kept, alert: { ...kept.alert, quiet } })
    }
  }

  now(atMs: number, ownNetworkLost: AlertsNow['ownNetworkLost']): AlertsNow {
    const alerts = this.lasting()
      .map(({ alert }) => alert)
      .toSorted(compareAlerts)
    return {
      atMs,
      alerts: alerts.slice(0, MAX_ALERTS_SHOWN),
      leftOut: Math.max(0, alerts.length - MAX_ALERTS_SHOWN),
      counts: countAlerts(alerts),
      ownNetworkLost
    }
  }

  /** Commits and tells in the background; called after every round. */
  settleSoon(): void {
    void this.settle()
  }

  /** Resolves when all that was taken so far is committed (or could not be) and was given to the teller. Never rejects. */
  settle(): Promise<void> {
    this.#working ??= this.#work().finally(() => {
      this.#working = null
    })
    return this.#working
  }

  #raise({ key, rule, target, context, state, failureCode }: About, raised: Raised): void {
    // The alert is there already, only what the evaluator knew of it was lost.
    if (this.#lasting.has(key)) return
    const { condition } = context
    const isState = isOfState(rule.watch)
    const sight = this.#deps.fleet.server(target.serverId)
    const machine = target.vmUuid === null ? null : (sight?.machine(target.vmUuid) ?? null)
    const alert: Alert = {
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
    this.#lasting.set(key, alert.id)
    this.#put({
      alert: { ...alert, quiet: this.#deps.quietOf(alert) },
      telling: rule.telling,
      told: { level: null, atMs: null, ended: false },
      key,
      state: JSON.stringify(state)
    })
    this.#mark(alert, raised.atMs, 'alertRaised')
  }

  /** What was foretold is so. It is told anew, so what was acknowledged of it is not this. */
  #reach({ key, rule, state }: About, { atMs, level, cause, value }: Reached): void {
    const kept = this.#lastingAt(key)
    if (kept === null) return
    const alert: Alert = {
      ...kept.alert,
      level,
      cause: causeOf(rule.watch, cause),
      value,
      worst: state.open?.worst ?? kept.alert.worst,
      redAtMs: level === 'RED' ? atMs : kept.alert.redAtMs,
      acknowledged: level === kept.alert.level ? kept.alert.acknowledged : null
    }
    this.#put({ ...kept, alert, state: JSON.stringify(state) })
    if (level !== kept.alert.level) this.#mark(alert, atMs, 'alertRaised')
  }

  #end({ key }: About, { atMs, ended, value }: Recovered): void {
    const kept = this.#lastingAt(key)
    if (kept !== null) this.#finish(kept, atMs, ended, value ?? kept.alert.value)
  }

  #finish(kept: KeptAlert, atMs: number, ended: NonNullable<Alert['ended']>, value: number | null): void {
    const recoveredAtMs = Math.max(atMs, kept.alert.redAtMs ?? kept.alert.raisedAtMs)
    const alert: Alert = { ...kept.alert, recoveredAtMs, ended, value }
    this.#lasting.delete(kept.key)
    this.#put({ ...kept, alert, state: null })
    this.#mark(alert, recoveredAtMs, 'alertRecovered')
  }

  /** Shown at once; kept with the next commit that there is a reason for, or with `saveProgress`. */
  #progress({ key, state, target }: About): void {
    const kept = this.#lastingAt(key)
    const { open } = state
    if (kept === null || open === null || isOfState(kept.alert.watch)) return
    const { value, worst, forecast } = open
    const { serverId, entity, label } = target
    const before = kept.alert
    const isSame =
      before.value === value &&
      before.worst === worst &&
      before.serverId === serverId &&
      JSON.stringify(before.forecast) === JSON.stringify(forecast)
    if (isSame) return
    const alert = { ...before, value, worst, forecast, serverId, entity, label }
    this.#kept.set(alert.id, { ...kept, alert })
    this.#progressed.add(alert.id)
    this.#deps.onValues()
  }

  /** From time to time, so that little is lost of what was worst when the console is killed. */
  saveProgress(): void {
    for (const id of this.#progressed) if (this.#kept.has(id)) this.#unsaved.add(id)
    this.#progressed.clear()
  }

  #lastingAt(key: string): KeptAlert | null {
    const id = this.#lasting.get(key)
    return (id === undefined ? undefined : this.#kept.get(id)) ?? null
  }

  #put(kept: KeptAlert): void {
    const settled = isSettled(kept)
    this.#kept.set(kept.alert.id, settled ? { ...kept, told: { ...kept.told, ended: true } } : kept)
    this.#unsaved.add(kept.alert.id)
    this.#deps.onChanged()
  }

  #mark(alert: Alert, atMs: number, kind: 'alertRaised' | 'alertRecovered'): void {
    const { id: alertId, level, ruleName, preset, label, vmUuid } = alert
    this.#deps.onMark(alert, atMs, { kind, alertId, level, ruleName, preset, label, vmUuid })
  }

  async #work(): Promise<void> {
    do {
      await this.#commit()
      await this.#tell()
    } while (this.#unsaved.size > 0 && this.#isKeeping)
  }

  async #commit(): Promise<void> {
    if (this.#unsaved.size === 0) return
    const ids = [...this.#unsaved]
    this.#unsaved.clear()
    const alerts = ids.flatMap((id) => this.#kept.get(id) ?? [])
    try {
      await this.#deps.store.commit({ alerts })
      this.#isKeeping = true
      for (const { alert, told } of alerts)
        if (told.ended && !this.#unsaved.has(alert.id)) this.#kept.delete(alert.id)
    } catch (cause) {
      // Tried again with the next check. It is told all the same: news twice after a restart is better than none.
      this.#isKeeping = false
      for (const id of ids) this.#unsaved.add(id)
      this.#deps.log.error('alerts.notKept', cause)
    }
  }

  async #tell(): Promise<void> {
    const nowMs = this.#deps.clock.nowMs()
    const due = [...this.#kept.values()].flatMap((kept) => {
      const news = this.#telling.has(kept.alert.id) ? null : dueNews(kept, nowMs)
      return news === null ? [] : [{ id: kept.alert.id, news }]
    })
    await Promise.all(due.map(({ id, news }) => this.#tellOne(id, news)))
  }

  async #tellOne(id: AlertId, { kind, news, told }: DueNews): Promise<void> {
    const { clock, teller, log } = this.#deps
    const tooLong = new AbortController()
    this.#telling.add(id)
    try {
      const deadline = sleepUnlessAborted(clock, TELL_DEADLINE_MS, tooLong.signal).then(() => {
        if (!tooLong.signal.aborted) throw new AppError('deadlineExceeded', { params: { what: 'teller' } })
      })
      await Promise.race([teller[kind](news), deadline])
      const kept = this.#kept.get(id)
      if (kept !== undefined) this.#put({ ...kept, told })
    } catch (cause) {
      // The same news is given again with the next check.
      log.error('alerts.notTold', cause, { alertId: id, kind })
    } finally {
      tooLong.abort()
      this.#telling.delete(id)
    }
  }
}

type Raised = Extract<AlertTransition, { kind: 'raised' }>
type Reached = Extract<AlertTransition, { kind: 'reached' }>
type Recovered = Extract<AlertTransition, { kind: 'recovered' }>

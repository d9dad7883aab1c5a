/** Alerts of the whole fleet: what comes in is looked at by the rules, what they say has a life, and its news are told. */
import type { JournalEntry } from '#contract/activity.ts'
import type { Alert, AlertCounts, AlertHistoryQuery, AlertsNow } from '#contract/alerts.ts'
import type { LiveTick } from '#contract/history.ts'
import type { AlertId, RuleId, ServerId } from '#contract/ids.ts'
import type { ServerRecord } from '#contract/servers.ts'
import { countAlerts } from '../../domain/alerts/order.ts'
import { sleepUnlessAborted } from '../clock.ts'
import type { ProcessesNow } from '../processes/process-subject.ts'
import type { Tick } from '../storage.ts'
import { createTopic } from '../streams.ts'
import { AlertDesk } from './alert-desk.ts'
import type { KeptAlert } from './alert-store.ts'
import type { AlertsDeps } from './alerts-deps.ts'
import { runningOf, scopeTargetOf, type ServerSight } from './fleet-sight.ts'
import { GoneMachines } from './gone-machines.ts'
import { ForecastMemory } from './forecast-memory.ts'
import { LinkMemory } from './link-memory.ts'
import { MachineMemory } from './machine-memory.ts'
import type { Look, Transitions } from './metric-watches.ts'
import { OwnNetwork } from './own-network.ts'
import { QuietBook } from './quiet-book.ts'
import { restored } from './restore.ts'
import { RuleBook } from './rule-book.ts'
import { looked } from './status.ts'
import { Watches } from './watches.ts'

const CHECK_EVERY_MS = 5_000
const HEARTBEAT_EVERY_MS = 60_000
const PRUNE_EVERY_MS = 3_600_000
const ALERTS_KEPT_MS = 366 * 86_400_000
/** Of a rule that raises all the time; the file is copied whole at each start. */
const MOST_KEPT = 100_000
/** Windows are shown changes at most so often. */
const SHOW_EVERY_MS = 250

export class Alerts {
  readonly rules: RuleBook
  readonly quiet: QuietBook
  readonly counts = createTopic<AlertCounts>({ red: 0, amber: 0 })
  /** Whether the workstation itself is cut off. */
  readonly cutOff = createTopic<boolean>(false)
  readonly #deps: AlertsDeps
  readonly #desk: AlertDesk
  readonly #watches: Watches
  readonly #forecasts: ForecastMemory
  readonly #ownNetwork = new OwnNetwork()
  readonly #links = new LinkMemory()
  readonly #shown = createTopic<null>(null)
  readonly #records = new Map<ServerId, ServerRecord>()
  readonly #goneMachines = new GoneMachines()
  readonly #life = new AbortController()
  readonly #machines = new MachineMemory()
  #running: Promise<unknown> = Promise.resolve()
  #newestValueMs: number | null = null
  #heartbeatMs = -Infinity
  #prunedMs = -Infinity
  #lastCounts = ''

  constructor(deps: AlertsDeps) {
    const { clock, store, fleet, log, teller } = deps
    this.#deps = deps
    const nowMs = (): number => clock.nowMs()
    this.rules = new RuleBook({ store, nowMs, onChanged: () => this.#takeRules() })
    this.quiet = new QuietBook({ store, nowMs, onChanged: () => this.#takeQuiet() })
    this.#forecasts = new ForecastMemory({ history: deps.history, clock, log })
    this.#desk = new AlertDesk({
      store,
      teller,
      fleet,
      clock,
      log,
      quietOf: (alert) => this.#quietOf(alert),
      onMark: ({ serverId }, atMs, event) => deps.onMark(serverId, atMs, event),
      onValues: () => this.#shown.publish(null),
      onChanged: () => this.#show()
    })
    const onTransitions: Transitions = (tracked, transitions) => {
      this.#desk.take(tracked, transitions)
      if (transitions.length > 0) this.#desk.settleSoon()
    }
    this.#watches = new Watches({
      fleet,
      memory: this.#machines,
      everyMs: CHECK_EVERY_MS,
      defaultIntervalMs: deps.defaultIntervalMs,
      processIntervalMs: deps.processIntervalMs,
      onTransitions,
      onForesight: (tracked) => this.#forecasts.want(tracked)
    })
  }

  /** Takes up what an earlier run left. After the list of servers is loaded, before anything connects. */
  async open(): Promise<void> {
    const kept = await this.#deps.store.load()
    await this.rules.load(kept)
    this.quiet.load(kept)
    this.#machines.restore(kept.memory['machines'])
    this.#desk.load(kept.alerts)
    for (const alert of this.#desk.lasting()) this.#restore(alert)
    this.#takeRules()
    for (const { record } of this.#deps.fleet.servers()) {
      this.#records.set(record.id, record)
      if (!record.collecting) this.#forget(record.id)
    }
    await this.#desk.settle()
  }

  /** Rules, silences and maintenances were written past this. */
  async reload(): Promise<void> {
    const kept = await this.#deps.store.load()
    this.rules.replace(kept.rules)
    this.quiet.replace(kept)
  }

  /** Looks from now on, until it is closed. */
  start(): void {
    const { signal } = this.#life
    this.#running = Promise.allSettled([this.#checkAll(signal), this.#forecasts.run(signal)])
  }

  /** Before the servers are closed: what they say of themselves then is no news. */
  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
    this.#desk.saveProgress()
    await this.#desk.close()
    await this.#heartbeat(true)
  }

  takeTick(tick: LiveTick, labels?: Tick['labels']): void {
    if (this.#life.signal.aborted) return
    const nowMs = this.#deps.clock.monotonicMs()
    this.#newestValueMs = nowMs
    this.#watches.takeTick(tick, labels, nowMs)
  }

  takeProcesses(serverId: ServerId, reading: ProcessesNow): void {
    if (!this.#life.signal.aborted) this.#watches.takeProcesses(serverId, reading)
  }

  /** The operator did something from here. */
  takeOperation(entry: JournalEntry): void {
    this.#machines.takeOperation(entry)
  }

  /** Anything of it; only its record matters. */
  serverChanged(serverId: ServerId): void {
    const record = this.#deps.fleet.server(serverId)?.record
    if (record === undefined || record === this.#records.get(serverId)) return
    const isKnown = this.#records.has(serverId)
    this.#records.set(serverId, record)
    if (!isKnown) return
    this.#watches.serverChanged(serverId, this.#deps.clock.nowMs())
    if (!record.collecting) this.#forget(serverId)
    this.#takeQuiet()
  }

  serverRemoved(serverId: ServerId): void {
    this.#records.delete(serverId)
    this.#links.forget(serverId)
    this.#forget(serverId)
    this.#desk.settleSoon()
  }

  /** Those that last, as they are right now. */
  lasting(): ReadonlyMap<AlertId, Alert> {
    return new Map(this.#desk.lasting().map(({ alert }) => [alert.id, alert]))
  }

  now(): AlertsNow {
    return this.#desk.now(this.#deps.clock.nowMs(), this.#ownNetwork.lost)
  }

  async *watch(signal: AbortSignal): AsyncGenerator<AlertsNow, void> {
    for await (const _change of this.#shown.latest(signal)) {
      yield this.now()
      await sleepUnlessAborted(this.#deps.clock, SHOW_EVERY_MS, signal)
    }
  }

  /** With the newest values of those that last. */
  async history(query: AlertHistoryQuery): Promise<Alert[]> {
    await this.#desk.settle()
    const lasting = this.lasting()
    const alerts = await this.#deps.store.history(query)
    return alerts.map((alert) => lasting.get(alert.id) ?? alert)
  }

  acknowledge(alertId: AlertId, note: string): Promise<void> {
    return this.#desk.acknowledge(alertId, { atMs: this.#deps.clock.nowMs(), note })
  }

  takeBackAcknowledge(alertId: AlertId): Promise<void> {
    return this.#desk.acknowledge(alertId, null)
  }

  async removeRule(ruleId: RuleId): Promise<void> {
    await this.rules.remove(ruleId)
    await this.quiet.forgetRule(ruleId)
  }

  /** One look at everything; every few seconds. */
  async check(): Promise<void> {
    const { clock, fleet } = this.#deps
    const nowMs = clock.monotonicMs()
    const atMs = clock.nowMs()
    const sights = fleet.servers()
    const links = sights.map((sight) => this.#links.take(sight))
    const wasLost = this.#ownNetwork.lost !== null
    const newestValueMs = this.#newestValueMs
    const { resumed } = this.#ownNetwork.look({ nowMs: atMs, monotonicMs: nowMs, links, newestValueMs })
    if (resumed) this.#watches.startOverTimes(nowMs)
    const canSee = this.#ownNetwork.lost === null
    if (canSee === wasLost) {
      this.cutOff.publish(!canSee)
      this.#show()
    }
    const look = { atMs, nowMs, canSee, running: runningOf(sights) }
    for (const sight of sights) if (sight.record.collecting) this.#watches.check(sight, look)
    this.#forgetGoneMachines(sights, look)
    await this.quiet.check()
    this.#takeQuiet()
    if (nowMs - this.#heartbeatMs >= HEARTBEAT_EVERY_MS) await this.#heartbeat(false)
    await this.#desk.settle()
    if (nowMs - this.#prunedMs < PRUNE_EVERY_MS) return
    this.#prunedMs = nowMs
    this.#forecasts.refresh(this.#watches.foretold())
    await this.#deps.store.prune(atMs - ALERTS_KEPT_MS, MOST_KEPT)
  }

  async #checkAll(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.check()
      } catch (cause) {
        // The next look comes in a moment; one odd server must not end all of them.
        this.#deps.log.error('alerts.checkFailed', cause)
      }
      await sleepUnlessAborted(this.#deps.clock, CHECK_EVERY_MS, signal)
    }
  }

  #restore(kept: KeptAlert): void {
    const { clock, fleet } = this.#deps
    const times = { everyMs: CHECK_EVERY_MS, nowMs: clock.monotonicMs() }
    const found = restored(kept, this.rules.all(), fleet, times)
    if ('ended' in found) return this.#desk.drop(kept.key, clock.nowMs(), found.ended)
    this.#watches.restore(found.tracked)
  }

  #takeRules(): void {
    this.#watches.setRules(this.rules.all(), this.#deps.clock.nowMs())
    this.#desk.settleSoon()
  }

  #takeQuiet(): void {
    this.#desk.refreshQuiet()
    this.#desk.settleSoon()
  }

  #forget(serverId: ServerId): void {
    this.#watches.forget(serverId, this.#deps.clock.nowMs())
  }

  #quietOf(alert: Alert): Alert['quiet'] {
    const record = this.#deps.fleet.server(alert.serverId)?.record
    if (record === undefined) return alert.quiet
    return this.quiet.quietOf(alert, scopeTargetOf(record, alert.vmUuid))
  }

  #forgetGoneMachines(sights: readonly ServerSight[], { atMs, nowMs, canSee }: Look): void {
    const alerts = canSee ? this.#desk.lasting().map(({ alert }) => alert) : []
    for (const vmUuid of this.#goneMachines.look(alerts, sights, nowMs))
      this.#watches.forgetMachine(vmUuid, atMs)
  }

  /** When it was looked last, for whoever asks by the command line; and what else is worth keeping now. */
  async #heartbeat(isClosing: boolean): Promise<void> {
    const { clock, store, log } = this.#deps
    this.#heartbeatMs = clock.monotonicMs()
    this.#desk.saveProgress()
    const atMs = clock.nowMs()
    const machines = this.#machines.takeChanged(atMs)
    const memory = {
      looked: looked({ atMs, isClosing, ownNetworkLost: this.#ownNetwork.lost }),
      ...(machines !== null && { machines })
    }
    try {
      await store.commit({ memory })
    } catch (cause) {
      // The next one comes in a minute.
      log.error('alerts.heartbeatNotKept', cause)
    }
  }

  #show(): void {
    this.#shown.publish(null)
    const counts = countAlerts(this.#desk.lasting().map(({ alert }) => alert))
    const text = JSON.stringify(counts)
    if (text === this.#lastCounts) return
    this.#lastCounts = text
    this.counts.publish(counts)
  }
}

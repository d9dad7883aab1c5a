/** All that looks at the fleet for the rules: metrics, processes, and states of servers and VMs. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { LiveTick } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { ProcessesNow } from '../processes/process-subject.ts'
import type { Tick } from '../storage.ts'
import type { ServerSight } from './fleet-sight.ts'
import { MetricWatches, type Look, type WatchDeps } from './metric-watches.ts'
import { ProcessWatches, type ProcessWatchDeps } from './process-watches.ts'
import { StateWatches, type StateWatchDeps } from './state-watches.ts'
import type { Tracked } from './tracked.ts'

export interface AllWatchDeps extends WatchDeps, StateWatchDeps {
  readonly processIntervalMs: ProcessWatchDeps['intervalMs']
}

export class Watches {
  readonly #metrics: MetricWatches
  readonly #processes: ProcessWatches
  readonly #states: StateWatches

  constructor(deps: AllWatchDeps) {
    this.#metrics = new MetricWatches(deps)
    this.#processes = new ProcessWatches({ ...deps, intervalMs: deps.processIntervalMs })
    this.#states = new StateWatches(deps)
  }

  /** Metrics with a forecast. */
  foretold(): Iterable<Tracked> {
    return this.#metrics.foretold()
  }

  /** Goes on with an alert of an earlier run. */
  restore(tracked: Tracked): void {
    const { kind } = tracked.rule.watch
    if (kind === 'metric') this.#metrics.restore(tracked)
    else if (kind === 'process') this.#processes.restore(tracked)
    else this.#states.restore(tracked)
  }

  takeTick(tick: LiveTick, labels: Tick['labels'], nowMs: number): void {
    this.#metrics.takeTick(tick, labels, nowMs)
  }

  takeProcesses(serverId: ServerId, reading: ProcessesNow): void {
    this.#processes.take(serverId, reading)
  }

  check(sight: ServerSight, look: Look): void {
    this.#metrics.check(sight, look)
    this.#states.check(sight, look)
  }

  /** After a suspend: what was missing meanwhile says nothing. */
  startOverTimes(nowMs: number): void {
    this.#metrics.startOverTimes(nowMs)
  }

  setRules(rules: readonly AlertRule[], atMs: number): void {
    for (const watches of this.#all()) watches.setRules(rules, atMs)
  }

  serverChanged(serverId: ServerId, atMs: number): void {
    for (const watches of this.#all()) watches.serverChanged(serverId, atMs)
  }

  forget(serverId: ServerId, atMs: number): void {
    for (const watches of this.#all()) watches.forget(serverId, atMs)
  }

  forgetMachine(vmUuid: VmUuid, atMs: number): void {
    this.#metrics.forgetMachine(vmUuid, atMs)
    this.#states.forgetMachine(vmUuid, atMs)
  }

  #all(): readonly [MetricWatches, ProcessWatches, StateWatches] {
    return [this.#metrics, this.#processes, this.#states]
  }
}

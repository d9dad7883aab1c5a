/** Rules of states: a server that is off, a VM that hangs, a VM that is off although it should run. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { newAlertState, type AlertEnd } from '../../domain/alerts/alert-state.ts'
import { endAlert, evaluate } from '../../domain/alerts/evaluate.ts'
import { conditionFor } from '../../domain/alerts/scope.ts'
import { evaluatedCondition, isOfState } from '../../domain/alerts/watches.ts'
import { runs, scopeTargetOf, type FleetSight, type ServerSight } from './fleet-sight.ts'
import type { MachineMemory } from './machine-memory.ts'
import type { Look, Transitions } from './metric-watches.ts'
import { contextOf, plainTarget, track, trackedKey, type Tracked } from './tracked.ts'

export interface StateWatchDeps {
  readonly fleet: FleetSight
  readonly memory: MachineMemory
  /** How often `check` is called. */
  readonly everyMs: number
  readonly onTransitions: Transitions
}

/** 1 = it is so, 0 = it is not, null = not known. */
type State = 0 | 1 | null

export class StateWatches {
  readonly #deps: StateWatchDeps
  #rules: readonly AlertRule[] = []
  readonly #tracked = new Map<string, Tracked>()

  constructor(deps: StateWatchDeps) {
    this.#deps = deps
  }

  restore(tracked: Tracked): void {
    this.#tracked.set(tracked.key, tracked)
  }

  check(sight: ServerSight, { atMs, canSee, running }: Look): void {
    const { record, connection } = sight
    const isOnline = connection.kind === 'online' && canSee
    for (const rule of this.#rules) {
      const { watch } = rule
      if (watch.kind === 'serverOff') {
        if (sight.isExpectedOff && connection.kind !== 'online')
          this.#end(trackedKey(rule.id, plainTarget(record.id, null)), atMs, 'expectedOff')
        else this.#take(rule, sight, null, canSee ? offState(sight) : null, atMs)
        continue
      }
      for (const machine of sight.machines) {
        const { vmUuid } = machine.ref
        // Left behind where it was, and running where it is now.
        if (!runs(machine) && running.has(vmUuid)) continue
        const isHung = runs(machine) && machine.notRespondingSinceAtMs !== null
        const isSo = watch.kind === 'vmOff' ? this.#deps.memory.isWronglyOff(machine, atMs) : isHung
        this.#take(rule, sight, vmUuid, isOnline && isSo !== null ? (isSo ? 1 : 0) : null, atMs)
      }
    }
  }

  setRules(rules: readonly AlertRule[], atMs: number): void {
    this.#rules = rules.filter((rule) => rule.enabled && isOfState(rule.watch))
    for (const tracked of this.#tracked.values()) this.#reconcile(tracked, atMs)
  }

  serverChanged(serverId: ServerId, atMs: number): void {
    for (const tracked of this.#tracked.values())
      if (tracked.target.serverId === serverId) this.#reconcile(tracked, atMs)
  }

  forget(serverId: ServerId, atMs: number): void {
    for (const [key, { target }] of this.#tracked)
      if (target.serverId === serverId) this.#end(key, atMs, 'targetGone')
  }

  forgetMachine(vmUuid: VmUuid, atMs: number): void {
    for (const [key, { target }] of this.#tracked)
      if (target.vmUuid === vmUuid) this.#end(key, atMs, 'targetGone')
  }

  #take(rule: AlertRule, sight: ServerSight, vmUuid: VmUuid | null, value: State, atMs: number): void {
    const target = plainTarget(sight.record.id, vmUuid)
    const key = trackedKey(rule.id, target)
    let tracked = this.#tracked.get(key)
    if (tracked === undefined) {
      if (value !== 1) return
      const condition = conditionFor(rule, scopeTargetOf(sight.record, vmUuid))
      if (condition === null) return
      const wanted = evaluatedCondition(rule.watch, condition)
      tracked = track(rule, target, { condition: wanted, everyMs: this.#deps.everyMs, nowMs: 0 })
      this.#tracked.set(key, tracked)
    }
    // A VM is listed where it was and where it goes to while it moves: what one of them says of it now is enough.
    if (tracked.target.serverId !== sight.record.id) {
      if (value === null) return
      tracked.target = target
    }
    if (sight.connection.kind === 'offline') tracked.failureCode = sight.connection.failure.error.code
    const transitions = evaluate(tracked.state, { atMs, value, isOnline: true }, tracked.context)
    if (transitions.length > 0) this.#deps.onTransitions(tracked, transitions)
    if (tracked.state.open === null && value === 0) this.#tracked.delete(key)
  }

  #reconcile(tracked: Tracked, atMs: number): void {
    const { serverId, vmUuid } = tracked.target
    const rule = this.#rules.find(({ id }) => id === tracked.rule.id)
    const sight = this.#deps.fleet.server(serverId)
    if (sight === null) return this.#end(tracked.key, atMs, 'targetGone')
    const condition =
      rule?.watch.kind === tracked.rule.watch.kind
        ? conditionFor(rule, scopeTargetOf(sight.record, vmUuid))
        : null
    if (rule === undefined || condition === null) return this.#end(tracked.key, atMs, 'ruleChanged')
    const wanted = evaluatedCondition(rule.watch, condition)
    const isSame =
      rule.level === tracked.rule.level &&
      JSON.stringify(wanted) === JSON.stringify(tracked.context.condition)
    tracked.rule = rule
    if (isSame) return
    const transitions = endAlert(tracked.state, atMs, 'ruleChanged')
    if (transitions.length > 0) this.#deps.onTransitions(tracked, transitions)
    tracked.state = newAlertState()
    tracked.context = contextOf(rule, wanted, this.#deps.everyMs, tracked.key)
  }

  #end(key: string, atMs: number, ended: AlertEnd): void {
    const tracked = this.#tracked.get(key)
    if (tracked === undefined) return
    this.#tracked.delete(key)
    const transitions = endAlert(tracked.state, atMs, ended)
    if (transitions.length > 0) this.#deps.onTransitions(tracked, transitions)
  }
}

/** One that was never reached is not off, but not there yet. */
function offState({ connection, presence }: ServerSight): State {
  if (connection.kind === 'online') return 0
  return presence === 'OFF' && connection.kind !== 'stopped' ? 1 : null
}

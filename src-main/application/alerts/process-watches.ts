/** Rules of processes: one alert per process, of those that take too much. */
import type { AlertRule } from '#contract/alert-rules.ts'
import type { ServerId } from '#contract/ids.ts'
import { newAlertState, type AlertEnd } from '../../domain/alerts/alert-state.ts'
import type { EvaluationContext } from '../../domain/alerts/evaluate.ts'
import {
  endProcesses,
  evaluateProcesses,
  newProcessesState,
  type ProcessesState,
  type ProcessTransition
} from '../../domain/alerts/process-rules.ts'
import { isMachineProcess } from '../../domain/alerts/machine-processes.ts'
import { conditionFor } from '../../domain/alerts/scope.ts'
import { evaluatedCondition } from '../../domain/alerts/watches.ts'
import type { ProcessesNow } from '../processes/process-subject.ts'
import { scopeTargetOf, type FleetSight, type ServerSight } from './fleet-sight.ts'
import type { Transitions } from './metric-watches.ts'
import { trackedKey, type Target, type Tracked } from './tracked.ts'

type ProcessRule = AlertRule & { readonly watch: Extract<AlertRule['watch'], { kind: 'process' }> }

/** A rule on one server. */
interface Watch {
  readonly serverId: ServerId
  rule: ProcessRule
  context: EvaluationContext
  readonly state: ProcessesState
}

export interface ProcessWatchDeps {
  readonly fleet: FleetSight
  readonly intervalMs: (serverId: ServerId) => number
  readonly onTransitions: Transitions
}

const isProcessRule = (rule: AlertRule): rule is ProcessRule => rule.watch.kind === 'process'
const meansAny = ({ watch: { pattern } }: ProcessRule): boolean => pattern === '' || pattern === '*'
const watchKey = (rule: AlertRule, serverId: ServerId): string => `${rule.id}/${serverId}`

export class ProcessWatches {
  readonly #deps: ProcessWatchDeps
  #rules: readonly ProcessRule[] = []
  readonly #watches = new Map<string, Watch>()

  constructor(deps: ProcessWatchDeps) {
    this.#deps = deps
  }

  /** Goes on with an alert of an earlier run. */
  restore({ rule, target, state, context }: Tracked): void {
    if (!isProcessRule(rule) || target.process === null) return
    const key = watchKey(rule, target.serverId)
    const watch = this.#watches.get(key) ?? {
      serverId: target.serverId,
      rule,
      context: { ...context, foresight: null },
      state: newProcessesState()
    }
    watch.state.tracked.push({ process: target.process, state })
    this.#watches.set(key, watch)
  }

  take(serverId: ServerId, reading: ProcessesNow): void {
    const sight = this.#deps.fleet.server(serverId)
    if (sight === null) return
    // Its VMs have rules of their own: a rule of any process does not mean them, one that names them does.
    const own = { ...reading, processes: withoutMachines(reading.processes, sight) }
    for (const rule of this.#rules) {
      const watch = this.#watchOf(rule, sight)
      if (watch === null) continue
      watch.context = { ...watch.context, everyMs: this.#deps.intervalMs(serverId) }
      this.#tell(
        watch,
        evaluateProcesses(watch.state, meansAny(rule) ? own : reading, rule.watch, watch.context)
      )
      for (const { process, state } of watch.state.tracked)
        if (state.open !== null) this.#deps.onTransitions(trackedOf(watch, process, state), [])
    }
  }

  setRules(rules: readonly AlertRule[], atMs: number): void {
    this.#rules = rules.filter((rule) => rule.enabled).filter(isProcessRule)
    for (const [key, watch] of this.#watches) this.#reconcile(key, watch, atMs)
  }

  serverChanged(serverId: ServerId, atMs: number): void {
    for (const [key, watch] of this.#watches)
      if (watch.serverId === serverId) this.#reconcile(key, watch, atMs)
  }

  forget(serverId: ServerId, atMs: number): void {
    for (const [key, watch] of this.#watches)
      if (watch.serverId === serverId) this.#drop(key, watch, atMs, 'targetGone')
  }

  #watchOf(rule: ProcessRule, { record }: ServerSight): Watch | null {
    const key = watchKey(rule, record.id)
    const known = this.#watches.get(key)
    if (known !== undefined) return known
    const condition = conditionFor(rule, scopeTargetOf(record, null))
    if (condition === null) return null
    const watch: Watch = {
      serverId: record.id,
      rule,
      context: {
        condition: evaluatedCondition(rule.watch, condition),
        level: rule.level,
        everyMs: this.#deps.intervalMs(record.id),
        foresight: null
      },
      state: newProcessesState()
    }
    this.#watches.set(key, watch)
    return watch
  }

  #reconcile(key: string, watch: Watch, atMs: number): void {
    const rule = this.#rules.find(({ id }) => id === watch.rule.id)
    const sight = this.#deps.fleet.server(watch.serverId)
    if (sight === null) return this.#drop(key, watch, atMs, 'targetGone')
    const condition = rule === undefined ? null : conditionFor(rule, scopeTargetOf(sight.record, null))
    if (rule === undefined || condition === null) return this.#drop(key, watch, atMs, 'ruleChanged')
    const wanted = evaluatedCondition(rule.watch, condition)
    const isSame =
      JSON.stringify([rule.watch, rule.level, wanted]) ===
      JSON.stringify([watch.rule.watch, watch.rule.level, watch.context.condition])
    if (!isSame) this.#tell(watch, endProcesses(watch.state, atMs, 'ruleChanged'))
    watch.rule = rule
    watch.context = { ...watch.context, condition: wanted, level: rule.level }
  }

  #drop(key: string, watch: Watch, atMs: number, ended: AlertEnd): void {
    this.#tell(watch, endProcesses(watch.state, atMs, ended))
    this.#watches.delete(key)
  }

  #tell(watch: Watch, transitions: readonly ProcessTransition[]): void {
    for (const { process, state, transition } of withStates(watch, transitions))
      this.#deps.onTransitions(trackedOf(watch, process, state), [transition])
  }
}

function withoutMachines(
  processes: ProcessesNow['processes'],
  sight: ServerSight
): ProcessesNow['processes'] {
  const machines = sight.machines.map(({ ref, name }) => ({ uuid: ref.vmUuid, name }))
  return machines.length === 0
    ? processes
    : processes.filter((process) => !isMachineProcess(process, machines))
}

/** With the state of the process, where it is still followed. */
function* withStates(
  { state: { tracked } }: Watch,
  transitions: readonly ProcessTransition[]
): Generator<ProcessTransition & { readonly state: Tracked['state'] | null }> {
  for (const { process, transition } of transitions) {
    const found = tracked.find((one) => one.process === process)
    yield { process, transition, state: found?.state ?? null }
  }
}

function trackedOf(
  { serverId, rule, context }: Watch,
  process: ProcessTransition['process'],
  state: Tracked['state'] | null
): Tracked {
  const target: Target = { serverId, vmUuid: null, entity: null, label: '', process }
  const key = trackedKey(rule.id, target)
  const known = state ?? newAlertState()
  return { key, rule, target, context, state: known, seenMs: 0, failureCode: null }
}

/** Rules of metrics: which of them look at an entity, and what its values change. A tick must cost little. */
import type { AlertRule, RuleCondition } from '#contract/alert-rules.ts'
import type { LiveTick } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import { newAlertState, type AlertEnd, type AlertTransition } from '../../domain/alerts/alert-state.ts'
import { endAlert, evaluate } from '../../domain/alerts/evaluate.ts'
import { conditionFor } from '../../domain/alerts/scope.ts'
import { entityFits, evaluatedCondition, usualEveryMs } from '../../domain/alerts/watches.ts'
import type { Tick } from '../storage.ts'
import { runs, scopeTargetOf, type FleetSight, type ServerSight } from './fleet-sight.ts'
import { contextOf, entityTarget, track, trackedKey, type Tracked } from './tracked.ts'

export type Transitions = (tracked: Tracked, transitions: readonly AlertTransition[]) => void

export interface WatchDeps {
  readonly fleet: FleetSight
  readonly defaultIntervalMs: () => number
  /** What was changed; an empty list = a value of an alert that lasts. */
  readonly onTransitions: Transitions
  /** Its memory of the past is empty yet. */
  readonly onForesight: (tracked: Tracked) => void
}

/** Every few seconds, at all servers. */
export interface Look {
  readonly atMs: number
  /** By the monotonic clock. */
  readonly nowMs: number
  /** false = the workstation is cut off. */
  readonly canSee: boolean
  /** VMs that run, wherever. */
  readonly running: ReadonlySet<VmUuid>
}

interface Bound {
  readonly metric: string
  readonly tracked: Tracked
}

/** One server as its ticks see it. Times are of the monotonic clock. */
interface Plan {
  readonly bound: Map<EntityKind, Map<string, readonly Bound[]>>
  readonly labels: Map<string, string>
  readonly kindSeenMs: Map<EntityKind, number>
  readonly tracked: Set<Tracked>
  /** null = it is not online. */
  onlineSinceMs: number | null
}

type MetricRule = AlertRule & { readonly watch: Extract<AlertRule['watch'], { kind: 'metric' }> }

const NONE: readonly Bound[] = []
/** Something whose kind goes on to have values, and that has none for so many of its turns, is gone. */
const GONE_AFTER_TURNS = 4
const LEAST_GONE_MS = 60_000
/** Nothing of its kind has values any more: it may be the lane. */
const GONE_WITH_ITS_KIND_MS = 900_000

const isMetricRule = (rule: AlertRule): rule is MetricRule => rule.watch.kind === 'metric'
const labelKey = (kind: string, key: string): string => `${kind}/${key}`

export class MetricWatches {
  readonly #deps: WatchDeps
  #rules = new Map<EntityKind, MetricRule[]>()
  readonly #plans = new Map<ServerId, Plan>()
  readonly #tracked = new Map<string, Tracked>()

  constructor(deps: WatchDeps) {
    this.#deps = deps
  }

  /** How many things are looked at; for tests and the log. */
  get size(): number {
    return this.#tracked.size
  }

  /** Those with a forecast. */
  *foretold(): Generator<Tracked> {
    for (const tracked of this.#tracked.values()) if (tracked.context.foresight !== null) yield tracked
  }

  /** Goes on with an alert of an earlier run. */
  restore(tracked: Tracked): void {
    this.#add(tracked)
  }

  takeTick(tick: LiveTick, labels: Tick['labels'], nowMs: number): void {
    const plan = this.#plan(tick.serverId)
    for (const { kind, key, label } of labels ?? []) this.#takeLabel(plan, kind, key, label)
    for (const { kind, key, values } of tick.entities) {
      if (!this.#rules.has(kind)) continue
      plan.kindSeenMs.set(kind, nowMs)
      for (const { metric, tracked } of this.#boundOf(tick.serverId, plan, kind, key, nowMs)) {
        const value = values[metric]
        if (value === undefined) continue
        tracked.seenMs = nowMs
        const sample = { atMs: tick.atMs, value, isOnline: true }
        const transitions = evaluate(tracked.state, sample, tracked.context)
        if (transitions.length > 0 || tracked.state.open !== null)
          this.#deps.onTransitions(tracked, transitions)
      }
    }
  }

  /** Who is silent, and what is gone. */
  check(sight: ServerSight, { atMs, nowMs, canSee, running }: Look): void {
    const plan = this.#plan(sight.record.id)
    const isOnline = sight.connection.kind === 'online' && canSee
    if (!isOnline) plan.onlineSinceMs = null
    else plan.onlineSinceMs ??= nowMs
    for (const tracked of plan.tracked) {
      const machine = tracked.target.vmUuid === null ? null : sight.machine(tracked.target.vmUuid)
      if (machine !== null && !running.has(machine.ref.vmUuid)) this.#end(tracked, atMs, 'recovered')
      else if (tracked.context.condition.noDataForMs !== null) {
        const hasMachine = tracked.target.vmUuid === null || machine !== null
        const sample = { atMs, value: null, isOnline: isOnline && hasMachine }
        if (nowMs - tracked.seenMs < tracked.context.everyMs) continue
        const transitions = evaluate(tracked.state, sample, tracked.context)
        if (transitions.length > 0) this.#deps.onTransitions(tracked, transitions)
      } else if (isGone(tracked, plan, nowMs)) this.#drop(tracked, atMs, 'targetGone')
    }
  }

  /** The workstation was asleep: what was not heard meanwhile is not missing. */
  startOverTimes(nowMs: number): void {
    for (const tracked of this.#tracked.values()) tracked.seenMs = nowMs
    for (const plan of this.#plans.values()) plan.onlineSinceMs = null
  }

  setRules(rules: readonly AlertRule[], atMs: number): void {
    this.#rules = new Map()
    for (const rule of rules) {
      if (!isMetricRule(rule) || !rule.enabled) continue
      const { entityKind } = rule.watch
      this.#rules.set(entityKind, [...(this.#rules.get(entityKind) ?? []), rule])
    }
    for (const plan of this.#plans.values()) plan.bound.clear()
    for (const tracked of this.#tracked.values()) this.#reconcile(tracked, atMs)
  }

  /** Its record was changed: location, tags, interval. */
  serverChanged(serverId: ServerId, atMs: number): void {
    this.#plans.get(serverId)?.bound.clear()
    for (const tracked of this.#plan(serverId).tracked) this.#reconcile(tracked, atMs)
  }

  /** It was removed, or nobody is to look at it. */
  forget(serverId: ServerId, atMs: number): void {
    for (const tracked of this.#plan(serverId).tracked) this.#drop(tracked, atMs, 'targetGone')
    this.#plans.delete(serverId)
  }

  /** It is nowhere any more. */
  forgetMachine(vmUuid: VmUuid, atMs: number): void {
    for (const tracked of this.#tracked.values())
      if (tracked.target.vmUuid === vmUuid) this.#drop(tracked, atMs, 'targetGone')
  }

  #plan(serverId: ServerId): Plan {
    const known = this.#plans.get(serverId)
    if (known !== undefined) return known
    const plan: Plan = {
      bound: new Map(),
      labels: new Map(),
      kindSeenMs: new Map(),
      tracked: new Set(),
      onlineSinceMs: null
    }
    this.#plans.set(serverId, plan)
    return plan
  }

  #add(tracked: Tracked): void {
    this.#tracked.set(tracked.key, tracked)
    this.#plan(tracked.target.serverId).tracked.add(tracked)
    if (tracked.context.foresight !== null) this.#deps.onForesight(tracked)
  }

  #takeLabel(plan: Plan, kind: EntityKind, key: string, label: string): void {
    const name = labelKey(kind, key)
    if (plan.labels.get(name) === label) return
    plan.labels.set(name, label)
    // A pattern may fit the new name and not the old one.
    plan.bound.get(kind)?.delete(key)
    for (const tracked of plan.tracked) {
      const { entity } = tracked.target
      if (entity?.kind === kind && entity.key === key) tracked.target = entityTarget(entity, label)
    }
  }

  #boundOf(serverId: ServerId, plan: Plan, kind: EntityKind, key: string, nowMs: number): readonly Bound[] {
    const known = plan.bound.get(kind)?.get(key)
    if (known !== undefined) return known
    const sight = this.#deps.fleet.server(serverId)
    if (sight === null) return NONE
    const vmUuid = kind === 'vm' ? (key as VmUuid) : null
    const label = plan.labels.get(labelKey(kind, key)) ?? ''
    const bound: Bound[] = []
    for (const rule of this.#rules.get(kind) ?? []) {
      const name = vmUuid === null ? label : (sight.machine(vmUuid)?.name ?? '')
      if (!entityFits(rule.watch, { kind, key, label: name })) continue
      const condition = conditionFor(rule, scopeTargetOf(sight.record, vmUuid))
      if (condition === null) continue
      const tracked = this.#bind(rule, { serverId, kind, key, label, condition, sight, nowMs })
      // Another server has it; the next tick asks again.
      if (tracked === null) return NONE
      bound.push({ metric: rule.watch.metric, tracked })
    }
    const ofKind = plan.bound.get(kind) ?? new Map<string, readonly Bound[]>()
    plan.bound.set(kind, ofKind.set(key, bound))
    return bound
  }

  #bind(
    rule: MetricRule,
    at: {
      serverId: ServerId
      kind: EntityKind
      key: string
      label: string
      condition: RuleCondition
      sight: ServerSight
      nowMs: number
    }
  ): Tracked | null {
    const { serverId, kind, key, label, sight, nowMs } = at
    const target = entityTarget({ serverId, kind, key }, label)
    const known = this.#tracked.get(trackedKey(rule.id, target))
    if (known !== undefined) return this.#moved(known, serverId) ? known : null
    const condition = evaluatedCondition(rule.watch, at.condition)
    const everyMs = this.#everyMs(rule, sight)
    const tracked = track(rule, target, { condition, everyMs, nowMs })
    this.#add(tracked)
    return tracked
  }

  /** False: it is a VM that still runs on the server where it was. */
  #moved(tracked: Tracked, serverId: ServerId): boolean {
    const { target } = tracked
    const { vmUuid, serverId: before, entity } = target
    if (vmUuid === null || before === serverId) return true
    const runsOn = (id: ServerId): boolean => runs(this.#deps.fleet.server(id)?.machine(vmUuid) ?? null)
    if (runsOn(before) || !runsOn(serverId)) return false
    this.#plans.get(before)?.bound.get('vm')?.delete(vmUuid)
    this.#plans.get(before)?.tracked.delete(tracked)
    this.#plan(serverId).tracked.add(tracked)
    tracked.target = { ...target, serverId, entity: entity && { ...entity, serverId } }
    return true
  }

  /** Brings it in line with its rule as it is now. */
  #reconcile(tracked: Tracked, atMs: number): void {
    const { entity, serverId, vmUuid } = tracked.target
    const rule = entity && this.#rules.get(entity.kind)?.find(({ id }) => id === tracked.rule.id)
    const sight = this.#deps.fleet.server(serverId)
    if (!rule || sight === null || rule.watch.metric !== metricOf(tracked.rule))
      return this.#drop(tracked, atMs, sight === null ? 'targetGone' : 'ruleChanged')
    const label = vmUuid === null ? tracked.target.label : (sight.machine(vmUuid)?.name ?? '')
    const condition = conditionFor(rule, scopeTargetOf(sight.record, vmUuid))
    if (condition === null || !entityFits(rule.watch, { ...entity, label }))
      return this.#drop(tracked, atMs, 'ruleChanged')
    const wanted = evaluatedCondition(rule.watch, condition)
    const everyMs = this.#everyMs(rule, sight)
    const isSame =
      rule.level === tracked.rule.level &&
      JSON.stringify(wanted) === JSON.stringify(tracked.context.condition)
    tracked.rule = rule
    if (isSame) {
      tracked.context = { ...tracked.context, everyMs }
      return
    }
    this.#end(tracked, atMs, 'ruleChanged')
    tracked.state = newAlertState()
    tracked.context = contextOf(rule, wanted, everyMs, tracked.key)
    if (tracked.context.foresight !== null) this.#deps.onForesight(tracked)
  }

  #everyMs({ watch }: MetricRule, { record }: ServerSight): number {
    return usualEveryMs(watch.entityKind, watch.metric, record.intervalMs ?? this.#deps.defaultIntervalMs())
  }

  #end(tracked: Tracked, atMs: number, ended: AlertEnd): void {
    const transitions = endAlert(tracked.state, atMs, ended)
    if (transitions.length > 0) this.#deps.onTransitions(tracked, transitions)
  }

  #drop(tracked: Tracked, atMs: number, ended: AlertEnd): void {
    this.#end(tracked, atMs, ended)
    this.#tracked.delete(tracked.key)
    const { serverId, entity } = tracked.target
    const plan = this.#plans.get(serverId)
    plan?.tracked.delete(tracked)
    if (entity !== null) plan?.bound.get(entity.kind)?.delete(entity.key)
  }
}

const metricOf = ({ watch }: AlertRule): string | null => (watch.kind === 'metric' ? watch.metric : null)

/** A part of a server that has no values any more: unmounted, unplugged, deleted. */
function isGone({ target, context, seenMs }: Tracked, plan: Plan, nowMs: number): boolean {
  const { entity, vmUuid } = target
  if (entity === null || entity.kind === 'server' || vmUuid !== null || plan.onlineSinceMs === null)
    return false
  const turnsMs = Math.max(LEAST_GONE_MS, GONE_AFTER_TURNS * context.everyMs)
  const othersSeenMs = plan.kindSeenMs.get(entity.kind) ?? 0
  if (othersSeenMs - Math.max(seenMs, plan.onlineSinceMs) > turnsMs) return true
  return nowMs - Math.max(seenMs, plan.onlineSinceMs) > Math.max(GONE_WITH_ITS_KIND_MS, turnsMs)
}

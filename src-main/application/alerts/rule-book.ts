/** The rules: the operator's and those that come with the console. */
import { randomUUID } from 'node:crypto'
import { MAX_RULES, type AlertRule, type RuleDraft } from '#contract/alert-rules.ts'
import { AppError } from '#contract/errors.ts'
import type { RuleId } from '#contract/ids.ts'
import { PRESET_NAMES, presetRule, presetRules } from '../../domain/alerts/presets.ts'
import { ruleProblem } from '../../domain/alerts/rule-problem.ts'
import { createTopic } from '../streams.ts'
import type { AlertsKept, AlertStore } from './alert-store.ts'

/** Names of the presets that were brought once: one that was removed stays removed. */
const BROUGHT = 'presets'

export class RuleBook {
  readonly #store: Pick<AlertStore, 'commit'>
  readonly #nowMs: () => number
  readonly #onChanged: () => void
  readonly #topic = createTopic<{ rules: AlertRule[] }>()
  #rules = new Map<RuleId, AlertRule>()

  constructor(deps: { store: Pick<AlertStore, 'commit'>; nowMs: () => number; onChanged: () => void }) {
    this.#store = deps.store
    this.#nowMs = deps.nowMs
    this.#onChanged = deps.onChanged
  }

  /** Brings the console's own rules that this data folder has never had. */
  async load(kept: AlertsKept): Promise<void> {
    this.#rules = new Map(kept.rules.map((rule) => [rule.id, rule]))
    const brought = namesOf(kept.memory[BROUGHT])
    const missing = PRESET_NAMES.filter((name) => !brought.has(name))
    const rules = missing.map((name) => presetRule(name, this.#nowMs()))
    if (rules.length > 0)
      await this.#store.commit({ rules, memory: { [BROUGHT]: JSON.stringify(PRESET_NAMES) } })
    for (const rule of rules) this.#rules.set(rule.id, rule)
    this.#topic.publish({ rules: this.all() })
  }

  /** They were written past this. */
  replace(rules: readonly AlertRule[]): void {
    this.#rules = new Map(rules.map((rule) => [rule.id, rule]))
    this.#changed()
  }

  all(): AlertRule[] {
    return [...this.#rules.values()]
  }

  watch(signal: AbortSignal): AsyncIterable<{ rules: AlertRule[] }> {
    return this.#topic.latest(signal)
  }

  /** Throws refused {what: ruleCondition, reason}, notFound, conflict. */
  async save(ruleId: RuleId | null, draft: RuleDraft): Promise<RuleId> {
    const known = ruleId === null ? null : this.#get(ruleId)
    const problem = ruleProblem(draft) ?? (draft.name === null && !known?.preset ? 'nameless' : null)
    if (problem !== null)
      throw new AppError('refused', { params: { what: 'ruleCondition', reason: problem } })
    if (known === null && this.#rules.size >= MAX_RULES)
      throw new AppError('conflict', { params: { what: 'rules', max: MAX_RULES } })
    const rule: AlertRule = {
      ...draft,
      id: ruleId ?? (randomUUID() as RuleId),
      preset: known?.preset ?? null,
      changedAtMs: this.#nowMs()
    }
    await this.#put([rule])
    return rule.id
  }

  /** Throws notFound. */
  async remove(ruleId: RuleId): Promise<void> {
    this.#get(ruleId)
    await this.#store.commit({ removedRules: [ruleId] })
    this.#rules.delete(ruleId)
    this.#changed()
  }

  /** null = all, also removed ones. Throws notFound for one that is the operator's own, conflict. */
  async restorePresets(ruleId: RuleId | null): Promise<void> {
    const presets = presetRules(this.#nowMs()).filter(({ id }) => ruleId === null || id === ruleId)
    if (presets.length === 0) throw new AppError('notFound', { params: { what: 'rule' } })
    const more = presets.filter(({ id }) => !this.#rules.has(id)).length
    if (this.#rules.size + more > MAX_RULES)
      throw new AppError('conflict', { params: { what: 'rules', max: MAX_RULES } })
    await this.#put(presets)
  }

  async #put(rules: readonly AlertRule[]): Promise<void> {
    await this.#store.commit({ rules })
    for (const rule of rules) this.#rules.set(rule.id, rule)
    this.#changed()
  }

  #changed(): void {
    this.#topic.publish({ rules: this.all() })
    this.#onChanged()
  }

  #get(ruleId: RuleId): AlertRule {
    const rule = this.#rules.get(ruleId)
    if (rule === undefined) throw new AppError('notFound', { params: { what: 'rule' } })
    return rule
  }
}

function namesOf(text: string | undefined): ReadonlySet<string> {
  if (text === undefined) return new Set()
  // Written by this class alone; the storage checks its pages.
  return new Set(JSON.parse(text) as string[])
}

/** Where a rule, a silence or a maintenance applies, and with which condition. Pure. */
import type { AlertRule, AlertScope, RuleCondition, RuleOverride } from '#contract/alert-rules.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'

/** What a scope is asked about: a server, or a VM that is on it now. */
export interface ScopeTarget {
  readonly server: { readonly id: ServerId; readonly location: string; readonly tags: readonly string[] }
  /** null = the server itself, or a part of it. */
  readonly vmUuid: VmUuid | null
}

/** From wide to narrow. */
const NARROWNESS: Record<AlertScope['kind'], number> = { fleet: 0, location: 1, tag: 2, server: 3, vm: 4 }

/** Whether it is within the scope. What is said of a server holds for its VMs; a VM is known by its UUID wherever it is. */
export function scopeFits(scope: AlertScope, { server, vmUuid }: ScopeTarget): boolean {
  switch (scope.kind) {
    case 'fleet':
      return true
    case 'location':
      return scope.location === server.location
    case 'tag':
      return server.tags.includes(scope.tag)
    case 'server':
      return scope.serverId === server.id
    case 'vm':
      return scope.vmUuid === vmUuid
  }
}

/**
 * The condition of a rule for a target; null = the rule does not apply to it. Overrides add up from wide to narrow: each changes
 * what it names, the narrower one wins, of equally narrow ones the later. The last word also says whether it is on.
 */
export function conditionFor(
  rule: Pick<AlertRule, 'enabled' | 'scopes' | 'condition' | 'overrides'>,
  target: ScopeTarget
): RuleCondition | null {
  if (!rule.enabled || !rule.scopes.some((scope) => scopeFits(scope, target))) return null
  const fitting = rule.overrides
    .filter(({ scope }) => scopeFits(scope, target))
    // Sorting is stable: of equally narrow ones the later stays the later.
    .toSorted((a, b) => NARROWNESS[a.scope.kind] - NARROWNESS[b.scope.kind])
  if (fitting.at(-1)?.enabled === false) return null
  const merged = { ...rule.condition }
  for (const { condition } of fitting) Object.assign(merged, definedPart(condition))
  return merged
}

/** Without what is undefined: it would hide what was said before. */
const definedPart = (condition: RuleOverride['condition']): Partial<RuleCondition> =>
  Object.fromEntries(Object.entries(condition).filter(([, value]) => value !== undefined))

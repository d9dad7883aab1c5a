import { describe, expect, it } from 'vitest'
import type { AlertScope, RuleOverride } from '#contract/alert-rules.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { condition } from '../../../test/fakes/alert-feed.ts'
import { conditionFor, scopeFits, type ScopeTarget } from './scope.ts'

const serverId = '5f0c1f6e-3d54-4c7e-9d6f-0a4a4f6f1e01' as ServerId
const otherServer = '5f0c1f6e-3d54-4c7e-9d6f-0a4a4f6f1e02' as ServerId
const vmUuid = '0b1f6e3d-544c-4e9d-8f0a-4a4f6f1e0301' as VmUuid
const fleet: AlertScope = { kind: 'fleet' }
const location: AlertScope = { kind: 'location', location: 'Oslo' }
const tag: AlertScope = { kind: 'tag', tag: 'lab' }
const server: AlertScope = { kind: 'server', serverId }
const vm: AlertScope = { kind: 'vm', vmUuid }

const target = (of: Partial<ScopeTarget> = {}): ScopeTarget => ({
  server: { id: serverId, location: 'Oslo', tags: ['lab'] },
  vmUuid: null,
  ...of
})
const override = (scope: AlertScope, threshold: number | null, enabled = true): RuleOverride => ({
  scope,
  enabled,
  condition: threshold === null ? {} : { threshold }
})
const rule = (scopes: AlertScope[], overrides: RuleOverride[] = []) => ({
  enabled: true,
  scopes,
  condition: condition(),
  overrides
})

describe('scopes', () => {
  it('fit what is within them; a server has its VMs', () => {
    for (const scope of [fleet, location, tag, server]) {
      expect(scopeFits(scope, target())).toBe(true)
      expect(scopeFits(scope, target({ vmUuid }))).toBe(true)
    }
    expect(scopeFits(vm, target())).toBe(false)
    const elsewhere = { id: otherServer, location: 'Rome', tags: [] }
    for (const scope of [location, tag, server])
      expect(scopeFits(scope, target({ server: elsewhere }))).toBe(false)
    expect(scopeFits(vm, target({ server: elsewhere, vmUuid }))).toBe(true)
  })
})

describe('the condition for a target', () => {
  it('is none where the rule is off or no scope fits', () => {
    expect(conditionFor({ ...rule([fleet]), enabled: false }, target())).toBeNull()
    expect(conditionFor(rule([vm]), target())).toBeNull()
    expect(conditionFor(rule([vm, location]), target())).toEqual(condition())
  })

  it('is that of the narrowest override, of equal ones of the later, whatever their order', () => {
    const all = [
      override(vm, 5),
      override(server, 4),
      override(tag, 3),
      override(location, 2),
      override(fleet, 1)
    ]
    const thresholdOf = (overrides: RuleOverride[], of = target({ vmUuid })): number | undefined =>
      conditionFor(rule([fleet], overrides), of)?.threshold
    for (let left = 0; left < all.length; left++) {
      expect(thresholdOf(all.slice(left))).toBe(5 - left)
      expect(thresholdOf(all.slice(left).toReversed())).toBe(5 - left)
    }
    expect(thresholdOf(all, target())).toBe(4)
    expect(thresholdOf([override(server, 4), override(server, 6)])).toBe(6)
  })

  it('adds up what overrides differ in', () => {
    const made = conditionFor(
      rule(
        [fleet],
        [
          { scope: server, enabled: true, condition: { threshold: 0.95 } },
          { scope: location, enabled: true, condition: { threshold: 0.9, forMs: 5 } }
        ]
      ),
      target()
    )
    expect(made).toEqual(condition({ threshold: 0.95, forMs: 5 }))
  })

  it('is off where the narrowest says so, and on again for what is narrower still', () => {
    const off = override(location, null, false)
    expect(conditionFor(rule([fleet], [off]), target())).toBeNull()
    expect(conditionFor(rule([fleet], [off, override(server, 0.9)]), target())?.threshold).toBe(0.9)
    expect(
      conditionFor(rule([fleet], [override(server, 0.9), override(vm, null, false)]), target())
    ).not.toBeNull()
  })

  it('moves along with a VM', () => {
    const mine = rule([fleet], [override(vm, 0.99)])
    const moved = { id: otherServer, location: 'Rome', tags: [] }
    expect(conditionFor(mine, target({ server: moved, vmUuid }))?.threshold).toBe(0.99)
  })
})

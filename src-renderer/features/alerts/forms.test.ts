/** What is typed into the editors, and what it makes. */
import type { AlertRule } from '#contract/alert-rules.ts'
import { ChannelDraft } from '#contract/alert-channels.ts'
import { MaintenanceDraft } from '#contract/alerts.ts'
import { RuleDraft } from '#contract/alert-rules.ts'
import { describe, expect, it } from 'vitest'
import { presetRules } from '../../../src-main/domain/alerts/presets.ts'
import { ruleProblem } from '../../../src-main/domain/alerts/rule-problem.ts'
import { channelForm, checkedChannel } from './channel-form.ts'
import { checkedMaintenance, maintenanceForm } from './maintenance-form.ts'
import { checkedRule, ruleForm, type RuleForm } from './rule-form.ts'
import { parseSpan, spanText } from './span-text.ts'

describe('spans', () => {
  it.each([
    ['90 s', 90_000],
    ['10min', 600_000],
    ['10', 600_000],
    ['1.5 h', 5_400_000],
    ['1 h 30 min', 5_400_000],
    ['2\u00a0d', 172_800_000],
    ['0 s', 0]
  ])('%s is read', (text, spanMs) => expect(parseSpan(text)).toBe(spanMs))
  it.each(['', 'soon', '10 parsecs', '-5 min', '5 min ago', '1e3'])('%s is none', (text) =>
    expect(parseSpan(text)).toBeNull()
  )
  it.each([0, 30_000, 90_000, 5_400_000, 93_784_000])('%i comes back as it was', (spanMs) =>
    expect(parseSpan(spanText(spanMs))).toBe(spanMs)
  )
})

const without = ({ id: _id, preset: _preset, changedAtMs: _changed, ...draft }: AlertRule): RuleDraft => draft

describe('the editor of rules', () => {
  it.each(presetRules(0).map((rule) => [rule.preset, rule] as const))(
    'gives the rule %s back as it was, in the units that are shown',
    (_preset, rule) => {
      const result = checkedRule(ruleForm(rule), true)
      if (!result.ok) throw new Error(JSON.stringify([...result.problems]))
      expect(result.draft).toEqual(without(rule))
      expect(RuleDraft.safeParse(result.draft).success).toBe(true)
    }
  )

  const form = (change: Partial<RuleForm>): RuleForm => ({ ...ruleForm(null), name: 'mine', ...change })
  const problemsOf = (change: Partial<RuleForm>): string[] => {
    const result = checkedRule(form(change), false)
    return result.ok ? [] : [...result.problems].map(([field, { key }]) => `${field} ${key}`)
  }
  it('shows 90 % for 0.9, and makes nothing of binary dust', () => {
    expect(form({}).threshold).toBe(90)
    const result = checkedRule(form({ threshold: 55.1, recoverAt: 7 }), false)
    expect(result).toMatchObject({ ok: true, draft: { condition: { threshold: 0.551, recoverAt: 0.07 } } })
  })
  it('takes rates as they are shown: network in bits, disks in bytes', () => {
    const result = checkedRule(
      form({ entityKind: 'interface', metric: 'rxBytesPerSec', threshold: 100, recoverAt: 80 }),
      false
    )
    expect(result).toMatchObject({ ok: true, draft: { condition: { threshold: 12.5e6, recoverAt: 10e6 } } })
  })
  it('says what is wrong, at its place', () => {
    expect(problemsOf({ name: ' ' })).toEqual(['name name'])
    expect(problemsOf({ threshold: null })).toContain('threshold number')
    expect(problemsOf({ threshold: 80, recoverAt: 85 })).toEqual(['recoverAt recoverAbove'])
    expect(problemsOf({ direction: 'below', threshold: 10, recoverAt: 5 })).toEqual([
      'recoverAt recoverBelow'
    ])
    expect(problemsOf({ forSpan: 'soon' })).toContain('forSpan span')
    expect(problemsOf({ forSpan: '8 d' })).toEqual(['forSpan spanRange'])
    expect(problemsOf({ forSpan: '10 s', minSamples: 7 })).toEqual(['minSamples samples'])
    expect(problemsOf({ scopes: [], allChannels: false })).toEqual(['scopes scopes', 'channels channels'])
    expect(problemsOf({ again: true, againSpan: '1 min' })).toEqual(['againSpan spanRange'])
  })
  it('lets an exception recover as far from its threshold as the rule does', () => {
    const overrides = [
      {
        scope: { kind: 'tag' as const, tag: 'web' },
        enabled: true,
        threshold: 70,
        recoverAt: null,
        forSpan: '',
        rest: {}
      }
    ]
    const result = checkedRule(form({ overrides }), false)
    if (!result.ok) throw new Error('not taken')
    expect(result.draft.overrides[0]?.condition).toEqual({ threshold: 0.7, recoverAt: 0.65 })
    expect(ruleProblem(result.draft)).toBeNull()
    expect(problemsOf({ overrides: overrides.map((one) => ({ ...one, recoverAt: 90 })) })).toEqual([
      'override 0 recoverAt recoverAbove'
    ])
  })
  it('makes nothing that the engine refuses: a process is not foretold', () => {
    const result = checkedRule(
      form({ kind: 'process', foretell: true, noData: true, direction: 'below' }),
      false
    )
    if (!result.ok) throw new Error('not taken')
    expect(ruleProblem(result.draft)).toBeNull()
  })
})

describe('the editor of channels', () => {
  const mail = ChannelDraft.parse({
    name: 'mail',
    target: {
      kind: 'email',
      host: 'mail.example.net',
      port: 465,
      security: 'tls',
      user: null,
      from: 'a@example.net',
      to: ['b@example.net', 'c@example.net']
    }
  })
  it('gives a channel back as it was, and leaves its secret alone', () => {
    expect(checkedChannel(channelForm(mail))).toEqual({ ok: true, draft: mail, secret: undefined })
  })
  it('sends a typed secret, or none at all', () => {
    expect(checkedChannel({ ...channelForm(mail), secret: 'x' })).toMatchObject({ secret: 'x' })
    expect(checkedChannel({ ...channelForm(mail), dropSecret: true })).toMatchObject({ secret: null })
  })
  it('marks what is wrong', () => {
    const wrong = (change: object): string[] => {
      const result = checkedChannel({ ...channelForm(mail), ...change })
      return result.ok ? [] : [...result.problems]
    }
    expect(wrong({ to: 'b@example.net nobody' })).toEqual(['to'])
    expect(wrong({ host: '', port: 0 })).toEqual(['host', 'port'])
    expect(wrong({ kind: 'webhook', url: 'javascript:alert(1)' })).toEqual(['url'])
    expect(wrong({ kind: 'ntfy', topic: 'a/b' })).toEqual(['topic'])
    expect(wrong({ gather: 'soon', mostPerHour: 0 })).toEqual(['mostPerHour', 'gather'])
  })
})

describe('the editor of maintenance', () => {
  const fresh = maintenanceForm(null, '2026-03-28', 'Europe/Berlin')
  const good = { ...fresh, name: 'night', scopes: [{ kind: 'fleet' as const }] }
  it('makes what the contract takes', () => {
    for (const repeat of ['once', 'daily', 'weekly', 'monthly'] as const) {
      const result = checkedMaintenance({ ...good, repeat, at: '2:30' })
      if (!result.ok) throw new Error(repeat)
      expect(MaintenanceDraft.safeParse(result.draft).success).toBe(true)
      expect(result.draft).toMatchObject({ at: '02:30', durationMs: 7_200_000, repeat: { kind: repeat } })
    }
  })
  it('says what is wrong', () => {
    const result = checkedMaintenance({
      ...fresh,
      zone: 'Mars/Olympus',
      fromDay: '2026-02-30',
      at: '25:00',
      duration: '0 s',
      repeat: 'weekly',
      weekdays: [],
      untilDay: '2025-01-01'
    })
    expect(result.ok ? [] : [...result.problems.keys()].sort()).toEqual(
      ['at', 'duration', 'fromDay', 'name', 'scopes', 'untilDay', 'weekdays', 'zone'].sort()
    )
  })
})

import { describe, expect, it } from 'vitest'
import { AlertRule, type RuleWatch } from '#contract/alert-rules.ts'
import { type Alert, type MaintenanceView, Silence } from '#contract/alerts.ts'
import type { RuleId, ServerId } from '#contract/ids.ts'
import { condition } from '../../../test/fakes/alert-feed.ts'
import { compareAlerts, countAlerts } from './order.ts'
import { PRESET_NAMES, presetRule, presetRules } from './presets.ts'
import { quietFor } from './quiet.ts'
import { ruleProblem } from './rule-problem.ts'
import { causeOf, entityFits, evaluatedCondition, namePattern, usualEveryMs } from './watches.ts'

const cpu: Extract<RuleWatch, { kind: 'metric' }> = {
  kind: 'metric',
  entityKind: 'server',
  metric: 'cpuUsedRatio',
  pattern: ''
}

describe('a rule', () => {
  const problem = (different: Parameters<typeof condition>[0], watch: RuleWatch = cpu) =>
    ruleProblem({ watch, condition: condition(different), overrides: [] })

  it.each([
    [{}, null],
    [{ recoverAt: 0.8 }, null],
    [{ recoverAt: 0.81 }, 'recoverAtBeyond'],
    [{ direction: 'below' as const, threshold: 0.2, recoverAt: 0.1 }, 'recoverAtBeyond'],
    [{ direction: 'below' as const, threshold: 0.2, recoverAt: 0.3 }, null],
    [{ threshold: NaN }, 'notANumber'],
    [{ recoverAt: Infinity }, 'notANumber'],
    [{ forMs: 0, minSamples: 2 }, 'tooManySamples'],
    [{ forMs: 60_000, minSamples: 31 }, null],
    [{ forMs: 60_000, minSamples: 32 }, 'tooManySamples']
  ])('with %o: %s', (different, code) => {
    expect(problem(different)).toBe(code)
  })

  it('needs a metric of the catalogue, and foretells nothing of states and processes', () => {
    expect(problem({}, { ...cpu, metric: 'constructor' })).toBe('unknownMetric')
    expect(problem({ forecastWithinMs: 60_000 }, { kind: 'serverOff' })).toBe('notForetold')
    expect(problem({ threshold: NaN }, { kind: 'serverOff' })).toBeNull()
  })

  it('is judged with its overrides', () => {
    const overrides = [{ scope: { kind: 'fleet' as const }, enabled: true, condition: { threshold: 0.5 } }]
    expect(ruleProblem({ watch: cpu, condition: condition(), overrides })).toBe('recoverAtBeyond')
  })
})

describe("the console's own rules", () => {
  it('are valid, have fixed identities of their own, and sense', () => {
    const rules = presetRules(7)
    for (const rule of rules) {
      expect(AlertRule.parse(rule)).toEqual(rule)
      expect(ruleProblem(rule)).toBeNull()
    }
    expect(new Set(rules.map(({ id }) => id)).size).toBe(PRESET_NAMES.length)
    expect(presetRule('serverOff', 0).id).toBe(presetRule('serverOff', 9).id)
    expect(rules.filter(({ enabled }) => !enabled).map(({ preset }) => preset)).toEqual([
      'vmOff',
      'portClosed'
    ])
    expect(presetRule('processCpu', 0).condition.threshold).toBe(0.8)
  })
})

describe('what is watched', () => {
  it('fits whole names, without regard to case', () => {
    const fits = (pattern: string, name: string): boolean => namePattern(pattern)(name)
    expect(fits('', 'any')).toBe(true)
    expect(fits('*', '')).toBe(true)
    expect(fits('/VAR*', '/var/log')).toBe(true)
    expect(fits('/var', '/var/log')).toBe(false)
    expect(fits('eth?', 'ETH0')).toBe(true)
    expect(fits('[a-z]+', 'abc')).toBe(false)
  })

  it('finds an entity by key or label', () => {
    const mounts: typeof cpu = { ...cpu, entityKind: 'mount', metric: 'usedRatio', pattern: '/dev/sd*' }
    expect(entityFits(mounts, { kind: 'mount', key: '/srv', label: '/dev/sda1' })).toBe(true)
    expect(entityFits(mounts, { kind: 'mount', key: '/', label: '/dev/vda1' })).toBe(false)
    expect(entityFits(mounts, { kind: 'disk', key: '/dev/sda', label: '' })).toBe(false)
  })

  it('gives a state its own cause and a threshold between yes and no', () => {
    const of = evaluatedCondition(
      { kind: 'serverOff' },
      condition({ direction: 'below', noDataForMs: 30_000 })
    )
    expect(of).toMatchObject({
      direction: 'above',
      threshold: 0.5,
      recoverAt: 0.5,
      noDataForMs: null,
      forMs: 60_000
    })
    expect(causeOf({ kind: 'serverOff' }, 'threshold')).toBe('serverOff')
    expect(causeOf(cpu, 'forecast')).toBe('forecast')
  })

  it('knows how often values come', () => {
    expect(usualEveryMs('server', 'cpuUsedRatio', 2_000)).toBe(2_000)
    expect(usualEveryMs('server', 'unitsFailed', 2_000)).toBe(300_000)
    expect(usualEveryMs('mount', 'usedRatio', 60_000)).toBe(60_000)
    expect(usualEveryMs('disk', 'healthy', 2_000)).toBe(1_800_000)
  })
})

describe('the list of alerts', () => {
  const alert = (id: string, level: 'RED' | 'AMBER', raisedAtMs: number, more: Partial<Alert> = {}): Alert =>
    ({ id, level, raisedAtMs, redAtMs: null, quiet: null, ...more }) as Alert
  const silenced = { reason: 'silence', untilAtMs: null } as const

  it('has RED first, the newest first, quiet ones last; quiet ones are not counted', () => {
    const alerts = [
      alert('quiet', 'RED', 9, { quiet: silenced }),
      alert('amber', 'AMBER', 8),
      alert('old', 'RED', 1),
      alert('new', 'RED', 5),
      alert('came true', 'RED', 2, { redAtMs: 6 })
    ]
    expect(alerts.toSorted(compareAlerts).map(({ id }) => id)).toEqual([
      'came true',
      'new',
      'old',
      'amber',
      'quiet'
    ])
    expect(countAlerts(alerts)).toEqual({ red: 3, amber: 1 })
  })
})

describe('what keeps quiet', () => {
  const ruleId = '5f0c1f6e-3d54-4c7e-9d6f-0a4a4f6f1e01' as RuleId
  const target = { server: { id: 's' as ServerId, location: 'Oslo', tags: [] }, vmUuid: null }
  const silence = (untilAtMs: number | null, more: Partial<Silence> = {}): Silence =>
    ({ scope: { kind: 'fleet' }, ruleId: null, untilAtMs, ...more }) as Silence
  const maintenance = (openUntilAtMs: number | null, location = 'Oslo'): MaintenanceView =>
    ({
      maintenance: { scopes: [{ kind: 'location', location }] },
      openUntilAtMs,
      nextAtMs: null
    }) as MaintenanceView
  const quiet = (silences: Silence[], maintenances: MaintenanceView[] = []) =>
    quietFor({ ruleId, target }, { silences, maintenances }, 1_000)

  it('is what lasts longest of those that fit and are not over', () => {
    expect(quiet([])).toBeNull()
    expect(quiet([silence(1_000)])).toBeNull()
    expect(quiet([silence(1_001)])).toEqual({ reason: 'silence', untilAtMs: 1_001 })
    expect(quiet([silence(1_001)], [maintenance(2_000)])).toEqual({ reason: 'maintenance', untilAtMs: 2_000 })
    expect(quiet([silence(null)], [maintenance(2_000)])).toEqual({ reason: 'silence', untilAtMs: null })
    expect(quiet([], [maintenance(null), maintenance(2_000, 'Rome'), maintenance(900)])).toBeNull()
    expect(quiet([silence(null, { ruleId: 'another' as RuleId })])).toBeNull()
  })
})

/** The editor of a rule: what is typed, and the rule that it makes. Pure. */
import type {
  AlertRule,
  AlertScope,
  RuleCondition,
  RuleDraft,
  RuleOverride,
  RuleWatch
} from '#contract/alert-rules.ts'
import type { ChannelId } from '#contract/ids.ts'
import { METRICS, metricDefinition, type EntityKind } from '#contract/metric-catalogue.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'
import type { DisplayUnit } from '../../format/index.ts'
import { parseSpan, spanText } from './span-text.ts'
import { unitOf } from './watch-units.ts'

const DAY_MS = 86_400_000
/** Sampling is never quicker. */
const SHORTEST_INTERVAL_MS = 2_000

/** In the unit that is shown; '' or null = as in the rule. */
export interface OverrideForm {
  scope: AlertScope
  enabled: boolean
  threshold: number | null
  recoverAt: number | null
  forSpan: string
  /** What this editor does not show of it. */
  rest: RuleOverride['condition']
}

export interface RuleForm {
  name: string
  enabled: boolean
  kind: RuleWatch['kind']
  entityKind: EntityKind
  metric: string
  measure: 'cpuUsedRatio' | 'memoryUsedRatio'
  pattern: string
  level: AlertLevel
  direction: 'above' | 'below'
  threshold: number | null
  recoverAt: number | null
  forSpan: string
  recoverSpan: string
  minSamples: number | null
  foretell: boolean
  foretellSpan: string
  noData: boolean
  noDataSpan: string
  scopes: AlertScope[]
  overrides: OverrideForm[]
  allChannels: boolean
  channels: ChannelId[]
  again: boolean
  againSpan: string
  recovery: boolean
}

/** One unit for what is typed, whatever the size: a field whose unit changes while one types would be a trap. */
const FORM_UNITS: Record<DisplayUnit, { readonly divisor: number; readonly unit: string }> = {
  ratio: { divisor: 0.01, unit: '%' },
  bytes: { divisor: 1024 ** 3, unit: 'GiB' },
  bytesPerSec: { divisor: 1e6, unit: 'MB/s' },
  bitsPerSec: { divisor: 1e6 / 8, unit: 'Mb/s' },
  perSec: { divisor: 1, unit: '/s' },
  load: { divisor: 1, unit: '' },
  count: { divisor: 1, unit: '' },
  ms: { divisor: 1, unit: 'ms' },
  sec: { divisor: 1, unit: 's' },
  celsius: { divisor: 1, unit: '°C' },
  watts: { divisor: 1, unit: 'W' },
  rpm: { divisor: 1, unit: 'rpm' }
}
export const formUnit = (watch: RuleWatch): { readonly divisor: number; readonly unit: string } =>
  FORM_UNITS[unitOf(watch) ?? 'count']

/** Without the dust of binary fractions: 0.8 ÷ 0.01 is 80. */
const tidy = (value: number): number => Number(value.toPrecision(12))
const shown = (watch: RuleWatch, value: number): number => tidy(value / formUnit(watch).divisor)
const meant = (watch: RuleWatch, value: number): number => tidy(value * formUnit(watch).divisor)

export function watchOf(form: RuleForm): RuleWatch {
  const { kind, entityKind, metric, measure } = form
  const pattern = form.pattern.trim()
  if (kind === 'metric') return { kind, entityKind, metric, pattern }
  return kind === 'process' ? { kind, measure, pattern } : { kind }
}

/** The form of a rule; of a new one where there is none. */
export function ruleForm(rule: AlertRule | RuleDraft | null): RuleForm {
  const watch: RuleWatch = rule?.watch ?? {
    kind: 'metric',
    entityKind: 'server',
    metric: 'memoryUsedRatio',
    pattern: ''
  }
  const condition: RuleCondition = rule?.condition ?? {
    direction: 'above',
    threshold: 0.9,
    recoverAt: 0.85,
    forMs: 5 * 60_000,
    recoverForMs: 2 * 60_000,
    minSamples: 2,
    forecastWithinMs: null,
    noDataForMs: null
  }
  const telling = rule?.telling ?? { channels: 'all', againEveryMs: null, recovery: true }
  return {
    name: rule?.name ?? '',
    enabled: rule?.enabled ?? true,
    kind: watch.kind,
    entityKind: watch.kind === 'metric' ? watch.entityKind : 'server',
    metric: watch.kind === 'metric' ? watch.metric : 'memoryUsedRatio',
    measure: watch.kind === 'process' ? watch.measure : 'cpuUsedRatio',
    pattern: 'pattern' in watch ? watch.pattern : '',
    level: rule?.level ?? 'RED',
    direction: condition.direction,
    threshold: shown(watch, condition.threshold),
    recoverAt: shown(watch, condition.recoverAt),
    forSpan: spanText(condition.forMs),
    recoverSpan: spanText(condition.recoverForMs),
    minSamples: condition.minSamples,
    foretell: condition.forecastWithinMs !== null,
    foretellSpan: spanText(condition.forecastWithinMs ?? 4 * 3_600_000),
    noData: condition.noDataForMs !== null,
    noDataSpan: spanText(condition.noDataForMs ?? 5 * 60_000),
    scopes: [...(rule?.scopes ?? [{ kind: 'fleet' as const }])],
    overrides: (rule?.overrides ?? []).map(({ scope, enabled, condition: different }) => {
      const { threshold, recoverAt, forMs, ...rest } = different
      return {
        scope,
        enabled,
        threshold: threshold === undefined ? null : shown(watch, threshold),
        recoverAt: recoverAt === undefined ? null : shown(watch, recoverAt),
        forSpan: forMs === undefined ? '' : spanText(forMs),
        rest
      }
    }),
    allChannels: telling.channels === 'all',
    channels: telling.channels === 'all' ? [] : [...telling.channels],
    again: telling.againEveryMs !== null,
    againSpan: spanText(telling.againEveryMs ?? 6 * 3_600_000),
    recovery: telling.recovery
  }
}

export type RuleField =
  | 'name'
  | 'threshold'
  | 'recoverAt'
  | 'forSpan'
  | 'recoverSpan'
  | 'minSamples'
  | 'foretellSpan'
  | 'noDataSpan'
  | 'scopes'
  | 'channels'
  | 'againSpan'
/** `override <index> <field>` for one of an exception. */
export type RuleProblems = ReadonlyMap<
  RuleField | `override ${number} ${'threshold' | 'recoverAt' | 'forSpan'}`,
  { readonly key: string; readonly values?: Readonly<Record<string, string | number>> }
>
export type RuleResult =
  { readonly ok: true; readonly draft: RuleDraft } | { readonly ok: false; readonly problems: RuleProblems }

interface SpanLimits {
  readonly least: number
  readonly most: number
}

/** @param isPreset it has words of its own: the name may stay empty */
export function checkedRule(form: RuleForm, isPreset: boolean): RuleResult {
  const watch = watchOf(form)
  const hasValues = unitOf(watch) !== null
  const problems = new Map<string, { key: string; values?: Record<string, string | number> }>()

  const span = (field: string, text: string, limits: SpanLimits): number => {
    const parsed = parseSpan(text)
    if (parsed === null) problems.set(field, { key: 'span' })
    else if (parsed < limits.least || parsed > limits.most)
      problems.set(field, {
        key: 'spanRange',
        values: { least: spanText(limits.least), most: spanText(limits.most) }
      })
    return parsed ?? 0
  }
  const number = (field: string, value: number | null): number => {
    if (value === null) problems.set(field, { key: 'number' })
    return value === null ? 0 : meant(watch, value)
  }
  const isBelow = form.direction === 'below' && watch.kind === 'metric'
  const recoverAfter = (field: string, threshold: number, recoverAt: number): void => {
    if (problems.has(field)) return
    if (!isBelow && recoverAt > threshold) problems.set(field, { key: 'recoverAbove' })
    if (isBelow && recoverAt < threshold) problems.set(field, { key: 'recoverBelow' })
  }

  if (form.name.trim() === '' && !isPreset) problems.set('name', { key: 'name' })
  if (form.scopes.length === 0) problems.set('scopes', { key: 'scopes' })
  if (!form.allChannels && form.channels.length === 0) problems.set('channels', { key: 'channels' })
  const week = { least: 0, most: 7 * DAY_MS }
  const forMs = span('forSpan', form.forSpan, week)
  const recoverForMs = span('recoverSpan', form.recoverSpan, week)
  const condition: RuleCondition = {
    direction: isBelow ? 'below' : 'above',
    // A state has no values; what the engine makes of these is nothing.
    threshold: hasValues ? number('threshold', form.threshold) : 0,
    recoverAt: hasValues ? number('recoverAt', form.recoverAt) : 0,
    forMs,
    recoverForMs,
    minSamples: hasValues ? (form.minSamples ?? 0) : 1,
    forecastWithinMs:
      watch.kind === 'metric' && form.foretell
        ? span('foretellSpan', form.foretellSpan, { least: 60_000, most: 30 * DAY_MS })
        : null,
    noDataForMs:
      watch.kind === 'metric' && form.noData
        ? span('noDataSpan', form.noDataSpan, { least: 30_000, most: 7 * DAY_MS })
        : null
  }
  if (hasValues) {
    recoverAfter('recoverAt', condition.threshold, condition.recoverAt)
    const most = Math.floor(forMs / SHORTEST_INTERVAL_MS) + 1
    const { minSamples } = form
    if (
      minSamples === null ||
      !Number.isInteger(minSamples) ||
      minSamples < 1 ||
      minSamples > Math.min(most, 10_000)
    )
      problems.set('minSamples', {
        key: 'samples',
        values: { span: spanText(forMs), most: Math.min(most, 10_000) }
      })
  }
  const overrides = form.overrides.map((override, index): RuleOverride => {
    const at = (field: string): string => `override ${index} ${field}`
    const different: RuleOverride['condition'] = { ...override.rest }
    if (hasValues && override.threshold !== null) {
      different.threshold = meant(watch, override.threshold)
      // Recovers as far from it as the rule does, unless it is said otherwise.
      different.recoverAt = tidy(different.threshold + (condition.recoverAt - condition.threshold))
    }
    if (hasValues && override.recoverAt !== null) different.recoverAt = meant(watch, override.recoverAt)
    if (hasValues)
      recoverAfter(
        at('recoverAt'),
        different.threshold ?? condition.threshold,
        different.recoverAt ?? condition.recoverAt
      )
    if (override.forSpan.trim() !== '') different.forMs = span(at('forSpan'), override.forSpan, week)
    return { scope: override.scope, enabled: override.enabled, condition: different }
  })
  const againEveryMs = form.again
    ? span('againSpan', form.againSpan, { least: 300_000, most: 365 * DAY_MS })
    : null
  if (problems.size > 0) return { ok: false, problems: problems as unknown as RuleProblems }
  return {
    ok: true,
    draft: {
      name: form.name.trim() === '' ? null : form.name.trim(),
      enabled: form.enabled,
      watch,
      level: form.level,
      scopes: [...form.scopes],
      condition,
      overrides,
      telling: {
        channels: form.allChannels ? 'all' : [...form.channels],
        againEveryMs,
        recovery: form.recovery
      }
    }
  }
}

/** Those whose change makes sense to be told of: what is fixed by nature (sizes) is left to the catalogue's own order. */
export const metricsOf = (kind: EntityKind): string[] => Object.keys(METRICS[kind])

/** What the fields begin with for another metric: a threshold of the metric before would mean nothing. */
export function thresholdFor(watch: RuleWatch): {
  threshold: number
  recoverAt: number
  direction: 'above' | 'below'
} {
  if (watch.kind === 'metric') {
    const { entityKind, metric } = watch
    if (entityKind === 'unit' || entityKind === 'port' || metric === 'healthy')
      return { threshold: 1, recoverAt: 1, direction: 'below' }
    if (metricDefinition(entityKind, metric)?.unit === 'celsius')
      return { threshold: 85, recoverAt: 80, direction: 'above' }
  }
  if (unitOf(watch) === 'ratio') return { threshold: 90, recoverAt: 85, direction: 'above' }
  return { threshold: 100, recoverAt: 90, direction: 'above' }
}

const keyOf = (scope: AlertScope): string => JSON.stringify(scope)
export const sameScope = (one: AlertScope, other: AlertScope): boolean => keyOf(one) === keyOf(other)

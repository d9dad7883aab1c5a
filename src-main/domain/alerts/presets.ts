/** The rules that come with the console. Pure. */
import type { AlertRule, RuleCondition, RuleWatch } from '#contract/alert-rules.ts'
import type { RuleId } from '#contract/ids.ts'
import type { EntityKind, MetricId } from '#contract/metric-catalogue.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** At once, and over at once; what differs is said at each rule. */
const BASE: RuleCondition = {
  direction: 'above',
  threshold: 0,
  recoverAt: 0,
  forMs: 0,
  recoverForMs: 0,
  minSamples: 1,
  forecastWithinMs: null,
  noDataForMs: null
}

interface Preset {
  /** Never changed and never used again: a restored backup meets its rules by it. */
  readonly id: string
  readonly watch: RuleWatch
  readonly condition: Partial<RuleCondition>
  readonly level?: 'AMBER'
  readonly isOff?: true
}

const metric = <K extends EntityKind>(entityKind: K, id: MetricId<K>): RuleWatch => ({
  kind: 'metric',
  entityKind,
  metric: id,
  pattern: ''
})

/** Over 80 % for some minutes; recovered at 75 %. */
const busy = (minutes: number): Partial<RuleCondition> => ({
  threshold: 0.8,
  recoverAt: 0.75,
  forMs: minutes * MINUTE_MS,
  recoverForMs: 2 * MINUTE_MS,
  minSamples: 2
})

/** File systems fill slowly and do not empty themselves: a day's warning. */
const filling: Partial<RuleCondition> = {
  threshold: 0.9,
  recoverAt: 0.88,
  forMs: MINUTE_MS,
  recoverForMs: MINUTE_MS,
  minSamples: 2,
  forecastWithinMs: 24 * HOUR_MS
}

const PRESETS = {
  serverOff: {
    id: '38096551-97a3-4976-af1e-49742d9fc6ad',
    watch: { kind: 'serverOff' },
    condition: { forMs: MINUTE_MS }
  },
  vmNotResponding: {
    id: 'e17c0a1a-e890-490c-8e16-c9c06245313b',
    watch: { kind: 'vmNotResponding' },
    condition: { forMs: MINUTE_MS }
  },
  vmOff: {
    id: 'b68cd69c-6d18-4cbc-8edd-aec6f5b9148d',
    watch: { kind: 'vmOff' },
    condition: { forMs: MINUTE_MS },
    isOff: true
  },
  processCpu: {
    id: 'eabc0464-18b4-4be9-887b-790e580077a9',
    watch: { kind: 'process', measure: 'cpuUsedRatio', pattern: '' },
    condition: { ...busy(1), recoverAt: 0.6, recoverForMs: MINUTE_MS }
  },
  processMemory: {
    id: '6066404c-625a-451f-bab4-96bc719da28e',
    watch: { kind: 'process', measure: 'memoryUsedRatio', pattern: '' },
    condition: { ...busy(1), recoverForMs: MINUTE_MS }
  },
  cpu: {
    id: '0eecee02-07da-4e6e-a6ec-6b6481ef241d',
    watch: metric('server', 'cpuUsedRatio'),
    condition: { ...busy(5), forecastWithinMs: HOUR_MS, noDataForMs: 5 * MINUTE_MS }
  },
  memory: {
    id: '6b4b2157-dae2-4b97-aa8e-f01ed166bc30',
    watch: metric('server', 'memoryUsedRatio'),
    condition: { ...busy(2), forecastWithinMs: HOUR_MS }
  },
  disk: {
    id: 'a2c3c6d1-fd15-49d1-9ec8-e7c1e8156e34',
    watch: metric('mount', 'usedRatio'),
    condition: filling
  },
  inodes: {
    id: '168f8faf-a109-4e07-9aeb-d388034e3ecd',
    watch: metric('mount', 'inodesUsedRatio'),
    condition: filling
  },
  smartHealth: {
    id: '285c0b0d-cef7-4775-a268-ad282cbab3a2',
    watch: metric('disk', 'healthy'),
    condition: { direction: 'below', threshold: 1, recoverAt: 1 }
  },
  temperature: {
    id: '8c12aae0-4e62-498c-9ae4-6219c93bb146',
    watch: metric('server', 'temperatureMaxCelsius'),
    condition: { ...busy(5), threshold: 90, recoverAt: 85 },
    level: 'AMBER'
  },
  gpuTemperature: {
    id: '57b71f3e-4de4-49f1-9dd8-d74121826e18',
    watch: metric('gpu', 'temperatureCelsius'),
    condition: { ...busy(2), threshold: 85, recoverAt: 80 }
  },
  unitFailed: {
    id: '045c7f6e-1fdf-40f3-b344-82093d4cff24',
    watch: metric('server', 'unitsFailed'),
    condition: {},
    level: 'AMBER'
  },
  portClosed: {
    id: '5164a7f2-bc6a-40a1-8435-c236e1769842',
    watch: metric('port', 'open'),
    condition: { direction: 'below', threshold: 1, recoverAt: 1 },
    isOff: true
  },
  vmCpu: {
    id: 'b9cbec2e-f08d-40c5-9465-97cad3ea251f',
    watch: metric('vm', 'cpuUsedRatio'),
    condition: busy(5)
  },
  vmMemory: {
    id: '3e0005d9-9ac4-4db3-81b0-26dde51a1337',
    watch: metric('vm', 'memoryUsedRatio'),
    condition: busy(5)
  }
} as const satisfies Record<string, Preset>

/** Key of its words in the locale: `alerts.presets.<preset>`. */
export type PresetName = keyof typeof PRESETS

export const PRESET_NAMES = Object.keys(PRESETS) as PresetName[]

/** One of the console's own rules as it comes. */
export function presetRule(name: PresetName, changedAtMs: number): AlertRule {
  const { id, watch, condition, level, isOff }: Preset = PRESETS[name]
  return {
    id: id as RuleId,
    preset: name,
    name: null,
    enabled: isOff !== true,
    watch,
    level: level ?? 'RED',
    scopes: [{ kind: 'fleet' }],
    condition: { ...BASE, ...condition },
    overrides: [],
    telling: { channels: 'all', againEveryMs: null, recovery: true },
    changedAtMs
  }
}

/** All of them. */
export const presetRules = (changedAtMs: number): AlertRule[] =>
  PRESET_NAMES.map((name) => presetRule(name, changedAtMs))

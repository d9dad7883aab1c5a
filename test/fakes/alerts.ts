/** Rules and alerts that tests start from. */
import { randomUUID } from 'node:crypto'
import { AlertRule } from '#contract/alert-rules.ts'
import { Alert } from '#contract/alerts.ts'
import type { ServerId } from '#contract/ids.ts'
import type { KeptAlert } from '../../src-main/application/alerts/alert-store.ts'

/** CPU of servers above 80 % for a minute; `condition` says what is different. */
export function ruleOf(
  changes: Partial<Omit<AlertRule, 'condition'>> & { condition?: Partial<AlertRule['condition']> } = {}
): AlertRule {
  const { condition, ...others } = changes
  return AlertRule.parse({
    id: randomUUID(),
    preset: null,
    changedAtMs: 0,
    name: 'CPU',
    watch: { kind: 'metric', entityKind: 'server', metric: 'cpuUsedRatio' },
    scopes: [{ kind: 'fleet' }],
    condition: {
      direction: 'above',
      threshold: 0.8,
      recoverAt: 0.75,
      forMs: 60_000,
      recoverForMs: 60_000,
      minSamples: 3,
      forecastWithinMs: null,
      noDataForMs: null,
      ...condition
    },
    telling: { channels: 'all', againEveryMs: null, recovery: true },
    ...others
  })
}

export function alertOf(changes: Partial<Alert> & { serverId: ServerId }): Alert {
  return Alert.parse({
    id: randomUUID(),
    ruleId: randomUUID(),
    ruleName: 'CPU',
    preset: null,
    watch: { kind: 'metric', entityKind: 'server', metric: 'cpuUsedRatio' },
    level: 'RED',
    cause: 'threshold',
    vmUuid: null,
    entity: null,
    label: '',
    serverName: 'alpha',
    vmName: null,
    process: null,
    direction: 'above',
    threshold: 0.8,
    value: 0.9,
    worst: 0.9,
    forMs: 60_000,
    forecast: null,
    failureCode: null,
    raisedAtMs: 0,
    redAtMs: 0,
    recoveredAtMs: null,
    ended: null,
    acknowledged: null,
    quiet: null,
    ...changes
  })
}

export function keptOf(alert: Alert, changes: Partial<KeptAlert> = {}): KeptAlert {
  return {
    alert,
    telling: { channels: 'all', againEveryMs: null, recovery: true },
    told: { level: null, atMs: null, ended: false },
    key: `${alert.ruleId}/${alert.serverId}`,
    state: null,
    ...changes
  }
}

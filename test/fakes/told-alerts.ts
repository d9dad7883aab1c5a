/** Alerts as tests need them. */
import { Alert } from '#contract/alerts.ts'
import type { RuleTelling } from '#contract/alert-rules.ts'
import type { AlertNews } from '../../src-main/application/alerts/alert-teller.ts'

const id = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

/** CPU of a server beyond 80 %; `number` tells it from others. */
export function alertOf(number: number, more: Partial<Alert> = {}): Alert {
  return Alert.parse({
    id: id(number),
    ruleId: id(900_001),
    ruleName: null,
    preset: 'cpu',
    watch: { kind: 'metric', entityKind: 'server', metric: 'cpuUsedRatio', pattern: '' },
    level: 'RED',
    cause: 'threshold',
    serverId: id(800_000 + number),
    vmUuid: null,
    entity: { serverId: id(800_000 + number), kind: 'server', key: '' },
    label: '',
    serverName: `web-${String(number)}`,
    vmName: null,
    process: null,
    direction: 'above',
    threshold: 0.8,
    value: 0.93,
    worst: 0.97,
    forMs: 300_000,
    forecast: null,
    failureCode: null,
    raisedAtMs: 1_700_000_000_000,
    redAtMs: 1_700_000_000_000,
    recoveredAtMs: null,
    ended: null,
    acknowledged: null,
    quiet: null,
    ...more
  })
}

export const overOf = (alert: Alert, recoveredAtMs = alert.raisedAtMs + 600_000): Alert => ({
  ...alert,
  recoveredAtMs,
  ended: 'recovered'
})

export const TO_ALL: RuleTelling = { channels: 'all', againEveryMs: null, recovery: true }

export function newsOf(kind: string, alert: Alert, telling: RuleTelling = TO_ALL): AlertNews {
  return { newsId: `${alert.id}/${kind}/${alert.level}`, alert, telling, atMs: alert.raisedAtMs }
}

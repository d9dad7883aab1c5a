/** Alerts of the engine in memory: those of every kind, their rules, quiet times and channels. */
import {
  MaintenanceDraft,
  type Alert,
  type AlertsNow,
  type Maintenance,
  type MaintenanceView,
  type Silence
} from '#contract/alerts.ts'
import type { AlertRule, Backtest } from '#contract/alert-rules.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { AlertId, MaintenanceId, RuleId, SilenceId } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import { createTopic } from '../../src-main/application/streams.ts'
import { alertsOf, fakeId, manyAlerts, pastAlerts } from './engine-alert-list.ts'
import { fakeRules } from './engine-alert-rules.ts'
import type { FakeServer } from './engine-model.ts'

/** none: all is well; some: one of each kind; N: that many. */
export type FakeAlertFleet = 'none' | 'some' | number

type AlertHandlers = Pick<
  Handlers<VirthelmContract>,
  Extract<keyof VirthelmContract, `alerts.${string}` | `alertRules.${string}`>
>
type Seen = (name: string, input: unknown) => void

export interface FakeAlerts {
  readonly handlers: AlertHandlers
  /** Shows other alerts from now on. */
  set(alerts: readonly Alert[], ownNetworkLost?: AlertsNow['ownNetworkLost']): void
  readonly alerts: () => readonly Alert[]
}

const RANK = (alert: Alert): number => (alert.quiet === null ? 0 : 2) + (alert.level === 'RED' ? 0 : 1)

function nowOf(alerts: readonly Alert[], ownNetworkLost: AlertsNow['ownNetworkLost']): AlertsNow {
  const loud = alerts.filter((alert) => alert.quiet === null)
  return {
    atMs: Date.now(),
    alerts: [...alerts].sort((a, b) => RANK(a) - RANK(b) || b.raisedAtMs - a.raisedAtMs),
    leftOut: 0,
    counts: {
      red: loud.filter(({ level }) => level === 'RED').length,
      amber: loud.filter(({ level }) => level === 'AMBER').length
    },
    ownNetworkLost
  }
}

const maintenanceView = (maintenance: Maintenance): MaintenanceView => ({
  maintenance,
  openUntilAtMs: null,
  nextAtMs: maintenance.enabled ? Date.now() + 15 * 3_600_000 : null
})

const HOUR = 3_600_000

/** A wave with two peaks a day over the threshold, and a raise at each peak. */
export function fakeBacktest(
  draft: { condition: { threshold: number; forecastWithinMs: number | null } },
  entity: Alert['entity'],
  fromAtMs: number,
  toAtMs: number
): Backtest {
  const points = 300
  const step = (toAtMs - fromAtMs) / points
  const { threshold, forecastWithinMs } = draft.condition
  const atMs = Array.from({ length: points }, (_unused, index) => Math.round(fromAtMs + index * step))
  const values = atMs.map(
    (_at, index) =>
      threshold * (0.82 + 0.24 * Math.sin((index / points) * 4 * Math.PI) ** 2 + 0.02 * Math.sin(index))
  )
  const at = (share: number): number => Math.round(fromAtMs + share * (toAtMs - fromAtMs))
  const subject = entity ?? { serverId: fakeId(1) as never, kind: 'server' as const, key: '' }
  const cause = forecastWithinMs === null ? ('threshold' as const) : ('forecast' as const)
  return {
    fromAtMs,
    toAtMs,
    entities: 9,
    withValues: 8,
    raises: [0.1, 0.35, 0.6, 0.85].map((share, index) => ({
      entity: subject,
      label: '',
      level: cause === 'forecast' ? 'AMBER' : 'RED',
      cause,
      raisedAtMs: at(share),
      redAtMs: cause === 'threshold' ? at(share) : index < 3 ? at(share + 0.03) : null,
      recoveredAtMs: at(share + 0.06)
    })),
    leftOut: 0,
    forecastsRight: cause === 'forecast' ? 3 : 0,
    forecastsWrong: cause === 'forecast' ? 1 : 0,
    medianLeadMs: cause === 'forecast' ? 2 * HOUR + 10 * 60_000 : null,
    shown: { entity: subject, label: '', atMs, values }
  }
}

/** @param seen told of each write, as the engine was asked for it */
export function fakeAlerts(
  servers: readonly FakeServer[],
  fleet: FakeAlertFleet = 'none',
  seen: Seen = () => undefined
): FakeAlerts {
  const startedAtMs = Date.now()
  let alerts: Alert[] =
    fleet === 'none'
      ? []
      : fleet === 'some'
        ? alertsOf(servers, startedAtMs)
        : manyAlerts(servers, fleet, startedAtMs)
  let lost: AlertsNow['ownNetworkLost'] = null
  const past = fleet === 'none' ? [] : pastAlerts(servers, startedAtMs)
  const topic = createTopic<AlertsNow>(nowOf(alerts, lost))
  const tell = (): void => topic.publish(nowOf(alerts, lost))

  let silences: Silence[] = []
  let maintenances: Maintenance[] =
    fleet === 'none'
      ? []
      : [
          {
            id: fakeId(900) as MaintenanceId,
            ...MaintenanceDraft.parse({
              name: '夜间维护 nightly backup of the storage nodes',
              scopes: [{ kind: 'tag', tag: 'nfs' }],
              zone: 'Europe/Berlin',
              fromDay: '2026-01-05',
              at: '02:30',
              durationMs: 90 * 60_000,
              repeat: { kind: 'weekly', weekdays: [0, 2, 4] }
            })
          }
        ]
  const quietNow = () => ({ silences, maintenances: maintenances.map(maintenanceView) })
  const quiet = createTopic(quietNow())
  const tellQuiet = (): void => quiet.publish(quietNow())

  let rules: AlertRule[] = fakeRules(servers, startedAtMs)
  const ruleTopic = createTopic({ rules })
  const tellRules = (): void => ruleTopic.publish({ rules })

  const change = (alertId: AlertId, by: (alert: Alert) => Alert): null => {
    if (!alerts.some(({ id }) => id === alertId))
      throw new AppError('notFound', { params: { what: 'alert' } })
    alerts = alerts.map((alert) => (alert.id === alertId ? by(alert) : alert))
    tell()
    return null
  }
  let made = 1_000
  const nextId = (): string => fakeId((made += 1))

  const handlers: AlertHandlers = {
    'alerts.watch': (_input, { signal }) => topic.latest(signal),
    'alerts.history': async (query) => ({
      alerts: [...alerts, ...past]
        .filter(
          (alert) =>
            alert.raisedAtMs < query.toAtMs &&
            (alert.recoveredAtMs ?? Infinity) >= query.fromAtMs &&
            (query.serverId === undefined || alert.serverId === query.serverId) &&
            (query.vmUuid === undefined || alert.vmUuid === query.vmUuid) &&
            (query.ruleId === undefined || alert.ruleId === query.ruleId) &&
            (query.level === undefined || alert.level === query.level) &&
            (query.before === undefined || alert.raisedAtMs < query.before.raisedAtMs)
        )
        .sort((a, b) => b.raisedAtMs - a.raisedAtMs)
        .slice(0, query.limit)
    }),
    'alerts.acknowledge': async (input) => {
      seen('alerts.acknowledge', input)
      return change(input.alertId, (alert) => ({
        ...alert,
        acknowledged: { atMs: Date.now(), note: input.note }
      }))
    },
    'alerts.takeBackAcknowledge': async (input) => {
      seen('alerts.takeBackAcknowledge', input)
      return change(input.alertId, (alert) => ({ ...alert, acknowledged: null }))
    },
    'alerts.watchQuiet': (_input, { signal }) => quiet.latest(signal),
    'alerts.silence': async (input) => {
      seen('alerts.silence', input)
      const silenceId = nextId() as SilenceId
      silences = [{ id: silenceId, madeAtMs: Date.now(), ...input }, ...silences]
      alerts = alerts.map((alert) => {
        const { scope } = input
        const meant =
          (scope.kind === 'server' && scope.serverId === alert.serverId) ||
          (scope.kind === 'vm' && scope.vmUuid === alert.vmUuid)
        return meant && (input.ruleId === null || input.ruleId === alert.ruleId)
          ? { ...alert, quiet: { reason: 'silence', untilAtMs: input.untilAtMs } }
          : alert
      })
      tell()
      tellQuiet()
      return { silenceId }
    },
    'alerts.liftSilence': async (input) => {
      seen('alerts.liftSilence', input)
      silences = silences.filter(({ id }) => id !== input.silenceId)
      alerts = alerts.map((alert) => (alert.quiet?.reason === 'silence' ? { ...alert, quiet: null } : alert))
      tell()
      tellQuiet()
      return null
    },
    'alerts.saveMaintenance': async (input) => {
      seen('alerts.saveMaintenance', input)
      const maintenanceId = input.maintenanceId ?? (nextId() as MaintenanceId)
      maintenances = [
        ...maintenances.filter(({ id }) => id !== maintenanceId),
        { id: maintenanceId, ...input.draft }
      ]
      tellQuiet()
      return { maintenanceId }
    },
    'alerts.removeMaintenance': async (input) => {
      seen('alerts.removeMaintenance', input)
      maintenances = maintenances.filter(({ id }) => id !== input.maintenanceId)
      tellQuiet()
      return null
    },
    'alertRules.watch': (_input, { signal }) => ruleTopic.latest(signal),
    'alertRules.save': async (input) => {
      seen('alertRules.save', input)
      const ruleId = input.ruleId ?? (nextId() as RuleId)
      const before = rules.find(({ id }) => id === ruleId)
      const saved: AlertRule = {
        ...input.draft,
        id: ruleId,
        preset: before?.preset ?? null,
        changedAtMs: Date.now()
      }
      rules =
        before === undefined ? [...rules, saved] : rules.map((rule) => (rule.id === ruleId ? saved : rule))
      tellRules()
      return { ruleId }
    },
    'alertRules.remove': async (input) => {
      seen('alertRules.remove', input)
      rules = rules.filter(({ id }) => id !== input.ruleId)
      tellRules()
      return null
    },
    'alertRules.restorePresets': async (input) => {
      seen('alertRules.restorePresets', input)
      const fresh = fakeRules(servers, Date.now()).filter(({ preset }) => preset !== null)
      const restored = fresh.filter(({ id }) => input.ruleId === null || id === input.ruleId)
      rules = [...restored, ...rules.filter(({ id }) => !restored.some((rule) => rule.id === id))]
      tellRules()
      return null
    },
    async *'alertRules.backtest'({ draft, fromAtMs, toAtMs }) {
      seen('alertRules.backtest', { draft, fromAtMs, toAtMs })
      yield { kind: 'progress', done: 4, total: 9 }
      yield {
        kind: 'done',
        answer:
          draft.watch.kind === 'metric' || draft.watch.kind === 'process'
            ? {
                kind: 'tested',
                backtest: fakeBacktest(
                  draft,
                  alerts.find(({ entity }) => entity !== null)?.entity ?? null,
                  fromAtMs,
                  toAtMs
                )
              }
            : { kind: 'notKept', watch: draft.watch }
      }
    }
  }
  return {
    handlers,
    alerts: () => alerts,
    set(next, ownNetworkLost = null) {
      alerts = [...next]
      lost = ownNetworkLost
      tell()
    }
  }
}

/** Made-up alerts of the engine in memory: one of each kind, and many. */
import type { Alert } from '#contract/alerts.ts'
import type { HistoryAnswer } from '#contract/history.ts'
import type { AlertId, VmUuid } from '#contract/ids.ts'
import { fakeRules } from './engine-alert-rules.ts'
import { fakeId } from './fake-id.ts'
import type { FakeServer } from './engine-model.ts'

export { fakeId }

const MINUTE = 60_000
const HOUR = 60 * MINUTE

type Change = Partial<Alert> & Pick<Alert, 'preset' | 'watch'>

function alertOf(server: FakeServer, index: number, nowMs: number, change: Change): Alert {
  return {
    id: fakeId(100 + index) as AlertId,
    ruleId: (fakeRules([server], nowMs).find(({ preset }) => preset === change.preset)?.id ??
      fakeId(50)) as Alert['ruleId'],
    ruleName: null,
    level: 'RED',
    cause: 'threshold',
    serverId: server.view.record.id,
    vmUuid: null,
    entity: { serverId: server.view.record.id, kind: 'server', key: '' },
    label: '',
    serverName: server.view.record.name,
    vmName: null,
    process: null,
    direction: 'above',
    threshold: 0.8,
    value: 0.94,
    worst: 0.97,
    forMs: MINUTE,
    forecast: null,
    failureCode: null,
    raisedAtMs: nowMs - (index + 1) * 6 * MINUTE,
    redAtMs: nowMs - (index + 1) * 6 * MINUTE,
    recoveredAtMs: null,
    ended: null,
    acknowledged: null,
    quiet: null,
    ...change
  }
}

const metric = (entityKind: 'server' | 'mount' | 'vm' | 'gpu', name: string): Alert['watch'] => ({
  kind: 'metric',
  entityKind,
  metric: name,
  pattern: ''
})

/** One of each kind there is. */
export function alertsOf(servers: readonly FakeServer[], nowMs: number): Alert[] {
  const named = (part: string): FakeServer => {
    const found = servers.find(({ view }) => view.record.name.includes(part)) ?? servers[0]
    if (found === undefined) throw new Error('no servers to have alerts')
    return found
  }
  const web = named('web-front')
  const bravo = named('bravo')
  const store = named('存储')
  const off = named('build-host')
  const nas = named('nas')
  const vm = bravo.machines.find(({ name }) => name === 'web-03') ?? bravo.machines[0]
  return [
    alertOf(web, 0, nowMs, {
      preset: 'processCpu',
      watch: { kind: 'process', measure: 'cpuUsedRatio', pattern: '' },
      entity: null,
      process: { pid: 48_213, startTicks: 1, name: 'ffmpeg\u202e<b>', user: 'media' }
    }),
    alertOf(off, 75, nowMs, {
      preset: 'serverOff',
      watch: { kind: 'serverOff' },
      cause: 'serverOff',
      entity: null,
      threshold: null,
      value: null,
      worst: null,
      failureCode: 'connectTimeout',
      acknowledged: {
        atMs: nowMs - HOUR,
        note: 'night shift knows; 电源 is being replaced by the data centre'
      }
    }),
    alertOf(bravo, 2, nowMs, {
      preset: 'vmNotResponding',
      watch: { kind: 'vmNotResponding' },
      cause: 'vmNotResponding',
      entity: null,
      vmUuid: vm?.ref.vmUuid ?? null,
      vmName: vm?.name ?? null,
      threshold: null,
      value: null,
      worst: null
    }),
    alertOf(bravo, 3, nowMs, {
      preset: 'memory',
      watch: metric('server', 'memoryUsedRatio'),
      level: 'AMBER',
      cause: 'forecast',
      threshold: 0.9,
      value: 0.83,
      worst: null,
      redAtMs: null,
      forMs: 10 * MINUTE,
      forecast: {
        atMs: nowMs + 2 * HOUR,
        earliestAtMs: nowMs + 80 * MINUTE,
        latestAtMs: nowMs + 190 * MINUTE,
        changePerHour: 0.034,
        basis: 'trend'
      }
    }),
    alertOf(store, 4, nowMs, {
      preset: 'disk',
      watch: metric('mount', 'usedRatio'),
      level: 'AMBER',
      cause: 'forecast',
      entity: { serverId: store.view.record.id, kind: 'mount', key: '/data' },
      label: '/data',
      threshold: 0.9,
      value: 0.812,
      worst: null,
      redAtMs: null,
      forecast: {
        atMs: nowMs + 30 * HOUR,
        earliestAtMs: nowMs + 19 * HOUR,
        latestAtMs: null,
        changePerHour: 0.0029,
        basis: 'timeOfDay'
      }
    }),
    alertOf(nas, 5, nowMs, {
      preset: 'cpu',
      watch: metric('server', 'cpuUsedRatio'),
      quiet: { reason: 'maintenance', untilAtMs: nowMs + 40 * MINUTE }
    })
  ]
}

/** N alerts over all servers, RED and AMBER, some with long and foreign names. */
export function manyAlerts(servers: readonly FakeServer[], count: number, nowMs: number): Alert[] {
  const kinds = servers.length === 0 ? [] : alertsOf(servers, nowMs)
  return Array.from({ length: servers.length === 0 ? 0 : count }, (_unused, index) => {
    const kind = kinds[index % kinds.length] as Alert
    const server = servers[index % servers.length] as FakeServer
    return {
      ...kind,
      id: fakeId(2_000 + index) as AlertId,
      serverId: server.view.record.id,
      serverName: server.view.record.name,
      entity: kind.entity === null ? null : { ...kind.entity, serverId: server.view.record.id },
      vmUuid: kind.vmUuid === null ? null : (server.machines[0]?.ref.vmUuid ?? (fakeId(index) as VmUuid)),
      vmName: kind.vmName === null ? null : (server.machines[0]?.name ?? 'gone'),
      raisedAtMs: nowMs - (index + 1) * 3 * MINUTE,
      redAtMs: kind.redAtMs === null ? null : nowMs - (index + 1) * 3 * MINUTE,
      quiet: index % 17 === 0 ? { reason: 'silence', untilAtMs: null } : null
    }
  })
}

/** What was in the last month. */
export function pastAlerts(servers: readonly FakeServer[], nowMs: number): Alert[] {
  if (servers.length === 0) return []
  return manyAlerts(servers, 60, nowMs).map((alert, index) => {
    const raisedAtMs = nowMs - (index + 1) * 11 * HOUR
    return {
      ...alert,
      id: fakeId(5_000 + index) as AlertId,
      raisedAtMs,
      redAtMs: alert.redAtMs === null ? null : raisedAtMs,
      recoveredAtMs: raisedAtMs + (index + 2) * 7 * MINUTE,
      ended: index % 13 === 5 ? 'targetGone' : 'recovered',
      quiet: null,
      acknowledged: index % 4 === 1 ? { atMs: raisedAtMs + MINUTE, note: 'seen, =1+1' } : null
    }
  })
}

/** A history that leads to the alerts that are there: rising as forecast, or beyond the threshold since the raise. */
export function bentToAlerts(answer: HistoryAnswer, alerts: readonly Alert[]): HistoryAnswer {
  const series = answer.series.map((one) => {
    const alert = alerts.find(
      ({ entity, watch }) =>
        watch.kind === 'metric' &&
        watch.metric === one.metric &&
        entity !== null &&
        entity.serverId === one.entity.serverId &&
        entity.kind === one.entity.kind &&
        entity.key === one.entity.key
    )
    const last = answer.atMs.at(-1) ?? 0
    if (alert?.value === null || alert?.value === undefined) return one
    const { value, raisedAtMs, forecast } = alert
    const at = (atMs: number, index: number): number => {
      const noise = value * 0.012 * Math.sin(index * 2.4) * Math.cos(index / 3)
      return forecast !== null
        ? value + noise - (forecast.changePerHour * (last - atMs)) / HOUR
        : (atMs >= raisedAtMs ? value : value * 0.5) + noise
    }
    const mean = one.mean.map((known, index) => (known === null ? null : at(answer.atMs[index] ?? 0, index)))
    const near = (factor: number) => mean.map((known) => (known === null ? null : known * factor))
    return {
      ...one,
      mean,
      min: one.min.length === 0 ? [] : near(0.99),
      max: one.max.length === 0 ? [] : near(1.01)
    }
  })
  return { ...answer, series }
}

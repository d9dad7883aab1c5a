/** Made-up history for any series, the same for the same question; with one gap. */
import type {
  BusyHour,
  BusyQuery,
  EntityRef,
  HistoryMark,
  HistoryAnswer,
  HistoryQuery,
  HistoryUsage,
  LiveTick,
  RowsPage,
  RowsPageQuery,
  SeriesStatistics,
  StatisticsQuery,
  TopEntry,
  TopQuery
} from '#contract/history.ts'
import { metricDefinition, METRICS, type EntityKind } from '#contract/metric-catalogue.ts'
import type { FakeServer } from './engine-model.ts'

const GIB = 1024 ** 3

/** Smooth, repeatable noise around a level fit for the metric's unit. */
function valueAt(kind: EntityKind, metric: string, atMs: number, salt: number): number {
  const unit = metricDefinition(kind, metric)?.unit ?? 'count'
  const code = metricDefinition(kind, metric)?.code ?? 1
  const x = atMs / 60_000
  const wave =
    Math.sin(x / 3 + code + salt) * 0.35 +
    Math.sin(x * 1.7 + code * 2) * 0.15 +
    Math.sin(x * 9.1 + salt) * 0.05
  const level = 1 + wave * 0.6
  switch (unit) {
    case 'ratio':
      if (metric === 'cpuIdleRatio') return 0.6 + wave * 0.1
      return Math.max(0, (/User|Used/.test(metric) ? 0.3 : /System/.test(metric) ? 0.08 : 0.02) * level)
    case 'bytes':
      return /Total|size|Capacity/i.test(metric)
        ? 128 * GIB
        : /Cached/.test(metric)
          ? 40 * GIB
          : Math.round(60 * GIB * (1 + wave * 0.05))
    case 'bytesPerSec':
      return Math.max(0, 2e7 * level)
    case 'perSec':
      return Math.max(0, 300 * level)
    case 'load':
      return Math.max(0, 4 * level)
    case 'count':
      return Math.round(400 * level)
    case 'ms':
      return 4 * level
    case 'sec':
      return Math.round(atMs / 1_000) % 1e7
    case 'celsius':
      return 45 + 20 * wave
    case 'watts':
      return 180 * level
    case 'rpm':
      return Math.round(1_800 * level)
  }
}

/** Another one for each entity of each server. */
const saltOf = ({ serverId, key }: EntityRef): number =>
  (Number.parseInt(serverId.slice(-4), 16) % 97) + key.length

export function readHistory(query: HistoryQuery): HistoryAnswer {
  const span = query.toAtMs - query.fromAtMs
  const points = Math.max(2, Math.min(query.maxPoints, Math.ceil(span / 5_000)))
  const bucketMs = Math.max(5_000, Math.ceil(span / points))
  const level = bucketMs < 60_000 ? 'raw' : bucketMs < 3_600_000 ? 'minute' : 'hour'
  const atMs: number[] = []
  for (let at = Math.ceil(query.fromAtMs / bucketMs) * bucketMs; at <= query.toAtMs; at += bucketMs)
    atMs.push(at)
  // A gap at two thirds of the range, as after a lost link.
  const gapFrom = query.fromAtMs + span * 0.55
  const gapTo = gapFrom + span * 0.07
  const inGap = (at: number): boolean => at >= gapFrom && at < gapTo
  const serverId = query.series[0]?.entity.serverId
  return {
    level,
    bucketMs,
    atMs,
    series: query.series.flatMap(({ entity, metrics }) =>
      metrics.map((metric) => {
        const mean = atMs.map((at) => (inGap(at) ? null : valueAt(entity.kind, metric, at, saltOf(entity))))
        const exact = level === 'raw'
        return {
          entity,
          metric,
          mean,
          min: exact ? [] : mean.map((value) => (value === null ? null : value * 0.9)),
          max: exact ? [] : mean.map((value) => (value === null ? null : value * 1.1))
        }
      })
    ),
    gaps:
      serverId === undefined
        ? []
        : [
            {
              serverId,
              vmUuid: null,
              fromAtMs: Math.round(gapFrom),
              toAtMs: Math.round(gapTo),
              reason: 'linkLost'
            }
          ]
  }
}

/** Entities of a server: itself, two disks, two interfaces, two mounts, its VMs. */
export function entitiesOf(server: FakeServer): { kind: EntityKind; key: string; label: string }[] {
  return [
    { kind: 'server', key: '', label: '' },
    { kind: 'disk', key: 'nvme0n1', label: '' },
    { kind: 'disk', key: 'sda', label: '' },
    { kind: 'interface', key: 'enp5s0', label: '' },
    { kind: 'interface', key: 'enp6s0', label: '' },
    { kind: 'mount', key: '/', label: '/dev/nvme0n1p2' },
    { kind: 'mount', key: '/data', label: '/dev/sda1' },
    ...server.machines.map((machine) => ({
      kind: 'vm' as const,
      key: machine.ref.vmUuid,
      label: machine.name
    }))
  ]
}

export function liveTick(server: FakeServer, atMs: number): LiveTick {
  return {
    serverId: server.view.record.id,
    atMs,
    entities: entitiesOf(server).map(({ kind, key }) => ({
      kind,
      key,
      values: Object.fromEntries(
        Object.keys(METRICS[kind]).map((metric) => [
          metric,
          valueAt(kind, metric, atMs, saltOf({ serverId: server.view.record.id, kind, key }))
        ])
      )
    }))
  }
}

export function statisticsOf(query: StatisticsQuery): SeriesStatistics[] {
  const answer = readHistory({ ...query, maxPoints: 1_000 })
  return answer.series.map(({ entity, metric, mean }) => {
    const values = mean.filter((value) => value !== null).toSorted((a, b) => a - b)
    return {
      entity,
      metric,
      count: values.length,
      mean: values.reduce((sum, value) => sum + value, 0) / values.length,
      median: values[values.length >> 1] ?? null,
      min: values[0] ?? null,
      max: values.at(-1) ?? null,
      p95: values[Math.floor(values.length * 0.95)] ?? null,
      basis: 'samples',
      coverageRatio: values.length / answer.atMs.length
    }
  })
}

export function rowsPage({ series, fromAtMs, beforeAtMs, level, limit }: RowsPageQuery): RowsPage {
  const stepMs = { raw: 5_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 }[level]
  const atMs: number[] = []
  for (let at = Math.floor((beforeAtMs - 1) / stepMs) * stepMs; at >= fromAtMs; at -= stepMs) {
    atMs.push(at)
    if (atMs.length > limit) break
  }
  const more = atMs.length > limit
  const shown = atMs.slice(0, limit)
  return {
    level,
    atMs: shown,
    rows: shown.map((at) =>
      series.flatMap(({ entity, metrics }) =>
        metrics.map((metric) => valueAt(entity.kind, metric, at, saltOf(entity)))
      )
    ),
    nextBeforeAtMs: more ? (shown.at(-1) ?? null) : null
  }
}

export function busyHours({ metric }: BusyQuery): BusyHour[] {
  return Array.from({ length: 168 }, (_unused, cell) => {
    const mean = valueAt('server', metric, cell * 3_600_000, 0)
    return { weekday: Math.floor(cell / 24), hour: cell % 24, mean, max: mean * 1.4, count: 720 }
  })
}

export const usage: HistoryUsage = {
  fileBytes: 412 * 1024 ** 2,
  rawBytes: 280 * 1024 ** 2,
  freeBytes: 3 * 1024 ** 2,
  budgetBytes: null,
  rawSamples: 331_000_000,
  oldestAtMs: {
    // A week and a quarter, whatever day it is: forecasts are made from these.
    raw: Date.now() - 7 * 86_400_000,
    minute: Date.now() - 88 * 86_400_000,
    hour: Date.UTC(2025, 10, 1),
    day: Date.UTC(2025, 10, 1)
  }
}

/** By their made-up mean; as the servers stand in the fleet. */
export function topOf(query: TopQuery, servers: readonly FakeServer[]): TopEntry[] {
  const entries = servers
    .filter((server) => query.serverIds.length === 0 || query.serverIds.includes(server.view.record.id))
    .flatMap((server, place) =>
      entitiesOf(server)
        .filter(({ kind }) => kind === query.kind)
        .map(({ kind, key, label }, index): TopEntry => {
          const mean = valueAt(kind, query.metric, 600_000 * (place + 1) + 90_000 * index, place)
          return {
            entity: { serverId: server.view.record.id, kind, key },
            label,
            mean,
            min: mean * 0.4,
            max: mean * 1.5,
            count: 720
          }
        })
    )
  const direction = query.order === 'highest' ? -1 : 1
  return entries.sort((one, other) => direction * (one[query.by] - other[query.by])).slice(0, query.limit)
}

/** A VM that was stopped and started, a link that was lost, and a burst of starts. */
export function marksOf(servers: readonly FakeServer[], fromAtMs: number, toAtMs: number): HistoryMark[] {
  const at = (share: number): number => Math.round(fromAtMs + (toAtMs - fromAtMs) * share)
  return servers
    .flatMap((server): HistoryMark[] => {
      const { id: serverId } = server.view.record
      const machine = (share: number, index: number, on: boolean): HistoryMark[] => {
        const vm = server.machines[index % Math.max(1, server.machines.length)]
        return vm === undefined
          ? []
          : [
              {
                serverId,
                atMs: at(share),
                event: {
                  kind: 'machineState',
                  vmUuid: vm.ref.vmUuid,
                  name: vm.name,
                  from: on ? 'shutOff' : 'running',
                  to: on ? 'running' : 'shutOff'
                }
              }
            ]
      }
      return [
        ...machine(0.2, 0, false),
        ...machine(0.31, 0, true),
        { serverId, atMs: at(0.55), event: { kind: 'serverOffline', code: 'connectTimeout' } },
        { serverId, atMs: at(0.62), event: { kind: 'serverOnline' } },
        ...[0, 1, 2, 3].flatMap((index) => machine(0.8 + index * 0.003, index, true))
      ]
    })
    .sort((one, other) => one.atMs - other.atMs)
}

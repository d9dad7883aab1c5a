/** Gathers all that a report says: figures of the period and of the one before, lines, alerts, facts. */
import type { Alert } from '#contract/alerts.ts'
import type { FleetFigures } from '#contract/fleet-figures.ts'
import type { ServerId } from '#contract/ids.ts'
import type { MetricId } from '#contract/metric-catalogue.ts'
import type { ReportKind } from '#contract/reports.ts'
import { calendarEdges, spanBefore, type Span } from '../../domain/reports/calendar.ts'
import type { MeansAnswer, StoredServer } from '../storage.ts'
import type { ReportSources } from './report-sources.ts'

export const TREND_METRICS = [
  'cpuUsedRatio',
  'memoryUsedRatio',
  'memoryUsedBytes',
  'diskUsedRatio',
  'netRxBytesPerSec',
  'netTxBytesPerSec',
  'gpuMemoryFreeBytes',
  'powerWatts'
] as const satisfies readonly MetricId<'server'>[]
export type TrendMetric = (typeof TREND_METRICS)[number]
export type Trend = Readonly<Record<TrendMetric, readonly (number | null)[]>>

export interface Trends {
  /** One more than values. */
  readonly edgesAtMs: readonly number[]
  readonly step: 'fiveMinutes' | 'hour' | 'day'
  readonly byServer: ReadonlyMap<ServerId, Trend>
}

export interface ReportRequest {
  readonly kind: ReportKind
  readonly span: Span
  readonly zone: 'local' | 'utc'
  /** Empty = all. */
  readonly serverIds: readonly ServerId[]
  /** Whether the period has ended. */
  readonly complete: boolean
}

export interface ReportData extends ReportRequest {
  readonly figures: FleetFigures
  readonly spanBefore: Span
  /** null = nothing was measured then. */
  readonly before: FleetFigures | null
  readonly trends: Trends
  /** Of these servers, the newest raise first. */
  readonly alerts: readonly Alert[]
  readonly servers: ReadonlyMap<ServerId, StoredServer>
  /** Mean share of the period in which the servers were measured; null = there are no servers. */
  readonly coverageRatio: number | null
}

const FIVE_MINUTES_MS = 300_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/** Throws cancelled. `onDone` is told the share that is done. */
export async function gatherReport(
  sources: ReportSources,
  request: ReportRequest,
  signal: AbortSignal,
  onDone: (ratio: number) => void = () => undefined
): Promise<ReportData> {
  const { span, zone, kind } = request
  const stored = await sources.servers.list()
  const servers = new Map(stored.map((server) => [server.record.id, server]))
  const wanted = request.serverIds.length === 0 ? [...servers.keys()] : [...request.serverIds]
  const serverIds = wanted.filter((serverId) => servers.has(serverId))
  const figuresOf = ({ fromAtMs, toAtMs }: Span): Promise<FleetFigures> =>
    serverIds.length === 0
      ? Promise.resolve(noFigures(fromAtMs, toAtMs))
      : sources.figures({ serverIds, fromAtMs, toAtMs, zone }, signal)
  const figures = await figuresOf(span)
  onDone(0.4)
  const earlier = spanBefore(kind, span, zone)
  const before = earlier.toAtMs > earlier.fromAtMs ? await figuresOf(earlier) : null
  onDone(0.7)
  const trends = await readTrends(sources, serverIds, request, signal)
  onDone(0.95)
  const alerts = await sources.alerts.read(span, signal)
  const chosen = new Set(serverIds)
  return {
    ...request,
    figures,
    spanBefore: earlier,
    before: before !== null && (coverageOf(before) ?? 0) > 0 ? before : null,
    trends,
    alerts: alerts.filter(({ serverId }) => chosen.has(serverId)),
    servers,
    coverageRatio: coverageOf(figures)
  }
}

const noFigures = (fromAtMs: number, toAtMs: number): FleetFigures => ({
  fromAtMs,
  toAtMs,
  level: 'hour',
  servers: [],
  busiest: null,
  idlest: null,
  busyHours: [],
  busiestHourOfDay: null
})

function coverageOf({ servers }: FleetFigures): number | null {
  if (servers.length === 0) return null
  return servers.reduce((sum, { coverageRatio }) => sum + coverageRatio, 0) / servers.length
}

/** From the fitting step on; coarser where the history has no finer values any more. */
function stepsOf({ fromAtMs, toAtMs }: Span): Trends['step'][] {
  const lengthMs = toAtMs - fromAtMs
  if (lengthMs <= 1.1 * DAY_MS) return ['fiveMinutes', 'hour', 'day']
  return lengthMs <= 9 * DAY_MS ? ['hour', 'day'] : ['day']
}

const ANSWERED_BY = {
  fiveMinutes: ['minute'],
  hour: ['minute', 'hour'],
  day: ['minute', 'hour', 'day']
} as const

async function readTrends(
  { history }: ReportSources,
  serverIds: readonly ServerId[],
  { span, zone }: ReportRequest,
  signal: AbortSignal
): Promise<Trends> {
  const series = serverIds.map((serverId) => ({
    entity: { serverId, kind: 'server' as const, key: '' },
    metrics: [...TREND_METRICS]
  }))
  for (const step of stepsOf(span)) {
    const stepMs = { fiveMinutes: FIVE_MINUTES_MS, hour: HOUR_MS, day: 'day' as const }[step]
    const edgesAtMs = calendarEdges(span, stepMs, zone)
    const answer = await history.means({ series, edgesAtMs }, signal)
    const isFine = ANSWERED_BY[step].some((level) => level === answer.level)
    if (isFine || step === 'day') return { edgesAtMs, step, byServer: trendsOf(serverIds, answer) }
  }
  throw new Error('a step of days is always fine')
}

function trendsOf(serverIds: readonly ServerId[], { means }: MeansAnswer): Map<ServerId, Trend> {
  const width = TREND_METRICS.length
  return new Map(
    serverIds.map((serverId, place) => {
      const columns = TREND_METRICS.map((metric, index) => {
        const values = means[place * width + index] ?? new Float64Array(0)
        return [metric, Array.from(values, (value) => (Number.isNaN(value) ? null : value))]
      })
      return [serverId, Object.fromEntries(columns) as Trend]
    })
  )
}

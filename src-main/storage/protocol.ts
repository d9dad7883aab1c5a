/** What the main thread and the storage worker say to each other. Plain structured clones; ids pair answers with calls. */
import type { CounterReading } from '../domain/traffic/count-up.ts'
import type { DayZone } from '../domain/traffic/days.ts'
import type { JournalEntry } from '#contract/activity.ts'
import type { Alert, AlertHistoryQuery } from '#contract/alerts.ts'
import type { ConsoleHealth } from '#contract/console.ts'
import type { ErrorInfo } from '#contract/errors.ts'
import type {
  BusyHour,
  BusyQuery,
  EntityInfo,
  EntityRef,
  HistoryMark,
  HistoryQuery,
  HistoryUsage,
  RowsPage,
  RowsPageQuery,
  SeriesStatistics,
  StatisticsQuery,
  TopEntry,
  TopQuery
} from '#contract/history.ts'
import type { ReportId, ServerId, VmUuid } from '#contract/ids.ts'
import type { PastTable } from '#contract/processes.ts'
import type { Report as MadeReport } from '#contract/reports.ts'
import type { HostKey, ServerFacts, ServerRecord } from '#contract/servers.ts'
import type { Settings } from '#contract/settings.ts'
import type { TrafficAnswer, TrafficQuery } from '#contract/traffic.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { AlertChange, AlertsKept } from '../application/alerts/alert-store.ts'
import type {
  ConfigurationChange,
  StoredConfiguration
} from '../application/configuration-file/configuration-store.ts'
import type { PackedAnswer } from './packed-answer.ts'
import type { TickBatch } from './tick-outbox.ts'
import type { StoredReport } from '../application/reports/report-store.ts'
import type {
  DayTotal,
  DayTotalsQuery,
  FiguresAnswer,
  FiguresQuery,
  HistoryStore,
  JournalStore,
  MeansAnswer,
  MeansQuery,
  ProcessMoment,
  ProcessSeries,
  ProcessSnapshot,
  RowBatch,
  RowsQuery,
  SeriesShare,
  SharesQuery,
  StoredLog,
  StoredServer,
  TrafficCommit
} from '../application/storage.ts'

/** Given to the worker when it starts. */
export interface WorkerOptions {
  readonly dataFolder: string
  /** What the injected clock was ahead of the machine's clock when storage was opened. */
  readonly clockOffsetMs: number
  /** Beside a console that has the folder open: nothing is locked, made or written. */
  readonly readOnly?: boolean
}

/** A tick with its values already packed, so that bytes cross the port and not hundreds of objects (tick-outbox.ts). */
export interface PackedTick {
  readonly serverId: ServerId
  readonly atMs: number
  /** `entityName(kind, key)` of each entity, in the order of the bodies; null = as in this server's tick before. */
  readonly names: readonly string[] | null
  /** Bodies (codec.ts), one after another, and how many bytes each has. */
  readonly bodies: Uint8Array<ArrayBuffer>
  readonly lengths: Uint32Array<ArrayBuffer>
  readonly labels: readonly {
    readonly kind: EntityRef['kind']
    readonly key: string
    readonly label: string
  }[]
}

/** Every call of the worker: arguments in, value out. */
export interface WorkerApi {
  'servers.list': () => readonly StoredServer[]
  'servers.insert': (record: ServerRecord) => void
  'servers.update': (records: readonly ServerRecord[]) => void
  'servers.remove': (serverIds: readonly ServerId[], deleteHistory: boolean) => void
  'servers.saveFacts': (serverId: ServerId, facts: ServerFacts, atMs: number) => void
  'servers.saveLastGoodAddress': (serverId: ServerId, address: string) => void
  'pins.list': (host: string, port: number) => readonly HostKey[]
  'pins.pin': (key: HostKey, replace: boolean) => void
  'blobs.get': (name: string) => Uint8Array | null
  'blobs.set': (name: string, value: Uint8Array | null) => void
  'configuration.read': (names: readonly string[]) => StoredConfiguration
  'configuration.apply': (change: ConfigurationChange) => void
  'settings.read': () => Settings
  'settings.write': (settings: Settings) => void
  'journal.begin': (entry: Parameters<JournalStore['begin']>[0]) => JournalEntry
  'journal.end': (id: number, result: Parameters<JournalStore['end']>[1]) => JournalEntry
  'journal.list': (query: Parameters<JournalStore['list']>[0]) => readonly JournalEntry[]
  'alerts.load': () => AlertsKept
  'alerts.commit': (change: AlertChange) => void
  'alerts.history': (query: AlertHistoryQuery) => readonly Alert[]
  'alerts.prune': (endedBeforeMs: number, most: number) => void
  'reports.list': () => readonly StoredReport[]
  'reports.insert': (report: MadeReport, scheduleKey: string | null) => void
  'reports.update': (report: MadeReport) => void
  'reports.remove': (reportId: ReportId) => void
  'history.flush': () => void
  'history.beginGap': (serverId: ServerId, fromAtMs: number, reason: GapReason, vmUuid: VmUuid | null) => void
  'history.endGap': (serverId: ServerId, toAtMs: number, vmUuid: VmUuid | null) => void
  'history.addMark': (mark: HistoryMark) => void
  'history.marks': (query: Parameters<HistoryStore['marks']>[0]) => HistoryMark[]
  'history.addDayTotals': (totals: readonly DayTotal[]) => void
  'history.countUp': (serverId: ServerId, reading: CounterReading, zone: DayZone) => void
  'history.dayTotals': (query: DayTotalsQuery) => DayTotal[]
  'history.trafficLog': (serverId: ServerId, path: string) => StoredLog | null
  'history.addTraffic': (commit: TrafficCommit) => number
  'history.trafficTotals': (query: TrafficQuery) => TrafficAnswer
  'history.read': (query: HistoryQuery) => PackedAnswer
  'history.statistics': (query: StatisticsQuery) => SeriesStatistics[]
  'history.rowsPage': (query: RowsPageQuery) => RowsPage
  'history.top': (query: TopQuery) => TopEntry[]
  'history.busyHours': (query: BusyQuery) => BusyHour[]
  'history.means': (query: MeansQuery) => MeansAnswer
  'history.figures': (query: FiguresQuery) => FiguresAnswer
  'history.shares': (query: SharesQuery) => SeriesShare[]
  'history.usage': () => HistoryUsage
  'history.entities': (serverId: ServerId) => readonly EntityInfo[]
  /** The number of a cursor for `rowsNext`. */
  'history.rowsOpen': (query: RowsQuery) => number
  /** null = no more rows. */
  'history.rowsNext': (cursor: number) => RowBatch | null
  'history.rowsClose': (cursor: number) => void
  'processes.append': (snapshot: ProcessSnapshot) => void
  'processes.at': (serverId: ServerId, atMs: number) => PastTable
  'processes.series': (query: ProcessSeries) => ProcessMoment[]
  'history.applyRetention': (retention: Settings['retention'], nowMs: number) => void
  health: () => ConsoleHealth
  close: () => void
}

export type Method = keyof WorkerApi

/** How the worker implements the calls: a value or a promise of it; long ones watch the signal. */
export type WorkerHandlers = TickTaker & {
  readonly [M in Method]: (
    args: Parameters<WorkerApi[M]>,
    signal: AbortSignal
  ) => ReturnType<WorkerApi[M]> | Promise<ReturnType<WorkerApi[M]>>
}

/** Ticks have a way of their own; resolves when the tick is committed. */
export interface TickTaker {
  readonly append: (tick: PackedTick) => Promise<void>
}

/** In the order in which they were asked for. */
export type ToWorker = readonly PostedMessage[]

export type PostedMessage =
  | TickBatch
  | { readonly kind: 'call'; readonly id: number; readonly method: Method; readonly args: readonly unknown[] }
  | { readonly kind: 'cancel'; readonly id: number }

export type LogLevel = 'info' | 'warn' | 'error'

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failedToOpen'; readonly error: ErrorInfo; readonly cause: string }
  | { readonly kind: 'done'; readonly id: number; readonly value: unknown }
  /** Calls that answer nothing, many at once: a batch of ticks is one message. */
  | { readonly kind: 'doneAll'; readonly ids: readonly number[] }
  | { readonly kind: 'fail'; readonly id: number; readonly error: ErrorInfo; readonly cause: string }
  | {
      readonly kind: 'log'
      readonly level: LogLevel
      readonly event: string
      readonly fields: Record<string, unknown>
      readonly cause: string
    }

/** Reports from inside the worker; the main thread writes them to the log. */
export type Report = (
  level: LogLevel,
  event: string,
  fields?: Record<string, unknown>,
  cause?: unknown
) => void

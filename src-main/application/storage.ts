/**
 * What the application needs kept. Implemented by `storage/client.ts` over one worker thread that owns SQLite.
 * Every promise resolves after the commit; all reject with AppError (diskFull, databaseDamaged, …).
 */
import type { JournalEntry } from '#contract/activity.ts'
import type { ConsoleHealth } from '#contract/console.ts'
import type { Figures } from '#contract/fleet-figures.ts'
import type {
  BusyHour,
  BusyQuery,
  EntityInfo,
  EntityRef,
  HistoryAnswer,
  HistoryLevel,
  HistoryMark,
  HistoryQuery,
  HistoryUsage,
  RowsPage,
  RowsPageQuery,
  SeriesRef,
  SeriesStatistics,
  StatisticsQuery,
  TopEntry,
  TopQuery
} from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { PastProcess, PastTable, ProcessRef } from '#contract/processes.ts'
import type { HostKey, ServerFacts, ServerNow, ServerRecord } from '#contract/servers.ts'
import type { Settings } from '#contract/settings.ts'
import type { TrafficAnswer, TrafficQuery } from '#contract/traffic.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { AlertStore } from './alerts/alert-store.ts'
import type { ConfigurationStore } from './configuration-file/configuration-store.ts'
import type { ReportStore } from './reports/report-store.ts'
import type { TrafficCount } from '../domain/traffic/traffic-counts.ts'
import type { CounterReading } from '../domain/traffic/count-up.ts'
import type { DayZone } from '../domain/traffic/days.ts'

/** A server with what was known of it last time. */
export interface StoredServer {
  readonly record: ServerRecord
  readonly facts: ServerFacts | null
  readonly factsAtMs: number | null
  /** Newest values kept, so that a card is not EMPTY after a restart. */
  readonly lastNow: ServerNow | null
  readonly lastGoodAddress: string | null
}

export interface ServerStore {
  list(): Promise<readonly StoredServer[]>
  /** Throws conflict when the name (case-insensitive) is taken. */
  insert(record: ServerRecord): Promise<void>
  /** All of them or none. Throws notFound, conflict. */
  update(records: readonly ServerRecord[]): Promise<void>
  /** All of them or none. Secrets are not here. History is deleted in steps that never block reads. */
  remove(serverIds: readonly ServerId[], options: { deleteHistory: boolean }): Promise<void>
  saveFacts(serverId: ServerId, facts: ServerFacts, atMs: number): Promise<void>
  saveLastGoodAddress(serverId: ServerId, address: string): Promise<void>
}

export interface PinStore {
  /** All pins of the console's own file, for one host and port. */
  list(host: string, port: number): Promise<readonly HostKey[]>
  /** Adds the pin; `replace` drops all earlier pins of that host and port first. */
  pin(key: HostKey, options: { replace: boolean }): Promise<void>
}

/** Opaque bytes by name (ciphertexts of secrets, window state). */
export interface BlobStore {
  get(name: string): Promise<Uint8Array | null>
  set(name: string, value: Uint8Array | null): Promise<void>
}

export interface SettingsStore {
  read(): Promise<Settings>
  write(settings: Settings): Promise<void>
}

export interface JournalStore {
  /** Durable (synchronous=FULL) before it resolves. Returns the entry with its id. */
  begin(
    entry: Omit<JournalEntry, 'id' | 'outcome' | 'exitCode' | 'stderr' | 'durationMs'>
  ): Promise<JournalEntry>
  end(
    id: number,
    result: Pick<JournalEntry, 'outcome' | 'exitCode' | 'stderr' | 'durationMs'>
  ): Promise<JournalEntry>
  list(query: {
    serverId?: ServerId
    vmUuid?: VmUuid
    beforeId?: number
    limit: number
  }): Promise<readonly JournalEntry[]>
}

/** All that was measured on one server at one tick. */
export interface Tick {
  readonly serverId: ServerId
  readonly atMs: number
  readonly entities: readonly EntityValues[]
  /** Names for people: a VM's name by its UUID, a mount's device. Only when new or changed. */
  readonly labels?: readonly {
    readonly kind: EntityRef['kind']
    readonly key: string
    readonly label: string
  }[]
}

export interface HistoryStore {
  /**
   * Resolves when the tick is committed: of a large fleet with those of some seconds. Whoever reads is answered with all
   * that was appended before. While the disk is full it rejects with diskFull.
   */
  append(tick: Tick): Promise<void>
  /** Commits at once what waits for other ticks. */
  flush(): Promise<void>
  /**
   * Opens a gap of the server, or of one VM (or changes the reason of the open one); `endGap` closes it. Idempotent.
   * A VM without any values has no gap.
   */
  beginGap(serverId: ServerId, fromAtMs: number, reason: GapReason, vmUuid?: VmUuid): Promise<void>
  endGap(serverId: ServerId, toAtMs: number, vmUuid?: VmUuid): Promise<void>
  /** Keeps an event for the time axis. */
  addMark(mark: HistoryMark): Promise<void>
  /** Events in order of time, at most `limit`: of more, the newest. */
  marks(query: {
    readonly serverIds: readonly ServerId[]
    readonly fromAtMs: number
    readonly toAtMs: number
    readonly limit: number
  }): Promise<HistoryMark[]>
  /** Adds to the sums of days. One transaction: all of it or nothing. */
  addDayTotals(totals: readonly DayTotal[]): Promise<void>
  /**
   * Adds what the interfaces have counted since the last reading to the sums of days (`rxBytes`, `txBytes` of each interface and
   * of the server, key ''), and remembers the reading, in one transaction. docs/hardware.md says how.
   */
  countUp(serverId: ServerId, reading: CounterReading, zone: DayZone): Promise<void>
  /** In order of server, key, name and day; days without anything are left out. */
  dayTotals(query: DayTotalsQuery): Promise<DayTotal[]>
  /** How far an access log was read; null when it never was. */
  trafficLog(serverId: ServerId, path: string): Promise<StoredLog | null>
  /**
   * Adds what was read of an access log and moves on, in one transaction; returns the new revision. Throws conflict when the
   * log is not at `revision` any more: then it is to be asked for again.
   */
  addTraffic(commit: TrafficCommit): Promise<number>
  trafficTotals(query: TrafficQuery): Promise<TrafficAnswer>
  read(query: HistoryQuery, signal: AbortSignal): Promise<HistoryAnswer>
  statistics(query: StatisticsQuery, signal: AbortSignal): Promise<SeriesStatistics[]>
  rowsPage(query: RowsPageQuery, signal: AbortSignal): Promise<RowsPage>
  top(query: TopQuery, signal: AbortSignal): Promise<TopEntry[]>
  busyHours(query: BusyQuery, signal: AbortSignal): Promise<BusyHour[]>
  /** Means between edges of any calendar, over all samples: one row per metric, NaN = no value. Throws cancelled. */
  means(query: MeansQuery, signal: AbortSignal): Promise<MeansAnswer>
  /** Of the whole fleet at once. Throws cancelled. */
  figures(query: FiguresQuery, signal: AbortSignal): Promise<FiguresAnswer>
  /** In the order of the bounds. Throws cancelled. */
  shares(query: SharesQuery, signal: AbortSignal): Promise<SeriesShare[]>
  usage(): Promise<HistoryUsage>
  entities(serverId: ServerId): Promise<readonly EntityInfo[]>
  /** Rows in order of time, in batches, for exports. Column order = series order, then metric order. */
  rows(query: RowsQuery, signal: AbortSignal): AsyncIterable<RowBatch>
  /** Applies the retention of the settings; run from time to time by the application. */
  applyRetention(retention: Settings['retention'], nowMs: number): Promise<void>
}

/** Values with fromAtMs ≤ time < toAtMs. Holes count as nothing. */
export interface FiguresQuery {
  readonly series: readonly SeriesRef[]
  /** Metrics whose measured time is wanted as well. */
  readonly timed: readonly string[]
  readonly fromAtMs: number
  readonly toAtMs: number
}

export interface SeriesFigures extends Figures {
  readonly entity: EntityRef
  readonly metric: string
  /** The last value; of a rollup its maximum. null = no value in the range. */
  readonly newest: number | null
  /** When the first value (of rollups its hour or day) was. */
  readonly firstAtMs: number | null
  /** For how long there were values; null = not asked for. */
  readonly measuredMs: number | null
}

/** `level`: what median and p95 were taken of; count, mean, minimum and maximum are exact at every level. */
export interface FiguresAnswer {
  readonly level: HistoryLevel
  /** In the order of the series, then of their metrics. */
  readonly series: readonly SeriesFigures[]
}

/** Values strictly above, or strictly below. */
export type ShareBound = { readonly entity: EntityRef; readonly metric: string } & (
  | { readonly above: number; readonly below?: undefined }
  | { readonly below: number; readonly above?: undefined }
)

export interface SharesQuery {
  readonly bounds: readonly ShareBound[]
  readonly fromAtMs: number
  readonly toAtMs: number
}

export interface SeriesShare {
  /** Samples within the range. */
  readonly count: number
  /** Of these, on the asked side of the bound. */
  readonly inside: number
}

/** What adds up over one day: bytes of an interface, joules of a source. `day` is the operator's date, `2026-11-28`. */
export interface DayTotal {
  readonly serverId: ServerId
  readonly kind: EntityRef['kind']
  /** As in EntityValues. */
  readonly key: string
  /** What adds up, with its unit: `rxBytes`, `energyJoules`. */
  readonly name: string
  readonly day: string
  readonly total: number
}

/** Days are inclusive. */
export interface DayTotalsQuery {
  readonly serverIds: readonly ServerId[]
  readonly kind: EntityRef['kind']
  readonly names: readonly string[]
  readonly fromDay: string
  readonly toDay: string
}

/** An access log as it is kept. `state` is the application's own JSON. */
export interface StoredLog {
  readonly revision: number
  readonly state: string
}

export interface TrafficCommit {
  readonly serverId: ServerId
  readonly path: string
  /** On which revision it is based; null = the log is new. */
  readonly revision: number | null
  readonly state: string
  readonly counts: readonly TrafficCount[]
}

/** At least two edges, ascending. Answered from hours where every edge is a full hour, else from minutes where they are kept. */
export interface MeansQuery {
  readonly series: readonly SeriesRef[]
  readonly edgesAtMs: readonly number[]
}

export interface MeansAnswer {
  /** Of what they are; steps finer than it have values only now and then. */
  readonly level: HistoryLevel
  /** In the order of the series, then of their metrics. */
  readonly means: readonly Float64Array[]
}

export interface RowsQuery {
  readonly series: readonly SeriesRef[]
  readonly fromAtMs: number
  readonly toAtMs: number
  readonly level: HistoryLevel
}

/** raw: one value per column. minute, hour, day: mean, min, max per column, in that order. */
export interface RowBatch {
  readonly atMs: Float64Array
  /** Row-major; NaN = no value. Width = columns × (raw ? 1 : 3). */
  readonly values: Float64Array
  readonly width: number
}

/** A process as the history keeps it: of the live one all that PastProcess names. */
export interface ProcessSnapshot {
  readonly serverId: ServerId
  readonly atMs: number
  readonly memoryTotalBytes: number | null
  readonly processes: readonly PastProcess[]
}

export interface ProcessSeries {
  readonly serverId: ServerId
  readonly process: ProcessRef
  readonly fromAtMs: number
  readonly toAtMs: number
}

export interface ProcessMoment {
  readonly atMs: number
  /** null = a reading without it; of several in a row only the first. */
  readonly process: PastProcess | null
}

/** Processes of the past: readings as long as raw samples are kept, means of five minutes as long as minutes. */
export interface ProcessStore {
  /** Resolves when it is committed. Rejects with diskFull, and notFound for a server whose history is being deleted. */
  append(snapshot: ProcessSnapshot): Promise<void>
  /** The reading next to the time, at most five minutes away. */
  at(serverId: ServerId, atMs: number): Promise<PastTable>
  /** In order of time. Throws cancelled. */
  series(query: ProcessSeries, signal: AbortSignal): Promise<ProcessMoment[]>
}

export interface Storage {
  readonly processes: ProcessStore
  readonly servers: ServerStore
  readonly pins: PinStore
  readonly blobs: BlobStore
  readonly settings: SettingsStore
  readonly configuration: ConfigurationStore
  readonly journal: JournalStore
  readonly alerts: AlertStore
  readonly reports: ReportStore
  readonly history: HistoryStore
  health(): Promise<ConsoleHealth>
  /** Commits what is queued and closes the file. */
  close(): Promise<void>
}

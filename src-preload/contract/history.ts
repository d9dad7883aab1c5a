/** History: what was measured, by range; and the live continuation of it. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { AlertId, ServerId, VmUuid } from './ids.ts'
import { ENTITY_KINDS, type EntityKind } from './metric-catalogue.ts'
import { AtMs, RemoteText } from './units.ts'
import { AlertLevel, DomainState, GapReason, PortState, ScanOrigin, TransportProtocol } from './vocabulary.ts'

export const EntityKindSchema = z.enum(ENTITY_KINDS as [EntityKind, ...EntityKind[]])

/** One measured thing. `key` as in EntityValues (metric-catalogue.ts). */
export const EntityRef = z.object({
  serverId: ServerId,
  kind: EntityKindSchema,
  key: z.string().max(1024)
})
export type EntityRef = z.infer<typeof EntityRef>

/** Metrics of one entity, by the names of the catalogue. */
export const SeriesRef = z.object({
  entity: EntityRef,
  metrics: z.array(z.string().max(64)).min(1).max(32)
})
export type SeriesRef = z.infer<typeof SeriesRef>

/** Which table answers: raw samples, or a rollup. */
export const HistoryLevel = z.enum(['raw', 'minute', 'hour', 'day'])
export type HistoryLevel = z.infer<typeof HistoryLevel>

export const HistoryQuery = z
  .object({
    series: z.array(SeriesRef).min(1).max(64),
    fromAtMs: AtMs,
    toAtMs: AtMs,
    /** At most this many buckets: the chart's width in pixels. */
    maxPoints: z.int().min(1).max(20_000)
  })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type HistoryQuery = z.infer<typeof HistoryQuery>

/**
 * One metric over the range. All arrays have the length of the answer's `atMs`; null = no value in that bucket.
 * When no bucket holds more than one sample, `min` and `max` are empty arrays and `mean` is the sample itself.
 */
export const MetricSeries = z.object({
  entity: EntityRef,
  metric: z.string(),
  mean: z.array(z.number().nullable()),
  min: z.array(z.number().nullable()),
  max: z.array(z.number().nullable())
})
export type MetricSeries = z.infer<typeof MetricSeries>

export const HistoryGap = z.object({
  serverId: ServerId,
  /** null = of the whole server; else of this VM alone (its collecting was stopped, it did not answer). */
  vmUuid: VmUuid.nullable(),
  fromAtMs: AtMs,
  /** null = still open. */
  toAtMs: AtMs.nullable(),
  reason: GapReason
})
export type HistoryGap = z.infer<typeof HistoryGap>

/** `atMs[i]` is the start of bucket i (raw: the sample's own time). */
export const HistoryAnswer = z.object({
  level: HistoryLevel,
  bucketMs: z.int(),
  atMs: z.array(AtMs),
  series: z.array(MetricSeries),
  gaps: z.array(HistoryGap),
  /** Absent: the console's own file. fileInstead: the outside engine was asked and did not answer. */
  answeredBy: z.enum(['outsideEngine', 'fileInstead']).optional()
})
export type HistoryAnswer = z.infer<typeof HistoryAnswer>

export const EntityInfo = z.object({
  entity: EntityRef,
  /** A VM's last name, a mount's device; '' when there is nothing better than the key. */
  label: z.string(),
  firstAtMs: AtMs,
  lastAtMs: AtMs
})
export type EntityInfo = z.infer<typeof EntityInfo>

/** All entities of one server at one tick. An absent metric could not be had. */
export const LiveTick = z.object({
  serverId: ServerId,
  atMs: AtMs,
  entities: z.array(
    z.object({
      kind: EntityKindSchema,
      key: z.string(),
      values: z.record(z.string(), z.number())
    })
  )
})
export type LiveTick = z.infer<typeof LiveTick>

/**
 * Statistics of one metric over a range. null = no value in the range. Minimum, maximum and mean are exact at every
 * level; median and p95 are those of the samples where `basis` is `samples`, else of what it names.
 */
export const SeriesStatistics = z.object({
  entity: EntityRef,
  metric: z.string(),
  /** Samples within the range. */
  count: z.int(),
  mean: z.number().nullable(),
  median: z.number().nullable(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  p95: z.number().nullable(),
  /** What median and p95 were taken of: the samples, or the means of each minute, hour or day. */
  basis: z.enum(['samples', 'minuteMeans', 'hourMeans', 'dayMeans']),
  /** Share of the range for which there are values, 0 to 1. */
  coverageRatio: z.number()
})
export type SeriesStatistics = z.infer<typeof SeriesStatistics>

export const StatisticsQuery = z
  .object({ series: z.array(SeriesRef).min(1).max(64), fromAtMs: AtMs, toAtMs: AtMs })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type StatisticsQuery = z.infer<typeof StatisticsQuery>

/** Rows, newest first: one page of a table that is read as it is scrolled. */
export const RowsPageQuery = z
  .object({
    series: z.array(SeriesRef).min(1).max(64),
    fromAtMs: AtMs,
    /** Rows before this time: the end of the range, or `nextBeforeAtMs` of the page before. */
    beforeAtMs: AtMs,
    level: HistoryLevel,
    limit: z.int().min(1).max(2_000)
  })
  .refine((query) => query.fromAtMs < query.beforeAtMs, { path: ['beforeAtMs'] })
export type RowsPageQuery = z.infer<typeof RowsPageQuery>

export const RowsPage = z.object({
  /** The level that answered: coarser than asked for where retention has taken the finer one. */
  level: HistoryLevel,
  atMs: z.array(AtMs),
  /** Per row, per metric (series order, then metric order): the sample, or the mean of the slot. */
  rows: z.array(z.array(z.number().nullable())),
  /** Where the next page begins; null = this was the last. */
  nextBeforeAtMs: AtMs.nullable()
})
export type RowsPage = z.infer<typeof RowsPage>

/** Which entities of the fleet have the most (or least) of one metric over a range. */
export const TopQuery = z
  .object({
    kind: EntityKindSchema,
    metric: z.string().max(64),
    /** Only these servers; empty = all. */
    serverIds: z.array(ServerId).max(2_047).default([]),
    fromAtMs: AtMs,
    toAtMs: AtMs,
    by: z.enum(['mean', 'max']).default('mean'),
    order: z.enum(['highest', 'lowest']).default('highest'),
    limit: z.int().min(1).max(200)
  })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type TopQuery = z.infer<typeof TopQuery>

export const TopEntry = z.object({
  entity: EntityRef,
  label: z.string(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  count: z.int()
})
export type TopEntry = z.infer<typeof TopEntry>

/** When the week is busy: one metric of some entities (summed up as a mean over them) by hour of the week. */
export const BusyQuery = z
  .object({
    entities: z.array(EntityRef).min(1).max(2_000),
    metric: z.string().max(64),
    fromAtMs: AtMs,
    toAtMs: AtMs,
    zone: z.enum(['local', 'utc']).default('local')
  })
  .refine((query) => query.fromAtMs < query.toAtMs, { path: ['toAtMs'] })
export type BusyQuery = z.infer<typeof BusyQuery>

/** Only hours with values, in order. `weekday`: 0 = Monday. */
export const BusyHour = z.object({
  weekday: z.int().min(0).max(6),
  hour: z.int().min(0).max(23),
  mean: z.number(),
  max: z.number(),
  count: z.int()
})
export type BusyHour = z.infer<typeof BusyHour>

const alertMarked = {
  alertId: AlertId,
  level: AlertLevel,
  ruleName: z.string().max(120).nullable(),
  preset: z.string().max(40).nullable(),
  /** As of the alert: '' = the server or VM itself. */
  label: RemoteText,
  vmUuid: VmUuid.nullable()
}

/** Something that happened, to be marked on a time axis. Texts are remote: hostile. */
export const HistoryEvent = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('machineState'),
    vmUuid: VmUuid,
    name: RemoteText,
    from: DomainState.nullable(),
    /** null = the VM is no longer defined. */
    to: DomainState.nullable()
  }),
  z.object({ kind: z.literal('serverOnline') }),
  z.object({ kind: z.literal('serverOffline'), code: z.string().max(64) }),
  z.object({ kind: z.literal('serverRebooted') }),
  z.object({ kind: z.literal('collectingStarted'), vmUuid: VmUuid.nullable() }),
  z.object({ kind: z.literal('collectingStopped'), vmUuid: VmUuid.nullable() }),
  /** A port that is scanned answers otherwise than at the scan before. */
  z.object({
    kind: z.literal('portChanged'),
    origin: ScanOrigin,
    port: z.int().min(1).max(65_535),
    service: z.string().max(64).nullable(),
    from: PortState,
    to: PortState
  }),
  /** Something listens that did not before, or no longer. */
  z.object({
    kind: z.literal('listenerChanged'),
    protocol: TransportProtocol,
    address: z.string().max(64),
    port: z.int().min(1).max(65_535),
    service: z.string().max(64).nullable(),
    process: RemoteText.nullable(),
    listens: z.boolean()
  }),
  /** An alert was raised, or became RED. `ruleName` null = one of the console's own (`preset`). */
  z.object({ kind: z.literal('alertRaised'), ...alertMarked }),
  z.object({ kind: z.literal('alertRecovered'), ...alertMarked })
])
export type HistoryEvent = z.infer<typeof HistoryEvent>

export const HistoryMark = z.object({ serverId: ServerId, atMs: AtMs, event: HistoryEvent })
export type HistoryMark = z.infer<typeof HistoryMark>

/** What the history takes on the disk, and from when on each level has values. */
export const HistoryUsage = z.object({
  fileBytes: z.number(),
  /** Raw samples: sealed chunks and the tail. */
  rawBytes: z.number(),
  /** Free inside the file: used again by new rows. */
  freeBytes: z.number(),
  /** null = no budget. Where it does not suffice, the oldest minutes go first, then the oldest samples; hours and days stay. */
  budgetBytes: z.number().nullable(),
  /** Samples kept raw (one number of one metric at one time). */
  rawSamples: z.number(),
  /** null = the level has no values yet. */
  oldestAtMs: z.object({
    raw: AtMs.nullable(),
    minute: AtMs.nullable(),
    hour: AtMs.nullable(),
    day: AtMs.nullable()
  })
})
export type HistoryUsage = z.infer<typeof HistoryUsage>

export const historyContract = {
  'history.read': call(HistoryQuery, HistoryAnswer),
  'history.entities': call(z.object({ serverId: ServerId }), z.object({ entities: z.array(EntityInfo) })),
  /** In the order of the series, then of their metrics. */
  'history.statistics': call(StatisticsQuery, z.object({ statistics: z.array(SeriesStatistics) })),
  'history.rowsPage': call(RowsPageQuery, RowsPage),
  'history.top': call(TopQuery, z.object({ entries: z.array(TopEntry) })),
  'history.busyHours': call(BusyQuery, z.object({ hours: z.array(BusyHour) })),
  /** Newest last, at most 2,000: of more, the newest. */
  'history.marks': call(
    z.object({ serverIds: z.array(ServerId).min(1).max(64), fromAtMs: AtMs, toAtMs: AtMs }),
    z.object({ marks: z.array(HistoryMark) })
  ),
  /** Every mark of these servers from now on, as it is kept. A mark may tell of a time before the last one. */
  'history.watchMarks': stream(z.object({ serverIds: z.array(ServerId).min(1).max(64) }), HistoryMark, 'all'),
  'history.usage': call(z.object({}), HistoryUsage),
  /** Every tick of one server from now on. */
  'history.live': stream(z.object({ serverId: ServerId }), LiveTick, 'all')
}

/** History: what was measured, by range; and the live continuation of it. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ServerId } from './ids.ts'
import { ENTITY_KINDS, type EntityKind } from './metric-catalogue.ts'
import { AtMs } from './units.ts'
import { GapReason } from './vocabulary.ts'

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
export const HistoryLevel = z.enum(['raw', 'minute', 'hour'])
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
  gaps: z.array(HistoryGap)
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

export const historyContract = {
  'history.read': call(HistoryQuery, HistoryAnswer),
  'history.entities': call(z.object({ serverId: ServerId }), z.object({ entities: z.array(EntityInfo) })),
  /** Every tick of one server from now on. */
  'history.live': stream(z.object({ serverId: ServerId }), LiveTick, 'all')
}

/** What an export will hold and about how much that is, before it is made. Pure. */
import type { ExportWhat, HistoryExport } from '#contract/exports.ts'
import type { EntityInfo, HistoryLevel, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { ENTITY_KINDS, METRICS, type EntityKind } from '#contract/metric-catalogue.ts'

/** Chosen metrics of a kind; a kind without any is not exported. */
export type ChosenMetrics = Readonly<Record<EntityKind, readonly string[]>>

export const metricsOfKind = (kind: EntityKind): string[] => Object.keys(METRICS[kind])

export const allMetrics = (): ChosenMetrics =>
  Object.fromEntries(ENTITY_KINDS.map((kind) => [kind, metricsOfKind(kind)])) as unknown as ChosenMetrics

/** As the contract takes it; null when nothing is chosen. */
export function whatOf(chosen: ChosenMetrics): ExportWhat | null {
  const kinds = ENTITY_KINDS.filter((kind) => chosen[kind].length > 0)
  if (kinds.length === 0) return null
  const isAll = (kind: EntityKind): boolean => chosen[kind].length === metricsOfKind(kind).length
  if (kinds.length === ENTITY_KINDS.length && kinds.every(isAll)) return { by: 'all' }
  return {
    by: 'kinds',
    kinds: kinds.map((kind) => ({ kind, metrics: isAll(kind) ? null : [...chosen[kind]] }))
  }
}

export interface Estimate {
  readonly rows: number
  /** Of the wide form; 0 in the long one, whose columns are always the same. */
  readonly columns: number
  readonly bytes: number
}

export interface EstimateInput {
  readonly what: ExportWhat
  /** Each chosen server, how often it is sampled, and what was ever measured on it. */
  readonly servers: readonly {
    readonly serverId: ServerId
    readonly intervalMs: number
    readonly entities: readonly EntityInfo[]
  }[]
  readonly fromAtMs: number
  readonly toAtMs: number
  readonly level: HistoryLevel
  readonly form: HistoryExport['form']
}

const SLOT_MS = { minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const
/** Measured on the demo fleet: a time, a number with its comma, and what names a value in the long form. */
const TIME_BYTES = 31
const NUMBER_BYTES = 7
const NAMES_BYTES = 48

/** An upper estimate: as if every sample of the range were there. */
export function estimate({ what, servers, fromAtMs, toAtMs, level, form }: EstimateInput): Estimate {
  const parts = level === 'raw' ? 1 : 3
  let columns = 0
  let wideRows = 0
  let values = 0
  for (const { serverId, intervalMs, entities } of servers) {
    const seen = entities.filter(({ firstAtMs, lastAtMs }) => firstAtMs < toAtMs && lastAtMs >= fromAtMs)
    const metrics = seen.reduce((sum, { entity }) => sum + metricCount(what, entity, serverId), 0)
    if (metrics === 0) continue
    const first = Math.max(fromAtMs, Math.min(...seen.map(({ firstAtMs }) => firstAtMs)))
    const last = Math.min(toAtMs, Math.max(...seen.map(({ lastAtMs }) => lastAtMs)))
    const rows = Math.max(1, Math.ceil((last - first) / (level === 'raw' ? intervalMs : SLOT_MS[level])))
    columns += metrics * parts
    values += rows * metrics
    // Raw samples of two servers are at two times; slots of a rollup are the same for all.
    wideRows = level === 'raw' ? wideRows + rows : Math.max(wideRows, rows)
  }
  if (form === 'long') {
    return { rows: values, columns: 0, bytes: values * (TIME_BYTES + NAMES_BYTES + parts * NUMBER_BYTES) }
  }
  // Every row has a comma per column, whether there is a value or not.
  const bytes = wideRows * (TIME_BYTES + columns) + values * parts * (NUMBER_BYTES - 1)
  return { rows: wideRows, columns, bytes }
}

function metricCount(what: ExportWhat, entity: EntityInfo['entity'], serverId: ServerId): number {
  switch (what.by) {
    case 'all':
      return metricsOfKind(entity.kind).length
    case 'kinds': {
      const kind = what.kinds.find((chosen) => chosen.kind === entity.kind)
      return kind === undefined ? 0 : (kind.metrics?.length ?? metricsOfKind(entity.kind).length)
    }
    case 'series':
      return what.series
        .filter((ref) => isSame(ref, entity, serverId))
        .reduce((sum, { metrics }) => sum + metrics.length, 0)
  }
}

const isSame = (ref: SeriesRef, entity: EntityInfo['entity'], serverId: ServerId): boolean =>
  ref.entity.serverId === serverId && ref.entity.kind === entity.kind && ref.entity.key === entity.key

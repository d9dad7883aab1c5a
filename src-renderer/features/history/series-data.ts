/** What was read, and what comes in live after it: columns that share their times, appended to at the end. Pure. */
import type { HistoryAnswer, HistoryGap, HistoryLevel, LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'

export type SeriesKey = string

/** One text per metric of an entity; NUL cannot stand in a key. */
export const seriesKey = (kind: EntityKind, key: string, metric: string): SeriesKey =>
  `${kind}\u0000${key}\u0000${metric}`

/** All three have the length of `atMs`. In raw data `min` and `max` stay empty. */
export interface Column {
  readonly kind: EntityKind
  readonly key: string
  readonly metric: string
  readonly mean: (number | null)[]
  readonly min: (number | null)[]
  readonly max: (number | null)[]
  /** Samples in the newest bucket, for its mean. */
  newest: number
  /** The newest sample that came in live: a bucket shows only means. */
  latest: Newest | null
}

/** Mutable inside; the composable shows it behind a shallowRef with a new wrapper per change. */
export interface SeriesData {
  readonly level: HistoryLevel
  readonly bucketMs: number
  /** More than one sample a bucket: min and max are kept. */
  readonly aggregated: boolean
  readonly atMs: number[]
  readonly columns: Map<SeriesKey, Column>
  readonly gaps: readonly HistoryGap[]
  /** Absent: the console's own file. */
  readonly answeredBy?: NonNullable<HistoryAnswer['answeredBy']>
}

export function fromAnswer(answer: HistoryAnswer): SeriesData {
  const aggregated = answer.series.some((series) => series.min.length > 0)
  const columns = new Map<SeriesKey, Column>()
  for (const { entity, metric, mean, min, max } of answer.series)
    columns.set(seriesKey(entity.kind, entity.key, metric), {
      kind: entity.kind,
      key: entity.key,
      metric,
      mean: [...mean],
      // A metric of one sample a bucket among others of several: its bounds are the samples themselves.
      min: !aggregated ? [] : min.length > 0 ? [...min] : [...mean],
      max: !aggregated ? [] : max.length > 0 ? [...max] : [...mean],
      newest: 1,
      latest: null
    })
  return {
    level: answer.level,
    bucketMs: answer.bucketMs,
    aggregated,
    atMs: [...answer.atMs],
    columns,
    gaps: answer.gaps,
    ...(answer.answeredBy !== undefined && { answeredBy: answer.answeredBy })
  }
}

/**
 * The answer, each server's series by themselves: so that a server's times are those at which it was measured, and what
 * comes in live of one server leaves the others alone.
 * @param asked the servers of the question: each is in the result, with or without values
 */
export function byServer(answer: HistoryAnswer, asked: readonly ServerId[]): Map<ServerId, SeriesData> {
  const ids = [...new Set(asked)]
  return new Map(ids.map((id) => [id, fromAnswer(ids.length === 1 ? answer : partOf(answer, id))]))
}

/** The series of one server, at the times at which any of them has a value. */
function partOf(answer: HistoryAnswer, serverId: ServerId): HistoryAnswer {
  const series = answer.series.filter((each) => each.entity.serverId === serverId)
  const kept = answer.atMs
    .map((_, index) => index)
    .filter((index) => series.some((s) => s.mean[index] !== null))
  const pick = <T>(list: readonly T[]): T[] =>
    list.length === 0 ? [] : kept.map((index) => list[index] as T)
  return {
    ...answer,
    atMs: pick(answer.atMs),
    series: series.map((each) => ({
      ...each,
      mean: pick(each.mean),
      min: pick(each.min),
      max: pick(each.max)
    })),
    gaps: answer.gaps.filter((gap) => gap.serverId === serverId)
  }
}

/**
 * Adds a tick: a new row, or in aggregated data the newest bucket while it lasts. A tick that is not newer than what is
 * there already (it was part of the read) is left out. Rows before `fromAtMs` are dropped, in batches.
 */
export function appendTick(data: SeriesData, tick: LiveTick, fromAtMs: number): void {
  const last = data.atMs.at(-1)
  const bucketAtMs = data.aggregated ? Math.floor(tick.atMs / data.bucketMs) * data.bucketMs : tick.atMs
  if (last !== undefined && (data.aggregated ? bucketAtMs < last : bucketAtMs <= last)) return
  const opens = last === undefined || bucketAtMs > last
  if (opens) {
    data.atMs.push(bucketAtMs)
    for (const column of data.columns.values()) {
      column.mean.push(null)
      if (data.aggregated) {
        column.min.push(null)
        column.max.push(null)
      }
      column.newest = 0
    }
  }
  const at = data.atMs.length - 1
  for (const entity of tick.entities)
    for (const [metric, value] of Object.entries(entity.values)) {
      const column = data.columns.get(seriesKey(entity.kind, entity.key, metric))
      if (column === undefined) continue
      mergeValue(column, at, value, data.aggregated)
      column.latest = { value, atMs: tick.atMs }
    }
  dropBefore(data, fromAtMs)
}

function mergeValue(column: Column, at: number, value: number, aggregated: boolean): void {
  const before = column.mean[at] ?? null
  if (before === null) {
    column.mean[at] = value
    column.newest = 1
  } else {
    column.newest += 1
    column.mean[at] = before + (value - before) / column.newest
  }
  if (!aggregated) return
  column.min[at] = Math.min(column.min[at] ?? value, value)
  column.max[at] = Math.max(column.max[at] ?? value, value)
}

const BATCH = 32

/** Keeps one row before the range, so that the line enters it from the left. */
function dropBefore(data: SeriesData, fromAtMs: number): void {
  let old = 0
  while ((data.atMs[old + 1] ?? Infinity) < fromAtMs) old += 1
  if (old < BATCH) return
  data.atMs.splice(0, old)
  for (const column of data.columns.values()) {
    column.mean.splice(0, old)
    if (!data.aggregated) continue
    column.min.splice(0, old)
    column.max.splice(0, old)
  }
}

export interface Newest {
  readonly value: number
  readonly atMs: number
}

/** The newest value of a series and its time (of a bucket: its end); null when there is none. */
export function newestOf(data: SeriesData, key: SeriesKey): Newest | null {
  const column = data.columns.get(key)
  if (column === undefined) return null
  if (column.latest !== null) return column.latest
  for (let index = data.atMs.length - 1; index >= 0; index -= 1) {
    const value = column.mean[index] ?? null
    const atMs = data.atMs[index]
    if (value !== null && atMs !== undefined)
      return { value, atMs: data.aggregated ? atMs + data.bucketMs : atMs }
  }
  return null
}

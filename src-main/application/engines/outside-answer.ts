/** Which buckets an outside engine is asked for, and its columns as an answer of the history. Pure. */
import type { EntityRef, HistoryAnswer, HistoryLevel, HistoryQuery, MetricSeries } from '#contract/history.ts'
import type { PromBuckets, PromColumns } from '../../domain/engines/prom-query.ts'

export type ColumnOf = (entity: EntityRef, metric: string) => PromColumns | undefined

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
/** Nothing finer than the slowest sampling, so that no bucket is empty by chance. */
const STEPS_MS = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 4, 6, 8, 12].map((hours) => hours * HOUR_MS)
]
/** Prometheus refuses more than 11,000 points of a series. */
const MAX_POINTS = 10_000

/**
 * The finest step that stays within the points asked for; or the own file's buckets where those do, since they can then
 * stand where the engine has none.
 */
export function bucketsFor(
  query: Pick<HistoryQuery, 'fromAtMs' | 'toAtMs' | 'maxPoints'>,
  ownBucketMs: number
): PromBuckets {
  const wantedMs = (query.toAtMs - query.fromAtMs) / Math.min(query.maxPoints, MAX_POINTS)
  const niceMs = STEPS_MS.find((step) => step >= wantedMs) ?? Math.ceil(wantedMs / DAY_MS) * DAY_MS
  const ownFits = ownBucketMs >= MINUTE_MS && ownBucketMs >= wantedMs && ownBucketMs <= niceMs
  const bucketMs = ownFits ? ownBucketMs : niceMs
  const firstAtMs = Math.floor(query.fromAtMs / bucketMs) * bucketMs
  return { firstAtMs, bucketMs, count: Math.max(1, Math.ceil((query.toAtMs - firstAtMs) / bucketMs)) }
}

/** The engine's values; where it has none and the own file has the same buckets, those; the own file's gaps. */
export function assembled(
  query: HistoryQuery,
  own: HistoryAnswer,
  buckets: PromBuckets,
  columnOf: ColumnOf
): HistoryAnswer {
  const { firstAtMs, bucketMs, count } = buckets
  const ownIndexes = own.bucketMs === bucketMs ? indexesOf(own.atMs, buckets) : null
  const series = query.series.flatMap(({ entity, metrics }) =>
    metrics.map((metric): MetricSeries => {
      const column = columnOf(entity, metric)
      const merged: MetricSeries = {
        entity,
        metric,
        mean: column === undefined ? nothing(count) : [...column.mean],
        min: column === undefined ? nothing(count) : [...column.min],
        max: column === undefined ? nothing(count) : [...column.max]
      }
      if (ownIndexes !== null) fillFrom(merged, findSeries(own, entity, metric), ownIndexes)
      return merged
    })
  )
  const kept = indexesToKeep(series, count)
  const pick = (values: readonly (number | null)[]): (number | null)[] =>
    kept.map((index) => values[index] ?? null)
  return {
    level: levelOf(bucketMs),
    bucketMs,
    atMs: kept.map((index) => firstAtMs + index * bucketMs),
    series: series.map((one) => ({ ...one, mean: pick(one.mean), min: pick(one.min), max: pick(one.max) })),
    gaps: own.gaps,
    answeredBy: 'outsideEngine'
  }
}

const nothing = (count: number): null[] => Array.from({ length: count }, () => null)

const levelOf = (bucketMs: number): HistoryLevel =>
  bucketMs >= DAY_MS ? 'day' : bucketMs >= HOUR_MS ? 'hour' : 'minute'

/** Where each of the own file's buckets stands among those asked for; -1 = nowhere. */
const indexesOf = (atMs: readonly number[], { firstAtMs, bucketMs, count }: PromBuckets): number[] =>
  atMs.map((at) => {
    const index = (at - firstAtMs) / bucketMs
    return Number.isInteger(index) && index >= 0 && index < count ? index : -1
  })

const findSeries = (answer: HistoryAnswer, entity: EntityRef, metric: string): MetricSeries | undefined =>
  answer.series.find(
    (series) =>
      series.metric === metric &&
      series.entity.key === entity.key &&
      series.entity.kind === entity.kind &&
      series.entity.serverId === entity.serverId
  )

function fillFrom(into: MetricSeries, from: MetricSeries | undefined, indexes: readonly number[]): void {
  if (from === undefined) return
  for (const [ownIndex, index] of indexes.entries()) {
    const mean = from.mean[ownIndex] ?? null
    if (index === -1 || mean === null || into.mean[index] !== null) continue
    into.mean[index] = mean
    // Where no bucket holds more than one sample there are no bounds: they are the sample itself.
    into.min[index] = from.min[ownIndex] ?? mean
    into.max[index] = from.max[ownIndex] ?? mean
  }
}

/** Buckets with any value, and one without for each hole, so that a line breaks there. */
function indexesToKeep(series: readonly MetricSeries[], count: number): number[] {
  const kept: number[] = []
  let before = -1
  for (let index = 0; index < count; index++) {
    if (!series.some((one) => one.mean[index] !== null && one.mean[index] !== undefined)) continue
    if (before !== -1 && index - before > 1) kept.push(before + 1)
    kept.push(index)
    before = index
  }
  return kept
}

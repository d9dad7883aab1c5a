/** Values of the chosen series at one time: the newest, or the one pointed at. Pure. */
import type { ServerId } from '#contract/ids.ts'
import { nearestIndex } from '../../charts/index.ts'
import type { SeriesId } from './choice.ts'
import { newestOf, seriesKey, type SeriesData } from './series-data.ts'

export type AllData = ReadonlyMap<ServerId, SeriesData>

/** Rows to either side within which a slower lane's value still counts as of the same time. */
const NEIGHBOURS = 8

/** null = there was none at that time, or the server was not read yet. */
export function valueAt(
  data: AllData | null,
  series: SeriesId,
  atMs: number,
  reachMs: number
): number | null {
  const { entity, metric } = series
  const of = data?.get(entity.serverId)
  const values = of?.columns.get(seriesKey(entity.kind, entity.key, metric))?.mean
  if (of === undefined || values === undefined) return null
  const middle = nearestIndex(of.atMs, atMs)
  const reach = Math.max(reachMs, of.bucketMs * 2)
  for (let distance = 0; distance <= NEIGHBOURS; distance += 1)
    for (const row of [middle - distance, middle + distance]) {
      const value = values[row] ?? null
      if (value !== null && Math.abs((of.atMs[row] ?? Infinity) - atMs) <= reach) return value
    }
  return null
}

export function newestValue(data: AllData | null, series: SeriesId): number | null {
  const of = data?.get(series.entity.serverId)
  return of === undefined
    ? null
    : (newestOf(of, seriesKey(series.entity.kind, series.entity.key, series.metric))?.value ?? null)
}

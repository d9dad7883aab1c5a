/** What a chart shows, said once: it gives the series to read, the lines to draw and the figures of its heading. Pure. */
import type { EntityRef, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import type { ChartData, ChartLine } from '../../charts/index.ts'
import type { DisplayUnit } from '../../format/index.ts'
import { newestOf, seriesKey, type Column, type SeriesData } from './series-data.ts'

export interface LineSpec {
  readonly kind: EntityKind
  /** '' for the server itself; see the metric catalogue. */
  readonly key: string
  readonly metric: string
  /** Words of the legend; remote text (a mount, an interface) is shown as it is. */
  readonly label: string
  /** Place in the theme's series colours. */
  readonly colour: number
  /** `peak`: only where a bucket holds several samples. */
  readonly shape: ChartLine['shape']
  /** Drawn instead of `metric` itself: made from metrics of the same entity; null when one of them is missing. */
  readonly derived?: { readonly metrics: readonly string[]; readonly of: (...values: number[]) => number }
}

export interface Headline {
  readonly value: string
  readonly unit: string
}

/** Reads one metric of a spec's series at the time in question: the newest, or the one pointed at. */
export type ReadMetric = (kind: EntityKind, key: string, metric: string) => number | null

export interface ChartSpec {
  /** For keys and file names. */
  readonly id: string
  readonly title: string
  readonly unit: DisplayUnit
  readonly lines: readonly LineSpec[]
  /** Where the value axis ends by its nature; null = by the data. */
  readonly axisMax: number | null
  readonly headline: (read: ReadMetric) => Headline
  /** Metrics that only the headline needs. */
  readonly also?: readonly Pick<LineSpec, 'kind' | 'key' | 'metric'>[]
  /** Why there can be no values, in words, with a line to copy; shown in place of an empty chart. */
  readonly missing?: {
    readonly text: string
    readonly fix: string | null
    /** The console can do it itself. */
    readonly action?: { readonly label: string; readonly run: () => unknown }
  } | null
}

type Wanted = { readonly kind: EntityKind; readonly key: string; readonly metric: string }

const wantedOf = (spec: ChartSpec): Wanted[] => [
  ...spec.lines.flatMap((line) =>
    (line.derived?.metrics ?? [line.metric]).map((metric) => ({ kind: line.kind, key: line.key, metric }))
  ),
  ...(spec.also ?? [])
]

/** The series of all specs, one entry per entity, as history.read and the CSV export take them. */
export function seriesOf(serverId: ServerId, specs: readonly ChartSpec[]): SeriesRef[] {
  const byEntity = new Map<string, { entity: EntityRef; metrics: Set<string> }>()
  for (const { kind, key, metric } of specs.flatMap(wantedOf)) {
    const id = seriesKey(kind, key, '')
    const entry = byEntity.get(id) ?? { entity: { serverId, kind, key }, metrics: new Set<string>() }
    entry.metrics.add(metric)
    byEntity.set(id, entry)
  }
  return [...byEntity.values()].map(({ entity, metrics }) => ({ entity, metrics: [...metrics] }))
}

function derivedValues(
  columns: readonly (Column | undefined)[],
  length: number,
  of: (...values: number[]) => number
) {
  return Array.from({ length }, (_, index) => {
    const values = columns.map((column) => column?.mean[index] ?? null)
    return values.every((value) => value !== null) ? of(...values) : null
  })
}

/** Lines over the times of the data. A line whose series is not there is left out. */
export function chartDataOf(spec: ChartSpec, data: SeriesData): ChartData {
  const lines: ChartLine[] = []
  for (const line of spec.lines) {
    const id = seriesKey(line.kind, line.key, line.metric)
    const base = { id: `${line.shape} ${id}`, label: line.label, colour: line.colour, shape: line.shape }
    if (line.derived !== undefined) {
      const columns = line.derived.metrics.map((metric) =>
        data.columns.get(seriesKey(line.kind, line.key, metric))
      )
      lines.push({ ...base, values: derivedValues(columns, data.atMs.length, line.derived.of) })
      continue
    }
    const column = data.columns.get(id)
    if (column === undefined) continue
    if (line.shape === 'peak') {
      if (data.aggregated) lines.push({ ...base, values: column.max })
    } else if (line.shape === 'stack' || !data.aggregated) lines.push({ ...base, values: column.mean })
    else lines.push({ ...base, values: column.mean, min: column.min, max: column.max })
  }
  return { atMs: data.atMs, lines }
}

/** The newest values, for the heading; each metric its own newest, since lanes have rhythms of their own. */
export const newestReader =
  (data: SeriesData | null): ReadMetric =>
  (kind, key, metric) =>
    data === null ? null : (newestOf(data, seriesKey(kind, key, metric))?.value ?? null)

/** Rows to either side within which another lane's value still counts as of the same time. */
const NEIGHBOURS = 8

/** Values in the row at `index`, or in the nearest one around it: slower lanes have rows of their own. */
export const readerAt =
  (data: SeriesData, index: number): ReadMetric =>
  (kind, key, metric) => {
    const column = data.columns.get(seriesKey(kind, key, metric))
    for (let distance = 0; distance <= NEIGHBOURS; distance += 1)
      for (const row of [index - distance, index + distance]) {
        const value = column?.mean[row] ?? null
        if (value !== null) return value
      }
    return null
  }

/** Time of the newest value of any line of the chart; null when there is none. */
export function newestAtMs(spec: ChartSpec, data: SeriesData): number | null {
  let newest: number | null = null
  for (const { kind, key, metric } of wantedOf(spec)) {
    const atMs = newestOf(data, seriesKey(kind, key, metric))?.atMs ?? null
    if (atMs !== null && (newest === null || atMs > newest)) newest = atMs
  }
  return newest
}

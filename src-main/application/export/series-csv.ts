/** Series as CSV, wide form: a time column, then one column per metric (a rollup: mean, min and max of each). */
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { HistoryAnswer, HistoryLevel, SeriesRef } from '#contract/history.ts'
import type { RowBatch } from '../storage.ts'
import { csvCell, csvLine, isoTime } from './csv.ts'

export type Zone = 'local' | 'utc'

/** A piece of the file and how many data rows it holds. */
export interface CsvChunk {
  readonly text: string
  readonly rows: number
}

/** Names an entity for the header, e.g. `kvm-alpha` or `kvm-alpha / web-1`. */
export type EntityLabel = (series: SeriesRef) => string

const ROLLUP_PARTS = ['mean', 'min', 'max'] as const

/** The header line. A column reads `kvm-alpha cpuUsedRatio [ratio]`; of a rollup `… mean [ratio]`. */
export function seriesHeader(
  series: readonly SeriesRef[],
  labelOf: EntityLabel,
  form: 'values' | 'meanMinMax'
): string {
  const columns = series.flatMap((ref) =>
    ref.metrics.flatMap((metric) => {
      const unit = metricDefinition(ref.entity.kind, metric)?.unit ?? ''
      const name = `${labelOf(ref)} ${metric}`
      return form === 'values'
        ? [`${name} [${unit}]`]
        : ROLLUP_PARTS.map((part) => `${name} ${part} [${unit}]`)
    })
  )
  return csvLine(['time', ...columns])
}

export const formOf = (level: HistoryLevel): 'values' | 'meanMinMax' =>
  level === 'raw' ? 'values' : 'meanMinMax'

/** Batches of rows as text; the header is not part of it. */
export async function* rowsAsCsv(
  batches: AsyncIterable<RowBatch>,
  zone: Zone
): AsyncGenerator<CsvChunk, void> {
  for await (const { atMs, values, width } of batches) {
    let text = ''
    for (let row = 0; row < atMs.length; row++) {
      text += isoTime(atMs[row] ?? 0, zone)
      const start = row * width
      for (let column = 0; column < width; column++) {
        text += `,${csvCell(values[start + column] ?? NaN)}`
      }
      text += '\r\n'
    }
    yield { text, rows: atMs.length }
  }
}

/** Exactly what a chart shows: its buckets. Envelope columns only where the answer has them. */
export function* answerAsCsv(
  answer: HistoryAnswer,
  series: readonly SeriesRef[],
  labelOf: EntityLabel,
  zone: Zone
): Generator<CsvChunk, void> {
  const envelope = answer.series.some((entry) => entry.min.length > 0)
  yield { text: seriesHeader(series, labelOf, envelope ? 'meanMinMax' : 'values'), rows: 0 }
  let text = ''
  for (const [index, atMs] of answer.atMs.entries()) {
    text += isoTime(atMs, zone)
    for (const entry of answer.series) {
      const mean = entry.mean[index] ?? null
      const cells = envelope ? [mean, entry.min[index] ?? mean, entry.max[index] ?? mean] : [mean]
      for (const cell of cells) text += `,${csvCell(cell)}`
    }
    text += '\r\n'
  }
  yield { text, rows: answer.atMs.length }
}

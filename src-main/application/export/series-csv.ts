/**
 * Series as CSV.
 *
 * Wide: a time column, then one column per metric (of a rollup: mean, min and max of each); rows of several servers at
 * one time are one row. Long: one row per value, server by server: time, server, kind, entity, metric, unit, value (of
 * a rollup: mean, min, max); values that are not there have no row.
 */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { metricDefinition } from '#contract/metric-catalogue.ts'
import type { HistoryAnswer, HistoryLevel, SeriesRef } from '#contract/history.ts'
import type { RowBatch } from '../storage.ts'
import { csvCell, csvLine, isoTime, type Zone } from './csv.ts'
import { cellBytes, CsvBytes } from './csv-bytes.ts'

/**
 * A piece of the file. Between two pieces the event loop has a turn: batches that are there already must not keep it from
 * everything else. `bytes` are good until the next piece is asked for.
 */
export interface CsvChunk {
  readonly bytes: Uint8Array
  /** Data rows in it. */
  readonly rows: number
  /** Share of the whole that is written with it, 0 to 1; null when not known. */
  readonly doneRatio: number | null
}

/** Names an entity for people. */
export interface EntityNames {
  readonly server: string
  /** '' for the server itself. */
  readonly entity: string
}
export type NamesOf = (series: SeriesRef) => EntityNames

/** What is read together, in one order of time: mostly the series of one server. */
export interface RowSource {
  readonly series: readonly SeriesRef[]
  readonly rows: () => AsyncIterable<RowBatch>
}

export interface RowsCsvOptions {
  readonly sources: readonly RowSource[]
  readonly namesOf: NamesOf
  readonly level: HistoryLevel
  readonly fromAtMs: number
  readonly toAtMs: number
  readonly zone: Zone
}

const ROLLUP_PARTS = ['mean', 'min', 'max'] as const
/** About as much as is written at once: large enough to be cheap, small enough never to hold up the event loop. */
const CHUNK_BYTES = 256 * 1024

/** The header line. A column reads `kvm-alpha cpuUsedRatio [ratio]`; of a rollup `… mean [ratio]`. */
export function seriesHeader(
  series: readonly SeriesRef[],
  namesOf: NamesOf,
  form: 'values' | 'meanMinMax'
): string {
  const columns = series.flatMap((ref) => {
    const { server, entity } = namesOf(ref)
    const owner = entity === '' ? server : `${server} / ${entity}`
    return ref.metrics.flatMap((metric) => {
      const name = `${owner} ${metric}`
      const unit = unitOf(ref, metric)
      return form === 'values'
        ? [`${name} [${unit}]`]
        : ROLLUP_PARTS.map((part) => `${name} ${part} [${unit}]`)
    })
  })
  return csvLine(['time', ...columns])
}

export const formOf = (level: HistoryLevel): 'values' | 'meanMinMax' =>
  level === 'raw' ? 'values' : 'meanMinMax'

const unitOf = ({ entity }: SeriesRef, metric: string): string =>
  metricDefinition(entity.kind, metric)?.unit ?? ''

/** Wide form, header included. Sources are read at the same time and merged. Throws what they throw. */
export async function* wideCsv(options: RowsCsvOptions): AsyncGenerator<CsvChunk, void> {
  const { level, namesOf, fromAtMs, toAtMs } = options
  const out = new CsvBytes(options.zone)
  out.raw(
    seriesHeader(
      options.sources.flatMap((source) => source.series),
      namesOf,
      formOf(level)
    )
  )
  const heads = options.sources.map((source) => new Head(source, level))
  let rows = 0
  let atMs = fromAtMs
  const chunk = (): CsvChunk => {
    const made = { bytes: out.take(), rows, doneRatio: shareOf(atMs, fromAtMs, toAtMs) }
    rows = 0
    return made
  }
  try {
    for (;;) {
      for (const head of heads) if (head.isUsedUp) await head.next()
      if (heads.every((head) => head.isOver)) break
      // Up to where any source must be asked again: no await per row.
      while (heads.every((head) => !head.isUsedUp)) {
        atMs = nextTime(heads)
        out.time(atMs)
        for (const head of heads) head.writeCells(out, atMs)
        out.endRow()
        rows++
        if (out.size < CHUNK_BYTES) continue
        yield chunk()
        await nextTurn()
      }
    }
    atMs = toAtMs
    yield chunk()
  } finally {
    for (const head of heads) await head.close()
  }
}

function nextTime(heads: readonly Head[]): number {
  let first = Infinity
  for (const head of heads) if (head.atMs < first) first = head.atMs
  return first
}

/** Where the reading of one source stands. */
class Head {
  private readonly batches: AsyncIterator<RowBatch>
  /** Of each cell of a row: the mean, minimum and maximum of a metric share its scale. */
  private readonly scales: readonly number[]
  private batch: RowBatch | null = null
  private row = 0
  private done = false

  constructor({ series, rows }: RowSource, level: HistoryLevel) {
    const parts = level === 'raw' ? 1 : ROLLUP_PARTS.length
    this.scales = scalesOf(series).flatMap((scale) => Array.from({ length: parts }, () => scale))
    this.batches = rows()[Symbol.asyncIterator]()
  }

  /** The next batch must be asked for before anything can be said. */
  get isUsedUp(): boolean {
    return !this.done && this.batch === null
  }

  get isOver(): boolean {
    return this.done
  }

  /** Time of the next row; Infinity when there is none. */
  get atMs(): number {
    return this.batch?.atMs[this.row] ?? Infinity
  }

  async next(): Promise<void> {
    const next = await this.batches.next()
    this.row = 0
    this.done = next.done === true
    this.batch = next.done === true || next.value.atMs.length === 0 ? null : next.value
  }

  /** The cells of the row at that time; empty ones when it has none. */
  writeCells(out: CsvBytes, atMs: number): void {
    const { batch, scales } = this
    if (batch?.atMs[this.row] !== atMs) {
      out.commas(scales.length)
      return
    }
    const { values } = batch
    const start = this.row * batch.width
    for (let cell = 0; cell < scales.length; cell++) {
      out.comma()
      out.number(values[start + cell] ?? NaN, scales[cell] ?? 1)
    }
    if (++this.row === batch.atMs.length) this.batch = null
  }

  async close(): Promise<void> {
    if (!this.done) await this.batches.return?.()
  }
}

const scalesOf = (series: readonly SeriesRef[]): number[] =>
  series.flatMap(({ entity, metrics }) =>
    metrics.map((metric) => metricDefinition(entity.kind, metric)?.scale ?? 1)
  )

/** Long form, header included. Throws what the sources throw. */
export async function* longCsv(options: RowsCsvOptions): AsyncGenerator<CsvChunk, void> {
  const { sources, namesOf, level, fromAtMs, toAtMs } = options
  const out = new CsvBytes(options.zone)
  const valueColumns = level === 'raw' ? ['value'] : ROLLUP_PARTS
  out.raw(csvLine(['time', 'server', 'kind', 'entity', 'metric', 'unit', ...valueColumns]))
  let rows = 0
  for (const [index, source] of sources.entries()) {
    const labels = source.series.flatMap((ref) => longLabels(ref, namesOf))
    const scales = scalesOf(source.series)
    for await (const batch of source.rows()) {
      for (let row = 0; row < batch.atMs.length; row++) {
        rows += writeLongRows(out, batch, row, labels, scales)
        if (out.size < CHUNK_BYTES) continue
        const doneRatio = (index + shareOf(batch.atMs[row] ?? fromAtMs, fromAtMs, toAtMs)) / sources.length
        yield { bytes: out.take(), rows, doneRatio }
        rows = 0
        await nextTurn()
      }
    }
  }
  yield { bytes: out.take(), rows, doneRatio: 1 }
}

/** The values of one time, a row each. Returns how many there were. */
function writeLongRows(
  out: CsvBytes,
  { atMs, values, width }: RowBatch,
  row: number,
  labels: readonly Uint8Array[],
  scales: readonly number[]
): number {
  const parts = width / Math.max(1, labels.length)
  let rows = 0
  for (let column = 0; column < labels.length; column++) {
    const start = row * width + column * parts
    if (Number.isNaN(values[start])) continue
    out.time(atMs[row] ?? NaN)
    out.copy(labels[column] ?? NO_BYTES)
    for (let part = 0; part < parts; part++) {
      out.comma()
      out.number(values[start + part] ?? NaN, scales[column] ?? 1)
    }
    out.endRow()
    rows++
  }
  return rows
}

const NO_BYTES = new Uint8Array(0)

/** What stands between time and value, the same for every row of a metric. */
function longLabels(ref: SeriesRef, namesOf: NamesOf): Uint8Array[] {
  const { server, entity } = namesOf(ref)
  return ref.metrics.map((metric) => {
    const out = new CsvBytes('utc', 128)
    for (const text of [server, ref.entity.kind, entity, metric, unitOf(ref, metric)]) {
      out.comma()
      out.copy(cellBytes(text))
    }
    return out.take()
  })
}

function shareOf(atMs: number, fromAtMs: number, toAtMs: number): number {
  return Math.min(1, Math.max(0, (atMs - fromAtMs) / Math.max(1, toAtMs - fromAtMs)))
}

/** Exactly what a chart shows: its buckets. Envelope columns only where the answer has them. */
export function* answerAsCsv(
  answer: HistoryAnswer,
  series: readonly SeriesRef[],
  namesOf: NamesOf,
  zone: Zone
): Generator<CsvChunk, void> {
  const envelope = answer.series.some((entry) => entry.min.length > 0)
  let text = seriesHeader(series, namesOf, envelope ? 'meanMinMax' : 'values')
  let rows = 0
  for (const [index, atMs] of answer.atMs.entries()) {
    // Where nothing has a value a line breaks: that is for the eye, and no row.
    if (answer.series.every((entry) => (entry.mean[index] ?? null) === null)) continue
    rows++
    text += isoTime(atMs, zone)
    for (const entry of answer.series) {
      const mean = entry.mean[index] ?? null
      const cells = envelope ? [mean, entry.min[index] ?? mean, entry.max[index] ?? mean] : [mean]
      for (const cell of cells) text += `,${csvCell(cell)}`
    }
    text += '\r\n'
  }
  yield { bytes: Buffer.from(text), rows, doneRatio: 1 }
}

/** CSV of what is seen: RFC 4180, ISO 8601 with offset, unit in each header, formula-safe text. */
import { z } from 'zod'
import { task } from './define.ts'
import { HistoryLevel, SeriesRef } from './history.ts'
import { AtMs } from './units.ts'

/** A cell of a table on the screen: text is made formula-safe, numbers are written in full precision, null is empty. */
export const CsvCell = z.union([z.string().max(32_768), z.number(), z.null()])
export type CsvCell = z.infer<typeof CsvCell>

export const ExportProgress = z.object({ rows: z.int(), totalRows: z.int().nullable(), bytes: z.int() })
export type ExportProgress = z.infer<typeof ExportProgress>

/** Desktop: where the operator had it saved. Browser mode: an address on this console, good for one download. */
export const ExportResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string(), rows: z.int() }),
  z.object({ kind: z.literal('download'), rows: z.int() })
])
export type ExportResult = z.infer<typeof ExportResult>

/** What the task reports: first, in browser mode, the address to download from; then how far it is. */
export const ExportEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('address'), path: z.string() }),
  z.object({ kind: z.literal('progress'), progress: ExportProgress })
])
export type ExportEvent = z.infer<typeof ExportEvent>

export const exportsContract = {
  /** A chart, or several: one row per time, one column per series. */
  'exports.series': task(
    z.object({
      fileName: z.string().min(1).max(120),
      series: z.array(SeriesRef).min(1).max(64),
      fromAtMs: AtMs,
      toAtMs: AtMs,
      /** raw = every sample kept; a rollup gives mean, min and max columns. null = the level the chart shows. */
      level: HistoryLevel.nullable(),
      maxPoints: z.int().min(1).max(20_000)
    }),
    ExportEvent,
    ExportResult
  ),
  /** A table as it is shown: its visible columns (headers with units) and rows, in their order. */
  'exports.table': task(
    z.object({
      fileName: z.string().min(1).max(120),
      columns: z.array(z.string().max(200)).min(1).max(100),
      rows: z.array(z.array(CsvCell).max(100)).max(50_000)
    }),
    ExportEvent,
    ExportResult
  )
}

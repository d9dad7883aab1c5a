/** CSV of what is seen, and of any part of the history: RFC 4180, ISO 8601 with offset, unit in each header, formula-safe text. */
import { z } from 'zod'
import { task } from './define.ts'
import { EntityKindSchema, HistoryLevel, SeriesRef } from './history.ts'
import { ServerId } from './ids.ts'
import { AtMs } from './units.ts'

/** A cell of a table on the screen: text is made formula-safe, numbers are written in full precision, null is empty. */
export const CsvCell = z.union([z.string().max(32_768), z.number(), z.null()])
export type CsvCell = z.infer<typeof CsvCell>

/** What is written so far. `doneRatio`: share of the whole (rows of a table, range of a history), 0 to 1. */
export const ExportProgress = z.object({ rows: z.int(), bytes: z.int(), doneRatio: z.number().nullable() })
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

const FileName = z.string().min(1).max(120)

/** Columns of the wide form: more than a spreadsheet takes (16,384 in Excel and LibreOffice) is refused. */
export const EXPORT_MAX_WIDE_COLUMNS = 16_383

/** Which metrics of which entities: of the chosen servers all, those of some kinds, or certain series. */
export const ExportWhat = z.discriminatedUnion('by', [
  z.object({ by: z.literal('all') }),
  z.object({
    by: z.literal('kinds'),
    /** `metrics` null = all of the kind. */
    kinds: z
      .array(
        z.object({
          kind: EntityKindSchema,
          metrics: z.array(z.string().max(64)).min(1).max(128).nullable()
        })
      )
      .min(1)
      .max(32)
  }),
  z.object({ by: z.literal('series'), series: z.array(SeriesRef).min(1).max(256) })
])
export type ExportWhat = z.infer<typeof ExportWhat>

export const HistoryExport = z
  .object({
    fileName: FileName,
    serverIds: z.array(ServerId).min(1).max(2_047),
    what: ExportWhat,
    fromAtMs: AtMs,
    toAtMs: AtMs,
    /** raw = every sample kept; else mean, min and max of each minute, hour or day. */
    level: HistoryLevel,
    /** wide: a row per time, a column per metric. long: a row per value, server by server. */
    form: z.enum(['wide', 'long'])
  })
  .refine((choice) => choice.fromAtMs < choice.toAtMs, { path: ['toAtMs'] })
export type HistoryExport = z.infer<typeof HistoryExport>

export const exportsContract = {
  /**
   * Any range of any servers. Fails with nothingToExport when there is no value in it, tooManyColumns when a wide
   * form would have more than EXPORT_MAX_WIDE_COLUMNS.
   */
  'exports.history': task(HistoryExport, ExportEvent, ExportResult),
  /** A chart, or several: one row per time, one column per series. */
  'exports.series': task(
    z.object({
      fileName: FileName,
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
      fileName: FileName,
      columns: z.array(z.string().max(200)).min(1).max(100),
      rows: z.array(z.array(CsvCell).max(100)).max(50_000)
    }),
    ExportEvent,
    ExportResult
  )
}

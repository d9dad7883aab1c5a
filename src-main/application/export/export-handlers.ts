/** CSV exports: of any chart (series over a range) and of any table as it is shown. */
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { ExportEvent, ExportResult } from '#contract/exports.ts'
import type { SeriesRef } from '#contract/history.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ExportTarget } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import type { HistoryStore } from '../storage.ts'
import { csvLine } from './csv.ts'
import {
  answerAsCsv,
  formOf,
  rowsAsCsv,
  seriesHeader,
  type CsvChunk,
  type EntityLabel
} from './series-csv.ts'

export interface ExportDeps {
  readonly directory: ServerDirectory
  readonly history: HistoryStore
  readonly settings: SettingsKeeper
  readonly target: ExportTarget
}

interface ExportContext {
  readonly signal: AbortSignal
  progress(event: ExportEvent): void
}

type ExportHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `exports.${string}`>>
type SeriesInput = Parameters<ExportHandlers['exports.series']>[0]

/** Excel takes a file for UTF-8 only with this mark; every other reader skips it. */
const UTF8_MARK = '\uFEFF'
/** Sum of what is written at once, so that a slow disk or browser slows the reading. */
const WRITE_CHARS = 256 * 1024

export function exportHandlers(deps: ExportDeps): ExportHandlers {
  return {
    'exports.series': (input, context) =>
      writeAll(deps.target, input.fileName, seriesChunks(deps, input, context.signal), null, context),
    'exports.table': ({ fileName, columns, rows }, context) =>
      writeAll(deps.target, fileName, tableChunks(columns, rows), rows.length, context)
  }
}

type Chunks = AsyncIterable<CsvChunk> | Iterable<CsvChunk>

/** Throws cancelled, fileNotWritable, and what the chunks throw; nothing half-written stays. */
async function writeAll(
  target: ExportTarget,
  fileName: string,
  chunks: Chunks,
  totalRows: number | null,
  context: ExportContext
): Promise<ExportResult> {
  const sink = await target.open(safeFileName(fileName), context.signal)
  if (!sink) throw new AppError('cancelled')
  if (sink.kind === 'download') context.progress({ kind: 'address', path: sink.location })
  let rows = 0
  let bytes = 0
  let pending = UTF8_MARK
  const flush = async (): Promise<void> => {
    if (context.signal.aborted) throw new AppError('cancelled')
    bytes += Buffer.byteLength(pending)
    await sink.write(pending)
    pending = ''
    context.progress({ kind: 'progress', progress: { rows, totalRows, bytes } })
  }
  try {
    for await (const chunk of chunks) {
      pending += chunk.text
      rows += chunk.rows
      if (pending.length >= WRITE_CHARS) await flush()
    }
    await flush()
    await sink.finish()
  } catch (error) {
    await sink.abort()
    throw error
  }
  return sink.kind === 'file' ? { kind: 'file', path: sink.location, rows } : { kind: 'download', rows }
}

function* tableChunks(
  columns: readonly string[],
  rows: readonly (readonly (string | number | null)[])[]
): Generator<CsvChunk, void> {
  yield { text: csvLine(columns), rows: 0 }
  for (const row of rows) yield { text: csvLine(row), rows: 1 }
}

async function* seriesChunks(
  { directory, history, settings }: ExportDeps,
  { series, fromAtMs, toAtMs, level, maxPoints }: SeriesInput,
  signal: AbortSignal
): AsyncGenerator<CsvChunk, void> {
  const labelOf = labelsOf(directory)
  const zone = settings.current().timeZone
  if (level === null) {
    const answer = await history.read({ series, fromAtMs, toAtMs, maxPoints }, signal)
    yield* answerAsCsv(answer, series, labelOf, zone)
    return
  }
  yield { text: seriesHeader(series, labelOf, formOf(level)), rows: 0 }
  yield* rowsAsCsv(history.rows({ series, fromAtMs, toAtMs, level }, signal), zone)
}

function labelsOf(directory: ServerDirectory): EntityLabel {
  return ({ entity }: SeriesRef) => {
    const runtime = directory.find(entity.serverId)
    const server = runtime?.record.name ?? entity.serverId
    if (entity.kind === 'server') return server
    const name = entity.kind === 'vm' ? runtime?.machines.view(entity.key as VmUuid)?.name : undefined
    return `${server} / ${name ?? entity.key}`
  }
}

/** One plain name: no folders, no characters that a file system refuses. */
function safeFileName(name: string): string {
  const plain = name
    .replace(/\p{Cc}|[/\\:*?"<>|]/gu, '-')
    .replace(/^\.+/, '')
    .trim()
  return plain === '' ? 'export.csv' : plain
}

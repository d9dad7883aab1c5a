/** Brings the pieces of a file to where the operator wants it, with progress, and leaves nothing half-written. */
import { AppError } from '#contract/errors.ts'
import type { ExportEvent, ExportResult } from '#contract/exports.ts'
import type { ExportSink } from '../platform/platform.ts'
import type { CsvChunk } from './series-csv.ts'

export interface ExportContext {
  readonly signal: AbortSignal
  progress(event: ExportEvent): void
}

/** Excel takes a file for UTF-8 only with this mark; every other reader skips it. */
const UTF8_MARK = Uint8Array.of(0xef, 0xbb, 0xbf)

/**
 * `openSink` is called once there is something to write; null = the operator does not want it after all.
 * Throws cancelled; nothingToExport when there is no row and `emptyIsError`; what chunks and sink throw.
 */
export async function writeOut(
  chunks: AsyncIterable<CsvChunk> | Iterable<CsvChunk>,
  openSink: () => Promise<ExportSink | null>,
  context: ExportContext,
  { emptyIsError = false, utf8Mark = true } = {}
): Promise<ExportResult> {
  let sink: ExportSink | null = null
  let rows = 0
  let bytes = 0
  const write = async (to: ExportSink, piece: Uint8Array): Promise<void> => {
    if (context.signal.aborted) throw new AppError('cancelled')
    await to.write(piece)
    bytes += piece.byteLength
  }
  try {
    for await (const chunk of chunks) {
      // The first piece is whole before the sink is opened, so an empty export asks for no file.
      if (sink === null) {
        if (emptyIsError && chunk.rows === 0) throw new AppError('nothingToExport')
        sink = await openSink()
        if (sink === null) throw new AppError('cancelled')
        if (sink.kind === 'download') context.progress({ kind: 'address', path: sink.location })
        if (utf8Mark) await write(sink, UTF8_MARK)
      }
      await write(sink, chunk.bytes)
      rows += chunk.rows
      context.progress({ kind: 'progress', progress: { rows, bytes, doneRatio: chunk.doneRatio } })
    }
    if (sink === null) throw new AppError('nothingToExport')
    await sink.finish()
  } catch (error) {
    await sink?.abort()
    throw error
  }
  return sink.kind === 'file' ? { kind: 'file', path: sink.location, rows } : { kind: 'download', rows }
}

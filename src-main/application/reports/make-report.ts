/** Makes the files of one report. */
import { AppError } from '#contract/errors.ts'
import { ReportFormat, type ReportFile, type ReportProgress } from '#contract/reports.ts'
import { reportHtml } from '../../domain/reports/html.ts'
import type { ReportDesk, ReportFiles } from './report-desk.ts'
import { reportCsv } from './report-csv.ts'
import { gatherReport, type ReportData, type ReportRequest } from './report-data.ts'
import { reportDocument, type ReportMeta } from './report-document.ts'
import type { ReportSources } from './report-sources.ts'

export interface MakeDeps {
  readonly sources: ReportSources
  readonly files: ReportFiles
  readonly desk: Pick<ReportDesk, 'printer'>
}

export interface MakeRequest extends ReportRequest {
  readonly formats: readonly ReportFormat[]
  readonly folder: string
  /** Of the files, without an ending. */
  readonly name: string
  readonly meta: ReportMeta
}

export interface MakeContext {
  readonly signal: AbortSignal
  readonly progress: (progress: ReportProgress) => void
}

export interface MadeReport {
  readonly data: ReportData
  /** Nothing was measured: no file is written. */
  readonly empty: boolean
  readonly files: readonly ReportFile[]
  /** Why one of the files is missing. */
  readonly failure: Error | null
}

/** Share of the whole at which each step begins. */
const CHARTS_FROM = 0.6
const PDF_FROM = 0.75

/** Throws cancelled, and what keeps the figures from being read. A file that cannot be written is told in `failure`. */
export async function makeReport(
  { sources, files, desk }: MakeDeps,
  request: MakeRequest,
  { signal, progress }: MakeContext
): Promise<MadeReport> {
  progress({ step: 'figures', doneRatio: 0 })
  const data = await gatherReport(sources, request, signal, (ratio) =>
    progress({ step: 'figures', doneRatio: ratio * CHARTS_FROM })
  )
  if ((data.coverageRatio ?? 0) === 0) return { data, empty: true, files: [], failure: null }
  const { folder, name, formats, meta } = request
  const html = (): AsyncGenerator<Uint8Array> => bytesOf(reportHtml(reportDocument(data, meta)), signal)
  const write = async (format: ReportFormat): Promise<ReportFile> => {
    const fileName = `${name}.${format}`
    switch (format) {
      case 'html':
        progress({ step: 'charts', doneRatio: CHARTS_FROM })
        return { format, name: fileName, sizeBytes: await files.write(folder, fileName, html()) }
      case 'csv':
        return {
          format,
          name: fileName,
          sizeBytes: await files.write(folder, fileName, bytesOf(reportCsv(data), signal))
        }
      case 'pdf': {
        progress({ step: 'pdf', doneRatio: PDF_FROM })
        const pdf = await files.withTemporary(html(), (path) => desk.printer.print(path, signal))
        return { format, name: fileName, sizeBytes: await files.write(folder, fileName, [pdf]) }
      }
    }
  }
  const written: ReportFile[] = []
  let failure: Error | null = null
  // In a fixed order; one that fails does not keep the others from being written.
  for (const format of ReportFormat.options.filter((known) => formats.includes(known))) {
    signal.throwIfAborted()
    try {
      written.push(await write(format))
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled')
      failure ??= error instanceof Error ? error : new Error(String(error))
    }
  }
  return { data, empty: false, files: written, failure }
}

const PIECE_BYTES = 64 * 1024
/** Between two rests; a step of the screen is 16 ms. */
const WORK_MS = 8

/** Rests now and then, so that the console goes on while hundreds of charts are drawn. */
export async function* bytesOf(texts: Iterable<string>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let waiting: string[] = []
  let length = 0
  let restedAtMs = performance.now()
  for (const text of texts) {
    waiting.push(text)
    length += text.length
    if (performance.now() - restedAtMs > WORK_MS) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      signal.throwIfAborted()
      restedAtMs = performance.now()
    }
    if (length < PIECE_BYTES) continue
    yield Buffer.from(waiting.join(''))
    waiting = []
    length = 0
  }
  if (length > 0) yield Buffer.from(waiting.join(''))
}

/**
 * CSV of what is seen. The export is a task of the engine: progress and cancel are in the task drawer; here the file is
 * taken (browser mode) and its end is told.
 */
import { AppError } from '#contract/errors.ts'
import type { CsvCell, ExportEvent, ExportResult, HistoryExport } from '#contract/exports.ts'
import type { HistoryLevel, SeriesRef } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ProcessSeriesQuery } from '#contract/processes.ts'
import type { z } from 'zod'
import { useI18n } from 'vue-i18n'
import { useRpc } from '../../app/rpc-provider.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useToasts } from '../../ui/index.ts'
import { csvFileName } from './file-name.ts'

export interface SeriesExport {
  /** For the file's name: whose, and what. */
  readonly name: string
  readonly series: readonly SeriesRef[]
  readonly fromAtMs: number
  readonly toAtMs: number
  /** null = as the chart shows it. */
  readonly level: HistoryLevel | null
  readonly maxPoints: number
}

export interface CsvExport {
  /** Resolves when it has ended, well or not; the operator has been told by then. */
  exportTable(name: string, columns: readonly string[], rows: readonly (readonly CsvCell[])[]): Promise<void>
  exportSeries(input: SeriesExport): Promise<void>
  /** Processes of a server as they were, with everything that is kept of them. */
  exportProcessesAt(name: string, serverId: ServerId, atMs: number): Promise<void>
  exportProcessSeries(name: string, query: z.input<typeof ProcessSeriesQuery>): Promise<void>
  exportHistory(name: string, choice: Omit<HistoryExport, 'fileName'>): Promise<void>
}

/** Starts the download of an address on this console. Anything else is refused. */
export function follow(path: string): void {
  const address = new URL(path, window.location.href)
  if (address.origin !== window.location.origin)
    throw new AppError('refused', { params: { what: address.origin } })
  const anchor = document.createElement('a')
  anchor.href = address.href
  anchor.download = ''
  anchor.rel = 'noopener'
  anchor.hidden = true
  document.body.append(anchor)
  anchor.click()
  anchor.remove()
}

/** In setup only. */
export function useCsvExport(): CsvExport {
  const rpc = useRpc()
  const toasts = useToasts()
  const { t } = useI18n()
  const errorWords = useErrorWords()

  const onProgress = (event: ExportEvent): void => {
    if (event.kind === 'address') follow(event.path)
  }

  async function run(fileName: string, start: () => Promise<ExportResult>): Promise<void> {
    try {
      const result = await start()
      toasts.show({
        tone: 'ok',
        title: t('export.done', { rows: result.rows }),
        text: result.kind === 'file' ? result.path : fileName
      })
    } catch (error) {
      const words = errorWords(error)
      // The operator cancelled it, or the link is gone, of which the window tells by itself.
      if (words.code === 'cancelled') return
      toasts.show({ tone: 'red', title: words.title, text: words.next })
    }
  }

  return {
    exportTable(name, columns, rows) {
      const fileName = csvFileName(name, Date.now())
      return run(fileName, () => {
        const input = { fileName, columns: [...columns], rows: rows.map((row) => [...row]) }
        return rpc.task('exports.table', input, { onProgress }).result
      })
    },
    exportProcessesAt(name, serverId, atMs) {
      const fileName = csvFileName(name, atMs)
      return run(
        fileName,
        () => rpc.task('processes.exportAt', { serverId, atMs, fileName }, { onProgress }).result
      )
    },
    exportProcessSeries(name, query) {
      const fileName = csvFileName(name, Date.now())
      return run(
        fileName,
        () => rpc.task('processes.exportSeries', { ...query, fileName }, { onProgress }).result
      )
    },
    exportHistory(name, choice) {
      const fileName = csvFileName(name, Date.now())
      return run(fileName, () => rpc.task('exports.history', { ...choice, fileName }, { onProgress }).result)
    },
    exportSeries({ name, series, ...rest }) {
      const fileName = csvFileName(name, Date.now())
      return run(
        fileName,
        () => rpc.task('exports.series', { ...rest, fileName, series: [...series] }, { onProgress }).result
      )
    }
  }
}

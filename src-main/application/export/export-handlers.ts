/** CSV exports: of any part of the history, of any chart, and of any table as it is shown. */
import type { Handlers } from '#contract/define.ts'
import type { CsvCell, ExportResult } from '#contract/exports.ts'
import type { VmUuid } from '#contract/ids.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { ExportTarget } from '../platform/platform.ts'
import type { ServerDirectory } from '../servers/server-directory.ts'
import type { SettingsKeeper } from '../settings/settings-keeper.ts'
import type { HistoryStore, RowBatch } from '../storage.ts'
import { csvLine } from './csv.ts'
import { safeFileName } from './file-name.ts'
import { historyCsv } from './history-export.ts'
import { answerAsCsv, wideCsv, type CsvChunk, type NamesOf } from './series-csv.ts'
import { writeOut, type ExportContext } from './write-out.ts'

export interface ExportDeps {
  readonly directory: ServerDirectory
  readonly history: HistoryStore
  readonly settings: SettingsKeeper
  readonly target: ExportTarget
}

type ExportHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `exports.${string}`>>
type SeriesInput = Parameters<ExportHandlers['exports.series']>[0]

export function exportHandlers(deps: ExportDeps): ExportHandlers {
  const { directory, history, settings, target } = deps
  const save = (
    fileName: string,
    chunks: AsyncIterable<CsvChunk> | Iterable<CsvChunk>,
    context: ExportContext,
    options?: { emptyIsError: boolean }
  ): Promise<ExportResult> =>
    writeOut(chunks, () => target.open(safeFileName(fileName), context.signal), context, options)
  return {
    'exports.history'(choice, context) {
      const chunks = historyCsv({
        choice,
        history,
        serverName: (serverId) => directory.find(serverId)?.record.name ?? serverId,
        zone: settings.current().timeZone,
        signal: context.signal
      })
      return save(choice.fileName, chunks, context, { emptyIsError: true })
    },
    'exports.series': (input, context) =>
      save(input.fileName, seriesChunks(deps, input, context.signal), context),
    'exports.table': ({ fileName, columns, rows }, context) =>
      save(fileName, tableChunks(columns, rows), context)
  }
}

/** Rows of a table per piece. */
const TABLE_ROWS = 1_000

function* tableChunks(
  columns: readonly string[],
  rows: readonly (readonly CsvCell[])[]
): Generator<CsvChunk, void> {
  for (let from = 0; from === 0 || from < rows.length; from += TABLE_ROWS) {
    const some = rows.slice(from, from + TABLE_ROWS)
    const lines = from === 0 ? [columns, ...some] : some
    const doneRatio = rows.length === 0 ? 1 : (from + some.length) / rows.length
    yield { bytes: Buffer.from(lines.map(csvLine).join('')), rows: some.length, doneRatio }
  }
}

async function* seriesChunks(
  { directory, history, settings }: ExportDeps,
  { series, fromAtMs, toAtMs, level, maxPoints }: SeriesInput,
  signal: AbortSignal
): AsyncGenerator<CsvChunk, void> {
  const namesOf = liveNames(directory)
  const zone = settings.current().timeZone
  if (level === null) {
    const answer = await history.read({ series, fromAtMs, toAtMs, maxPoints }, signal)
    yield* answerAsCsv(answer, series, namesOf, zone)
    return
  }
  const rows = (): AsyncIterable<RowBatch> => history.rows({ series, fromAtMs, toAtMs, level }, signal)
  yield* wideCsv({ sources: [{ series, rows }], namesOf, level, fromAtMs, toAtMs, zone })
}

/** As the window names them now. */
function liveNames(directory: ServerDirectory): NamesOf {
  return ({ entity }) => {
    const runtime = directory.find(entity.serverId)
    const machine = entity.kind === 'vm' ? runtime?.machines.view(entity.key as VmUuid)?.name : undefined
    return { server: runtime?.record.name ?? entity.serverId, entity: machine ?? entity.key }
  }
}

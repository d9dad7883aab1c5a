/** Processes as they were, and the values of one process, as CSV. */
import type { CsvCell } from '#contract/exports.ts'
import type { PastProcess, PastTable } from '#contract/processes.ts'
import { csvLine, isoTime, type Zone } from '../export/csv.ts'
import type { CsvChunk } from '../export/series-csv.ts'
import type { ProcessMoment } from '../storage.ts'

const ROWS_PER_PIECE = 1_000

/** Header with unit, and the cell. */
const COLUMNS: readonly (readonly [string, (process: PastProcess) => CsvCell])[] = [
  ['pid', (one) => one.pid],
  ['start (ticks after boot)', (one) => one.startTicks],
  ['user', (one) => one.user],
  ['state', (one) => one.state],
  ['name', (one) => one.name],
  ['command line', (one) => one.commandLine],
  ['CPU (share of one thread)', (one) => one.cpuRatio],
  ['CPU user (ms)', (one) => one.cpuUserMs],
  ['CPU system (ms)', (one) => one.cpuSystemMs],
  ['memory (share of all)', (one) => one.memoryRatio],
  ['resident (bytes)', (one) => one.residentBytes],
  ['virtual (bytes)', (one) => one.virtualBytes],
  ['swap (bytes)', (one) => one.swapBytes],
  ['read (bytes since start)', (one) => one.readBytes],
  ['written (bytes since start)', (one) => one.writeBytes],
  ['nice', (one) => one.nice],
  ['threads', (one) => one.threads]
]

const HEADERS = ['server', 'time', ...COLUMNS.map(([header]) => header), 'started']

function line(server: string, atMs: number, process: PastProcess, zone: Zone): string {
  const cells = COLUMNS.map(([, cell]) => cell(process))
  return csvLine([server, isoTime(atMs, zone), ...cells, isoTime(process.startedAtMs, zone)])
}

/** One row per process. */
export function pastTableCsv(server: string, table: PastTable, zone: Zone): Generator<CsvChunk, void> {
  const { atMs, rows } = table
  return pieces(atMs === null ? [] : rows.map((process) => ({ atMs, process })), server, zone)
}

/** One row per reading (or five minutes, in the older past). */
export function seriesCsv(
  server: string,
  moments: readonly ProcessMoment[],
  zone: Zone
): Generator<CsvChunk, void> {
  const rows = moments.flatMap(({ atMs, process }) => (process === null ? [] : [{ atMs, process }]))
  return pieces(rows, server, zone)
}

function* pieces(
  rows: readonly { readonly atMs: number; readonly process: PastProcess }[],
  server: string,
  zone: Zone
): Generator<CsvChunk, void> {
  for (let from = 0; from === 0 || from < rows.length; from += ROWS_PER_PIECE) {
    const some = rows.slice(from, from + ROWS_PER_PIECE)
    const text = some.map(({ atMs, process }) => line(server, atMs, process, zone)).join('')
    const doneRatio = rows.length === 0 ? 1 : (from + some.length) / rows.length
    yield { bytes: Buffer.from((from === 0 ? csvLine(HEADERS) : '') + text), rows: some.length, doneRatio }
  }
}

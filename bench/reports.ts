/**
 * A report of 50 servers for a month, compared with the month before, from a history of the same fleet.
 * `npm run bench -- reports [--json] [--every SECONDS] [--keep FOLDER]`.
 *
 *   reportMs50ServersMonth   from the question to the written HTML and CSV files
 *   mainBlockedMaxMs         longest time the main thread stood still meanwhile
 *   htmlBytes                size of the HTML file
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { readFleetFigures } from '../src-main/application/fleet-figures/fleet-figures.ts'
import { makeReport } from '../src-main/application/reports/make-report.ts'
import { calendarSpan } from '../src-main/domain/reports/calendar.ts'
import { diskReportFiles } from '../src-main/platform/report-files.ts'
import { openStorage } from '../src-main/storage/client.ts'
import { benchLog } from './support/bench-log.ts'
import { makeReportFolder } from './support/report-folder.ts'

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    every: { type: 'string', default: '600' },
    keep: { type: 'string' }
  }
})
const zone: 'local' | 'utc' = 'utc'
const october = calendarSpan('monthly', '2026-10-15', zone)
const september = calendarSpan('monthly', '2026-09-15', zone)
const folder = options.keep ?? mkdtempSync(join(tmpdir(), 'virthelm-bench-reports-'))
const never = new AbortController().signal

if (!existsSync(join(folder, 'history.sqlite')))
  await makeReportFolder(folder, {
    servers: 50,
    fromMs: september.fromAtMs,
    toMs: october.toAtMs + 3_600_000,
    everyMs: Number(options.every) * 1_000
  })
const storage = await openStorage({
  dataFolder: folder,
  workerUrl: new URL('../src-main/storage/worker.ts', import.meta.url),
  log: benchLog,
  clock: { nowMs: () => october.toAtMs + 3_600_000 }
})
try {
  const records = (await storage.servers.list()).map(({ record }) => record)
  const figures = {
    history: storage.history,
    servers: () => records,
    zone: () => zone,
    nowMs: () => october.toAtMs
  } as const
  let longestMs = 0
  let isOver = false
  const watching = (async () => {
    for (let sinceMs = performance.now(); !isOver; sinceMs = performance.now()) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      longestMs = Math.max(longestMs, performance.now() - sinceMs)
    }
  })()
  const sinceMs = performance.now()
  const made = await makeReport(
    {
      sources: {
        figures: (query, signal) => readFleetFigures(query, figures, signal),
        alerts: { read: async () => [], words: () => '' },
        history: storage.history,
        servers: storage.servers
      },
      files: diskReportFiles(join(folder, 'reports')),
      desk: {
        printer: {
          print() {
            throw new Error('no PDF here')
          }
        }
      }
    },
    {
      kind: 'monthly',
      span: october,
      zone,
      serverIds: [],
      complete: true,
      formats: ['html', 'csv'],
      folder: join(folder, 'reports'),
      name: 'report',
      meta: { madeAtMs: october.toAtMs, version: 'bench', demo: false, alertWords: { words: () => '' } }
    },
    { signal: never, progress: () => undefined }
  )
  const reportMs = performance.now() - sinceMs
  isOver = true
  await watching
  if (made.failure !== null) throw made.failure
  const metrics = {
    reportMs50ServersMonth: Math.round(reportMs),
    mainBlockedMaxMs: Math.round(longestMs * 10) / 10,
    htmlBytes: made.files.find(({ format }) => format === 'html')?.sizeBytes ?? 0
  }
  if (options.json) console.log(JSON.stringify(metrics))
  else console.table(metrics)
} finally {
  await storage.close()
  if (options.keep === undefined) rmSync(folder, { recursive: true, force: true })
}

/** The figures of a week and of a month beside the same figures out of SQL over the samples themselves. */
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readCsv } from '../../../test/fakes/csv-reader.ts'
import { calendarSpan } from '../../domain/reports/calendar.ts'
import { openAt } from '../../storage/test-open.ts'
import { makeTemporaryFolder, never, removeFolder, serverRecord } from '../../storage/test-support.ts'
import { readFleetFigures } from '../fleet-figures/fleet-figures.ts'
import type { Storage } from '../storage.ts'
import { reportCsv } from './report-csv.ts'
import { gatherReport, type ReportData } from './report-data.ts'

const STEP_MS = 10 * 60_000
const month = calendarSpan('monthly', '2026-01-01', 'utc')
const week = calendarSpan('weekly', '2026-01-12', 'utc')
const names = ['alpha', 'beta']
const servers = names.map((name) => ({ ...serverRecord('any'), name }))
const nowMs = month.toAtMs + 60_000
const sql = new Sqlite(':memory:')

let folder: string
let storage: Storage

const valuesAt = (server: number, step: number): Record<string, number> => ({
  cpuUsedRatio: ((step * 37 + server * 311) % 9_000) / 10_000,
  memoryUsedRatio: ((step * 3 + server) % 5_000) / 10_000,
  diskUsedRatio: (4_000 + Math.floor(step / 10)) / 10_000,
  netRxBytesPerSec: (step * 101) % 50_000
})
/** The second server was away for two days and a half. */
const isMeasured = (server: number, step: number): boolean => server === 0 || step < 1_500 || step >= 1_860

beforeAll(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder, nowMs)
  sql.exec('CREATE TABLE sample (server TEXT, metric TEXT, at_ms INTEGER, value REAL)')
  const insert = sql.prepare('INSERT INTO sample VALUES (?, ?, ?, ?)')
  for (const record of servers) await storage.servers.insert(record)
  sql.exec('BEGIN')
  let written: Promise<void>[] = []
  for (let step = 0; month.fromAtMs + step * STEP_MS < month.toAtMs; step++) {
    const atMs = month.fromAtMs + step * STEP_MS
    for (const [server, record] of servers.entries()) {
      if (!isMeasured(server, step)) continue
      const values = valuesAt(server, step)
      written.push(
        storage.history.append({
          serverId: record.id,
          atMs,
          entities: [{ kind: 'server', key: '', values }]
        })
      )
      for (const [metric, value] of Object.entries(values)) insert.run(record.name, metric, atMs, value)
    }
    if (written.length < 1_000) continue
    await storage.history.flush()
    await Promise.all(written)
    written = []
  }
  sql.exec('COMMIT')
  await storage.history.flush()
  await Promise.all(written)
}, 60_000)

afterAll(async () => {
  await storage.close()
  removeFolder(folder)
  sql.close()
})

function report(kind: 'weekly' | 'monthly', span: { fromAtMs: number; toAtMs: number }): Promise<ReportData> {
  const figures = {
    history: storage.history,
    servers: () => servers,
    zone: () => 'utc' as const,
    nowMs: () => nowMs
  }
  return gatherReport(
    {
      figures: (query, signal) => readFleetFigures(query, figures, signal),
      alerts: { read: async () => [], words: () => '' },
      history: storage.history,
      servers: storage.servers
    },
    { kind, span, zone: 'utc', serverIds: [], complete: true },
    never
  )
}

interface Row {
  mean: number | null
  min: number
  max: number
  samples: number
}
const recomputed = (server: string, metric: string, fromAtMs: number, toAtMs: number): Row =>
  sql
    .prepare<unknown[], Row>(
      `SELECT avg(value) AS mean, min(value) AS min, max(value) AS max, count(*) AS samples
       FROM sample WHERE server = ? AND metric = ? AND at_ms >= ? AND at_ms < ?`
    )
    .get(server, metric, fromAtMs, toAtMs) as Row

describe.each([
  ['weekly', week, 'hour', 7 * 24],
  ['monthly', month, 'day', 31]
] as const)('a %s report', (kind, span, step, steps) => {
  it('has the figures that SQL has, gaps left out', async () => {
    const [header = [], ...rows] = readCsv([...reportCsv(await report(kind, span))].join(''))
    for (const name of names) {
      const row = rows.find((cells) => cells[header.indexOf('Server')] === name) ?? []
      const value = (column: string): number => Number(row[header.indexOf(column)])
      for (const [words, metric, unit] of [
        ['CPU used', 'cpuUsedRatio', 'ratio'],
        ['Memory used', 'memoryUsedRatio', 'ratio'],
        ['Disk used', 'diskUsedRatio', 'ratio'],
        ['Network received', 'netRxBytesPerSec', 'bytes/s']
      ] as const) {
        const { mean, min, max } = recomputed(name, metric, span.fromAtMs, span.toAtMs)
        expect(value(`${words} mean [${unit}]`)).toBeCloseTo(mean ?? NaN, 6)
        expect(value(`${words} min [${unit}]`)).toBeCloseTo(min, 6)
        expect(value(`${words} max [${unit}]`)).toBeCloseTo(max, 6)
      }
    }
  })

  it(`draws means by the ${step}, and nothing where nothing was measured`, async () => {
    const { trends } = await report(kind, span)
    expect(trends.step).toBe(step)
    expect(trends.edgesAtMs).toHaveLength(steps + 1)
    for (const [server, record] of servers.entries()) {
      const drawn = trends.byServer.get(record.id)?.cpuUsedRatio ?? []
      for (let index = 0; index < steps; index++) {
        const [from = 0, to = 0] = [trends.edgesAtMs[index], trends.edgesAtMs[index + 1]]
        const { mean } = recomputed(names[server] ?? '', 'cpuUsedRatio', from, to)
        if (mean === null) expect(drawn[index] ?? null).toBeNull()
        else expect(drawn[index]).toBeCloseTo(mean, 6)
      }
    }
  })
})

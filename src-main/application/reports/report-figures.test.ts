/** Every figure of a report beside the same figure out of SQL over the samples themselves. */
import Sqlite from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import { readCsv } from '../../../test/fakes/csv-reader.ts'
import { calendarSpan } from '../../domain/reports/calendar.ts'
import { reportHtml } from '../../domain/reports/html.ts'
import { quantity } from '../../domain/reports/quantity.ts'
import { openAt } from '../../storage/test-open.ts'
import { makeTemporaryFolder, never, removeFolder, serverRecord } from '../../storage/test-support.ts'
import { readFleetFigures } from '../fleet-figures/fleet-figures.ts'
import type { Storage } from '../storage.ts'
import { reportCsv } from './report-csv.ts'
import { gatherReport, type ReportData } from './report-data.ts'
import { reportDocument } from './report-document.ts'

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const day = calendarSpan('daily', '2026-01-06', 'utc')
const names = ['alpha', '=cmd|calc', '<img src=x onerror=alert(1)>']
const servers = names.map((name) => ({ ...serverRecord('any'), name }))
const sql = new Sqlite(':memory:')

let folder: string
let storage: Storage
let data: ReportData

/** Whole numbers of the catalogue's precision, so that nothing is rounded on the way into the history. */
function valuesAt(server: number, minute: number): Record<string, number> {
  const cpu = ((minute * 7 + server * 311) % 9_000) / 10_000
  return {
    cpuUsedRatio: cpu,
    memoryTotalBytes: 64_000_000_000,
    memoryUsedBytes: 8_000_000_000 + ((minute * 13) % 1_000) * 1_000_000,
    memoryUsedRatio: ((minute * 3 + server) % 5_000) / 10_000,
    diskTotalBytes: 1_000_000_000_000,
    diskUsedBytes: 400_000_000_000 + minute * 1_000_000,
    diskUsedRatio: (4_000 + Math.floor(minute / 10)) / 10_000,
    netRxBytesPerSec: (minute * 101) % 50_000,
    netTxBytesPerSec: (minute * 57 + server) % 20_000,
    powerWatts: 100 + (minute % 40),
    usersLoggedIn: minute % 3,
    uptimeSec: 1_000 + minute * 60
  }
}
/** The second server was away in the afternoon. */
const isMeasured = (server: number, minute: number): boolean =>
  server !== 1 || minute % 1_440 < 780 || minute % 1_440 >= 1_000

beforeAll(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder, day.toAtMs + MINUTE_MS)
  sql.exec('CREATE TABLE sample (server TEXT, kind TEXT, metric TEXT, at_ms INTEGER, value REAL)')
  const insert = sql.prepare('INSERT INTO sample VALUES (?, ?, ?, ?, ?)')
  for (const record of servers) await storage.servers.insert(record)
  const fromMs = day.fromAtMs - DAY_MS
  const appended: Promise<void>[] = []
  sql.exec('BEGIN')
  for (const [server, record] of servers.entries()) {
    for (let minute = 0; minute < 2 * 1_440; minute++) {
      if (!isMeasured(server, minute)) continue
      const atMs = fromMs + minute * MINUTE_MS
      const values = valuesAt(server, minute)
      const free = 2_000_000_000 + ((minute * 17) % 2_000) * 10_000_000
      const entities: EntityValues[] = [{ kind: 'server', key: '', values }]
      if (server === 0)
        entities.push({
          kind: 'gpu',
          key: 'GPU-1',
          values: {
            memoryTotalBytes: 24e9,
            memoryFreeBytes: free,
            memoryUsedRatio: Math.round((1 - free / 24e9) * 1e4) / 1e4
          }
        })
      appended.push(storage.history.append({ serverId: record.id, atMs, entities }))
      for (const [metric, value] of Object.entries(values))
        insert.run(record.name, 'server', metric, atMs, value)
      if (server === 0) insert.run(record.name, 'gpu', 'memoryFreeBytes', atMs, free)
    }
  }
  sql.exec('COMMIT')
  await storage.history.flush()
  await Promise.all(appended)
  data = await report(day)
}, 60_000)

afterAll(async () => {
  await storage.close()
  removeFolder(folder)
  sql.close()
})

function report(span: { fromAtMs: number; toAtMs: number }): Promise<ReportData> {
  const figures = {
    history: storage.history,
    servers: () => servers,
    zone: () => 'utc' as const,
    nowMs: () => day.toAtMs + MINUTE_MS
  }
  return gatherReport(
    {
      figures: (query, signal) => readFleetFigures(query, figures, signal),
      alerts: { read: async () => [], words: () => '' },
      history: storage.history,
      servers: storage.servers
    },
    { kind: 'daily', span, zone: 'utc', serverIds: [], complete: true },
    never
  )
}

interface Row {
  mean: number
  min: number
  max: number
  minutes: number
}
function recomputed(
  server: string,
  metric: string,
  from = day.fromAtMs,
  to = day.toAtMs,
  kind = 'server'
): Row {
  return sql
    .prepare<unknown[], Row>(
      `SELECT avg(value) AS mean, min(value) AS min, max(value) AS max, count(DISTINCT at_ms / 60000) AS minutes
       FROM sample WHERE server = ? AND metric = ? AND kind = ? AND at_ms >= ? AND at_ms < ?`
    )
    .get(server, metric, kind, from, to) as Row
}
function medianOf(server: string, metric: string): number {
  const row = sql
    .prepare<unknown[], { median: number }>(
      `WITH one AS (SELECT value, row_number() OVER (ORDER BY value) AS place, count(*) OVER () AS total
         FROM sample WHERE server = ? AND metric = ? AND kind = 'server' AND at_ms >= ? AND at_ms < ?)
       SELECT avg(value) AS median FROM one WHERE place IN ((total + 1) / 2, (total + 2) / 2)`
    )
    .get(server, metric, day.fromAtMs, day.toAtMs)
  return row?.median ?? NaN
}

function csvRows(): Record<string, string>[] {
  const [header = [], ...rows] = readCsv([...reportCsv(data)].join(''))
  return rows.map((row) => Object.fromEntries(header.map((name, index) => [name, row[index] ?? ''])))
}
/** As a formula-safe cell holds it. */
const safe = (name: string): string => (name.startsWith('=') ? `'${name}` : name)

describe('the CSV', () => {
  it.each(names)('has for %s what SQL has', (name) => {
    const row = csvRows().find((one) => one['Of'] === 'server' && one['Server'] === safe(name))
    const value = (column: string): number => Number(row?.[column])
    for (const [words, metric, unit] of [
      ['CPU used', 'cpuUsedRatio', 'ratio'],
      ['Memory used', 'memoryUsedRatio', 'ratio'],
      ['Memory used', 'memoryUsedBytes', 'bytes'],
      ['Disk used', 'diskUsedRatio', 'ratio'],
      ['Disk used', 'diskUsedBytes', 'bytes'],
      ['Network received', 'netRxBytesPerSec', 'bytes/s'],
      ['Network sent', 'netTxBytesPerSec', 'bytes/s'],
      ['Power', 'powerWatts', 'W'],
      ['Users logged in', 'usersLoggedIn', 'count']
    ] as const) {
      const { mean, min, max } = recomputed(name, metric)
      expect(value(`${words} mean [${unit}]`)).toBeCloseTo(mean, 6)
      expect(value(`${words} min [${unit}]`)).toBeCloseTo(min, 6)
      expect(value(`${words} max [${unit}]`)).toBeCloseTo(max, 6)
      expect(value(`${words} median [${unit}]`)).toBeCloseTo(medianOf(name, metric), 6)
    }
    const cpu = recomputed(name, 'cpuUsedRatio')
    expect(value('Measured [share of period]')).toBeCloseTo(cpu.minutes / 1_440, 6)
    const rx = recomputed(name, 'netRxBytesPerSec')
    const watts = recomputed(name, 'powerWatts')
    expect(value('Received [bytes]') / (rx.mean * rx.minutes * 60)).toBeCloseTo(1, 6)
    expect(value('Energy [Wh]')).toBeCloseTo((watts.mean * watts.minutes) / 60, 4)
    expect(row?.['From']).toBe('2026-01-06T00:00:00.000+00:00')
    expect(row?.['To']).toBe('2026-01-07T00:00:00.000+00:00')
  })

  it('has the share of time in which the card was idle by its free memory', () => {
    const row = csvRows().find((one) => one['Of'] === 'card')
    const { share } = sql
      .prepare<unknown[], { share: number }>(
        "SELECT avg(value > 8e9) AS share FROM sample WHERE kind = 'gpu' AND at_ms >= ? AND at_ms < ?"
      )
      .get(day.fromAtMs, day.toAtMs) ?? { share: NaN }
    expect(Number(row?.['GPU idle, more than 8 GB free [share of measured time]'])).toBeCloseTo(share, 9)
  })

  it('has of all servers the mean of their means, and the sum of their amounts', () => {
    const all = csvRows().find((one) => one['Of'] === 'all servers')
    const means = names.map((name) => recomputed(name, 'cpuUsedRatio').mean)
    expect(Number(all?.['CPU used mean [ratio]'])).toBeCloseTo(
      means.reduce((sum, one) => sum + one, 0) / 3,
      6
    )
  })
})

describe('the pages', () => {
  it('show the same figures, and what differs from the day before', () => {
    const html = [
      ...reportHtml(
        reportDocument(data, {
          madeAtMs: day.toAtMs,
          version: 'test',
          demo: false,
          alertWords: { words: () => '' }
        })
      )
    ].join('')
    const { mean } = recomputed('alpha', 'cpuUsedRatio')
    const before = recomputed('alpha', 'cpuUsedRatio', day.fromAtMs - DAY_MS, day.fromAtMs).mean
    const difference = Math.abs((mean - before) * 100).toFixed(1)
    const statistics = html.slice(html.indexOf('id="statistics"'), html.indexOf('id="busy"'))
    const row = /<tr><th[^>]*>.*?<bdi>alpha<\/bdi>.*?<\/tr>/.exec(statistics)?.[0] ?? ''
    expect(row).toContain(`<bdi>${quantity('ratio', mean)}</bdi>`)
    expect(row).toContain(`${mean > before ? '▲' : '▼'} ${difference}\u00a0points`)
    expect(html).not.toContain('<img')
  })

  it('draw the means of five minutes, and grey where nothing was measured', () => {
    const { trends } = data
    expect(trends.step).toBe('fiveMinutes')
    const away = servers[1]
    const trend = away === undefined ? undefined : trends.byServer.get(away.id)
    expect(trends.edgesAtMs).toHaveLength(289)
    for (const step of [0, 77, 155, 157, 199, 200, 287]) {
      const [from = 0, to = 0] = [trends.edgesAtMs[step], trends.edgesAtMs[step + 1]]
      const { mean } = recomputed(names[1] ?? '', 'cpuUsedRatio', from, to)
      const drawn = trend?.cpuUsedRatio[step] ?? null
      if (drawn === null) expect(mean).toBeNull()
      else expect(drawn).toBeCloseTo(mean, 9)
    }
    expect(trend?.cpuUsedRatio.slice(156, 200).every((value) => value === null)).toBe(true)
  })
})

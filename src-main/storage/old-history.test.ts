import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { HistoryAnswer } from '#contract/history.ts'
import type { Storage } from '../application/storage.ts'
import { dataFiles, makeFolder } from './files.ts'
import { firstSchema } from './migrations/history/0001-first-schema.ts'
import { ByteWriter } from './samples/bytes.ts'
import { codedKind } from './samples/catalogue.ts'
import { packBody, packRow } from './samples/codec.ts'
import { HOUR_MS, rollupKey, tailKey } from './samples/keys.ts'
import { openAt } from './test-open.ts'
import { makeTemporaryFolder, never, newServerId, removeFolder, START_MS } from './test-support.ts'

/** Samples of two days and a half, as the first version kept them: all in the tail, minutes and hours beside them. */
const HOURS = 60
const STEP_MS = 60_000
const NOW_MS = START_MS + HOURS * HOUR_MS
const LOAD1 = codedKind('server').byName.get('load1')?.code ?? 0

const serverId = newServerId()
let folder: string
let storage: Storage | null = null

const loadAt = (index: number): number => (index * 37) % 500

function makeOldFile(): void {
  const files = dataFiles(folder)
  makeFolder(files.backups)
  const db = new BetterSqlite3(files.history)
  db.pragma('journal_mode = WAL')
  firstSchema.up(db)
  db.pragma('user_version = 1')
  const columns = ['sum', 'min', 'max', 'count'].map((part) => `m${LOAD1}_${part}`)
  for (const table of ['minute_server', 'hour_server'])
    for (const column of columns) db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} INTEGER`)
  db.prepare('INSERT INTO server (number, server_id) VALUES (1, ?)').run(serverId)
  db.prepare("INSERT INTO entity VALUES (1, 1, 'server', '', '', ?, ?)").run(START_MS, NOW_MS - STEP_MS)
  const insert = db.prepare('INSERT INTO tail (id, server, data) VALUES (?, 1, ?)')
  const rollup = (table: string) =>
    db.prepare(`INSERT INTO ${table} (id, samples, ${columns.join(', ')}) VALUES (?, ?, ?, ?, ?, NULL)`)
  const [minute, hour] = [rollup('minute_server'), rollup('hour_server')]
  const fill = db.transaction(() => {
    for (let index = 0; index < (HOURS * HOUR_MS) / STEP_MS; index++) {
      const atMs = START_MS + index * STEP_MS
      const out = new ByteWriter(64)
      packBody(codedKind('server'), { load1: loadAt(index) / 100 }, out)
      insert.run(tailKey(1, atMs), packRow([1], [out.length], out.take(), new ByteWriter(64)))
      minute.run(rollupKey(1, atMs / 60_000), 1, loadAt(index), null, null)
    }
    for (let at = 0; at < HOURS; at++) {
      const values = Array.from({ length: 60 }, (_, index) => loadAt(at * 60 + index))
      const sum = values.reduce((total, value) => total + value, 0)
      hour.run(rollupKey(1, START_MS / HOUR_MS + at), 60, sum, Math.min(...values), Math.max(...values))
    }
  })
  fill()
  db.close()
}

beforeEach(() => {
  folder = makeTemporaryFolder()
  makeOldFile()
})

afterEach(async () => {
  await storage?.close()
  storage = null
  removeFolder(folder)
})

function read(fromAtMs: number, toAtMs: number, maxPoints: number): Promise<HistoryAnswer> {
  const series = [{ entity: { serverId, kind: 'server' as const, key: '' }, metrics: ['load1'] }]
  if (storage === null) throw new Error('storage is not open')
  return storage.history.read({ series, fromAtMs, toAtMs, maxPoints }, never)
}

const count = (table: string): unknown => {
  const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
  try {
    return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
  } finally {
    db.close()
  }
}

it('a history of the first version is brought over: nothing is lost, and rollups show at once', async () => {
  storage = await openAt(folder, NOW_MS)
  const hours = await read(START_MS, NOW_MS, 100)
  expect([hours.level, hours.atMs.length]).toEqual(['hour', HOURS])
  // Samples become chunks and days little by little, the newest first; then nothing but the open hour is in the tail.
  await storage.history.applyRetention(
    { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null },
    NOW_MS + HOUR_MS
  )
  expect([count('chunk'), count('tail'), count('unsealed')]).toEqual([HOURS, 0, 0])
  for (const hour of [0, 13, HOURS - 1]) {
    const fromMs = START_MS + hour * HOUR_MS
    const { level, series } = await read(fromMs, fromMs + HOUR_MS, 1_000)
    expect(level).toBe('raw')
    expect(series[0]?.mean).toEqual(Array.from({ length: 60 }, (_, index) => loadAt(hour * 60 + index) / 100))
  }
  expect(await read(START_MS, NOW_MS, 100)).toEqual(hours)
  // Days that are over, of their samples.
  expect(count('day_server WHERE m10_median IS NOT NULL AND m10_p95 IS NOT NULL')).toBe(2)
})

import { cpSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import type { Storage } from '../application/storage.ts'
import { appendAll } from './test-naive.ts'
import { openAt } from './test-open.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  removeFolder,
  serverRecord,
  serverTick,
  START_MS
} from './test-support.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

let folder: string
let storage: Storage

beforeEach(async () => {
  folder = makeTemporaryFolder()
  storage = await openAt(folder)
})

afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

/** One tick a minute. */
async function fill(serverId: ServerId, minutes: number): Promise<void> {
  for (let from = 0; from < minutes; from += 5_000) {
    const batch = Array.from({ length: Math.min(5_000, minutes - from) }, (_, index) => from + index)
    await appendAll(
      storage,
      batch.map((minute) => serverTick(serverId, START_MS + minute * 60_000, { load1: minute % 60 }))
    )
  }
}

async function read(serverId: ServerId, fromAtMs: number, toAtMs: number) {
  return storage.history.read(
    {
      series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['load1'] }],
      fromAtMs,
      toAtMs,
      maxPoints: 5_000
    },
    never
  )
}

function counts(): Record<string, unknown> {
  const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
  try {
    const tables = [
      'tail',
      'chunk',
      'minute_server',
      'hour_server',
      'day_server',
      'entity',
      'server',
      'unsealed',
      'gap'
    ]
    return Object.fromEntries(
      tables.map((table) => [table, db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()])
    )
  } finally {
    db.close()
  }
}

it('removes each level when its time has come; charts go on with what is left', async () => {
  const serverId = newServerId()
  const minutes = 8 * 24 * 60
  await fill(serverId, minutes)
  const endMs = START_MS + minutes * 60_000
  const keep = { rawDays: 1, minuteDays: 7, hourDays: 30, budgetBytes: null }
  await storage.history.applyRetention(keep, endMs + HOUR_MS)
  // Samples of 23 hours in chunks, then minutes, then hours.
  expect(counts()).toMatchObject({
    tail: 0,
    chunk: 23,
    minute_server: 6 * 24 * 60,
    hour_server: 8 * 24,
    day_server: 8
  })
  expect((await read(serverId, endMs - HOUR_MS, endMs)).level).toBe('raw')
  const old = await read(serverId, endMs - 3 * DAY_MS, endMs - 3 * DAY_MS + HOUR_MS)
  expect([old.level, old.atMs.length]).toEqual(['minute', 60])
  const oldest = await read(serverId, START_MS, START_MS + 3 * HOUR_MS)
  expect([oldest.level, oldest.atMs.length, oldest.series[0]?.max]).toEqual(['hour', 3, [59, 59, 59]])
  // Ticks of a time whose raw rows are gone would make false rollups.
  await expect(
    storage.history.append(serverTick(serverId, START_MS + 30_000, { load1: 9 }))
  ).rejects.toMatchObject({ code: 'invalidInput' })

  await storage.history.applyRetention(keep, endMs + 40 * DAY_MS)
  // Days are kept for ever.
  expect(counts()).toMatchObject({ chunk: 0, minute_server: 0, hour_server: 0, day_server: 9, entity: 1 })
  const days = await read(serverId, START_MS, endMs)
  expect([days.level, days.atMs.length, days.series[0]?.max[4]]).toEqual(['day', 9, 59])
})

it('lets the newest values of a server outlive its raw rows', async () => {
  const record = serverRecord('Alpha')
  await storage.servers.insert(record)
  await fill(record.id, 120)
  await storage.history.applyRetention(
    { rawDays: 1, minuteDays: 7, hourDays: 30, budgetBytes: null },
    START_MS + 3 * DAY_MS
  )
  await storage.close()
  storage = await openAt(folder, START_MS + 3 * DAY_MS)
  expect(counts()).toMatchObject({ tail: 0, chunk: 0 })
  const [server] = await storage.servers.list()
  expect(server?.lastNow).toMatchObject({ atMs: START_MS + 119 * 60_000, load1: 59 })
})

it('deletes the history of a removed server wholly, and of no other', async () => {
  const [gone, kept] = [serverRecord('Gone'), serverRecord('Kept')]
  for (const record of [gone, kept]) {
    await storage.servers.insert(record)
    await fill(record.id, 300)
  }
  await storage.history.applyRetention(
    { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null },
    START_MS + DAY_MS
  )
  const before = counts()
  await storage.servers.remove([gone.id], { deleteHistory: true })
  await storage.close()
  // What was cut off by closing goes on at the next start.
  storage = await openAt(folder, START_MS + DAY_MS)
  await expect.poll(counts, { timeout: 10_000 }).toMatchObject({ chunk: 5, server: 1, entity: 1 })
  expect(before).toMatchObject({ chunk: 10, server: 2, entity: 2 })
  expect(counts()).toMatchObject({ hour_server: 5 })
  expect((await read(kept.id, START_MS, START_MS + 5 * HOUR_MS)).atMs).toHaveLength(300)
})

it('keeps the history of a removed server when asked to', async () => {
  const record = serverRecord('Alpha')
  await storage.servers.insert(record)
  await fill(record.id, 10)
  await storage.servers.remove([record.id], { deleteHistory: false })
  expect((await read(record.id, START_MS, START_MS + HOUR_MS)).atMs).toHaveLength(10)
})

it('leaves the rows of ticks that come while the tail is trimmed', async () => {
  const servers = Array.from({ length: 12 }, () => newServerId())
  const [serverId = newServerId()] = servers
  for (let from = 0; from < 2_160; from += 720) {
    const steps = Array.from({ length: 720 }, (_, index) => from + index)
    const hour = steps.flatMap((step) =>
      servers.map((id) => serverTick(id, START_MS + step * 5_000, { load1: step % 60 }))
    )
    await appendAll(storage, hour)
  }
  let trimming = true
  const trimmed = storage.history
    .applyRetention({ rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null }, START_MS + DAY_MS)
    .finally(() => (trimming = false))
  // A late one for an hour whose rows are just being removed: its chunk was written without it.
  const tail = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
  const rows = tail.prepare('SELECT count(*) FROM tail').pluck()
  const before = rows.get()
  let late = 0
  while (trimming && late === 0) {
    await new Promise(setImmediate)
    if (rows.get() === before) continue
    const tick = serverTick(serverId, START_MS + 1, { load1: 1 })
    await Promise.all([storage.history.append(tick), storage.history.flush()])
    late++
  }
  tail.close()
  expect(late).toBe(1)
  await trimmed
  // As after a crash: from the files alone.
  const files = makeTemporaryFolder()
  cpSync(folder, files, { recursive: true })
  const again = await openAt(files, START_MS + DAY_MS)
  try {
    const answer = await again.history.rowsPage(
      {
        series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['load1'] }],
        fromAtMs: START_MS,
        beforeAtMs: START_MS + 3 * HOUR_MS,
        level: 'raw',
        limit: 10_000
      },
      never
    )
    expect(answer.atMs).toHaveLength(2_160 + late)
  } finally {
    await again.close()
    removeFolder(files)
  }
})

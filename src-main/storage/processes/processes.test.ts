import { existsSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { PastProcess } from '#contract/processes.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Storage } from '../../application/storage.ts'
import { openAt } from '../test-open.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  removeFolder,
  serverRecord,
  START_MS
} from '../test-support.ts'
import { COLUMNS, decodeHour, decodeReading, encodeHour, encodeReading, type StoredReading } from './codec.ts'

const MIB = 2 ** 20
const TICK_MS = 10_000
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

const one = (changes: Partial<PastProcess> = {}): PastProcess => ({
  pid: 812,
  startTicks: 4711,
  name: 'nginx',
  commandLine: 'nginx: worker process',
  user: 'www-data',
  state: 'S',
  startedAtMs: START_MS - 3_600_000,
  cpuRatio: 0.25,
  cpuUserMs: 12_340,
  cpuSystemMs: 560,
  residentBytes: 32 * MIB,
  virtualBytes: 120 * MIB,
  swapBytes: null,
  memoryRatio: 32 / 1024,
  threads: 3,
  nice: -5,
  readBytes: 123_456_789,
  writeBytes: null,
  ...changes
})
const append = (serverId: ServerId, atMs: number, ...processes: PastProcess[]): Promise<void> =>
  storage.processes.append({ serverId, atMs, memoryTotalBytes: 1024 * MIB, processes })
const seriesOf = (serverId: ServerId, fromAtMs = START_MS, toAtMs = START_MS + 30 * 86_400_000) =>
  storage.processes.series({ serverId, process: { pid: 812, startTicks: 4711 }, fromAtMs, toAtMs }, never)

describe('processes of the past', () => {
  it('come back as they were, after a restart too', async () => {
    const serverId = newServerId()
    await append(
      serverId,
      START_MS,
      one(),
      one({ pid: 1, name: 'x\n1 (init)', commandLine: null, user: null })
    )
    await storage.close()
    storage = await openAt(folder)
    const table = await storage.processes.at(serverId, START_MS + 100_000)
    expect(table).toMatchObject({ atMs: START_MS, level: 'reading' })
    expect(table.rows).toEqual([one(), one({ pid: 1, name: 'x\n1 (init)', commandLine: null, user: null })])
    expect(await storage.processes.at(serverId, START_MS + 400_000)).toMatchObject({ atMs: null, rows: [] })
    expect(await storage.processes.at(newServerId(), START_MS)).toMatchObject({ atMs: null })
  })

  it('are one series over sealed hours and the newest readings, with holes where they were not kept', async () => {
    const serverId = newServerId()
    const times: number[] = []
    for (let step = 0; step < 800; step++) {
      const atMs = START_MS + step * TICK_MS
      const isKept = step < 300 || step >= 305
      await append(
        serverId,
        atMs,
        ...(isKept ? [one({ cpuRatio: (step % 100) / 100 })] : []),
        one({ pid: 9 })
      )
      if (isKept) times.push(atMs)
    }
    const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
    expect(db.prepare('SELECT count(*) FROM process_hour').pluck().get()).toBe(2)
    expect(db.prepare('SELECT count(*) FROM process_tail').pluck().get()).toBe(80)
    // Who they are is kept once.
    expect(db.prepare('SELECT count(*) FROM process').pluck().get()).toBe(2)
    db.close()
    const moments = await seriesOf(serverId)
    expect(moments.filter(({ process }) => process !== null).map(({ atMs }) => atMs)).toEqual(times)
    expect(moments.filter(({ process }) => process === null)).toHaveLength(1)
    for (const { atMs, process } of moments)
      if (process !== null) expect(process.cpuRatio).toBe((((atMs - START_MS) / TICK_MS) % 100) / 100)
    expect(
      (await seriesOf(serverId, START_MS + TICK_MS, START_MS + 3 * TICK_MS)).map(({ atMs }) => atMs)
    ).toEqual([START_MS + TICK_MS, START_MS + 2 * TICK_MS])
  })

  it('become means of five minutes, then go', async () => {
    const serverId = newServerId()
    for (let step = 0; step < 361; step++)
      await append(serverId, START_MS + step * TICK_MS, one({ cpuRatio: step % 2 === 0 ? 0.2 : 0.4 }))
    const retention = { rawDays: 1, minuteDays: 7, hourDays: 30, budgetBytes: null }
    await storage.history.applyRetention(retention, START_MS + 3 * 86_400_000)
    const means = await seriesOf(serverId)
    // The hour has twelve; the one reading after it was sealed and averaged by itself.
    expect(means).toHaveLength(13)
    expect(means[0]).toMatchObject({ atMs: START_MS, process: { cpuRatio: 0.3, residentBytes: 32 * MIB } })
    expect(await storage.processes.at(serverId, START_MS + 200_000)).toMatchObject({
      level: 'mean5',
      atMs: START_MS
    })
    await storage.history.applyRetention(retention, START_MS + 9 * 86_400_000)
    expect(await seriesOf(serverId)).toEqual([])
    const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
    for (const table of ['process', 'process_hour', 'process_tail'])
      expect(db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()).toBe(0)
    db.close()
  })

  it('go with their server', async () => {
    const record = serverRecord('gone')
    const other = newServerId()
    await storage.servers.insert(record)
    for (let step = 0; step < 400; step++) await append(record.id, START_MS + step * TICK_MS, one())
    await append(other, START_MS, one())
    await storage.servers.remove([record.id], { deleteHistory: true })
    expect(await seriesOf(record.id)).toEqual([])
    await storage.close()
    storage = await openAt(folder)
    await expect
      .poll(() => {
        const db = new BetterSqlite3(join(folder, 'history.sqlite'), { readonly: true })
        const counts = ['process', 'process_hour', 'process_tail'].map((table) =>
          db.prepare(`SELECT count(*) FROM ${table}`).pluck().get()
        )
        db.close()
        return counts
      })
      .toEqual([1, 0, 1])
    expect(existsSync(join(folder, 'history.sqlite'))).toBe(true)
    expect((await storage.processes.at(other, START_MS)).rows).toHaveLength(1)
  })
})

describe('the codec', () => {
  const readings: StoredReading[] = Array.from({ length: 360 }, (_unused, step) => ({
    atMs: START_MS + step * TICK_MS,
    memoryTotalBytes: 2 ** 34 + (step > 100 ? 4096 : 0),
    processes: new Map(
      Array.from({ length: 40 }, (_none, at) => at + 1)
        .filter((id) => (id + step) % 7 !== 0)
        .map((id) => [id, COLUMNS.map((_name, column) => id * 1_000 + column + (column === 1 ? step : 0))])
    )
  }))

  it('gives back what it took, whole or a part, and is small', () => {
    const bytes = encodeHour(readings)
    expect(decodeHour(bytes)?.map(({ processes }) => [...processes].sort(([a], [b]) => a - b))).toEqual(
      readings.map(({ processes }) => [...processes])
    )
    const part = decodeHour(bytes, new Set([3, 5]))
    expect(part?.map(({ processes }) => processes.get(5))).toEqual(
      readings.map(({ processes }) => processes.get(5))
    )
    expect(part?.every(({ processes }) => processes.size <= 2)).toBe(true)
    expect(decodeReading(START_MS, encodeReading(readings[0] as StoredReading))).toEqual(readings[0])
  })

  it('takes damaged bytes for nothing', () => {
    for (const bytes of [encodeHour(readings), encodeReading(readings[0] as StoredReading)]) {
      for (let at = 0; at < bytes.length; at += 37) {
        const damaged = bytes.slice()
        damaged[at] = (damaged[at] ?? 0) ^ 0x40
        expect(decodeHour(damaged)).toBeNull()
        expect(decodeReading(0, damaged)).toBeNull()
      }
    }
    expect(decodeHour(new Uint8Array(2))).toBeNull()
  })
})

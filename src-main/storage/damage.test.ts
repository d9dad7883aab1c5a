import {
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync
} from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ServerId } from '#contract/ids.ts'
import { openAt } from './test-open.ts'
import {
  makeTemporaryFolder,
  never,
  recordingLog,
  removeFolder,
  serverRecord,
  serverTick,
  START_MS
} from './test-support.ts'

/** Per file; there are two. */
const CASES = process.env.VIRTHELM_LONG === '1' ? 100 : 10
const HOUR_MS = 3_600_000
const TAIL_MS = START_MS + 4.5 * HOUR_MS

let model: string
let serverId: ServerId
const names = ['Alpha', 'Beta', 'Gamma']

function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

beforeAll(async () => {
  model = makeTemporaryFolder()
  const storage = await openAt(model)
  for (const name of names) {
    const record = serverRecord(name)
    serverId = record.id
    await storage.servers.insert(record)
  }
  for (let count = 0; count < 300; count++) {
    await storage.journal.begin({
      atMs: START_MS,
      serverId,
      serverName: 'Gamma',
      vmUuid: null,
      vmName: null,
      action: 'x',
      command: 'y'.repeat(200)
    })
  }
  await Promise.all(
    Array.from({ length: 1_500 }, (_, index) =>
      storage.history.append(
        serverTick(serverId, START_MS + index * 5_000, { load1: index / 100, memoryUsedBytes: index ** 3 })
      )
    )
  )
  await storage.history.applyRetention(
    { rawDays: 7, minuteDays: 90, hourDays: 1_825, budgetBytes: null },
    START_MS + 4 * HOUR_MS
  )
  // These stay in the tail.
  await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      storage.history.append(serverTick(serverId, TAIL_MS + index * 5_000, { load1: index / 100 }))
    )
  )
  await storage.close()
})

afterAll(() => removeFolder(model))

/** Damages the file in one of several ways; returns which. */
function damage(path: string, seed: number): string {
  const next = random(seed)
  const size = statSync(path).size
  const ways = ['flip', 'zero', 'truncate', 'empty', 'text', 'header'] as const
  const way = ways[seed % ways.length] ?? 'flip'
  if (way === 'truncate') truncateSync(path, Math.floor(next() * size))
  if (way === 'empty') truncateSync(path, 0)
  if (way === 'text') writeFileSync(path, 'this is not a database\n'.repeat(200))
  if (way === 'flip' || way === 'zero' || way === 'header') {
    const file = openSync(path, 'r+')
    for (let page = 0; page < 6; page++) {
      const at = way === 'header' ? page * 16 : Math.floor((next() * size) / 4096) * 4096
      const bytes = Buffer.alloc(way === 'header' ? 16 : 4096)
      if (way !== 'zero') for (let index = 0; index < bytes.length; index++) bytes[index] = next() * 256
      writeSync(file, bytes, 0, bytes.length, at)
    }
    closeSync(file)
  }
  return way
}

describe('a damaged file', () => {
  for (const file of ['console.sqlite', 'history.sqlite']) {
    it(
      `never keeps the console from starting, nor costs the server list (${file})`,
      async () => {
        for (let seed = 0; seed < CASES; seed++) {
          const folder = makeTemporaryFolder()
          cpSync(model, folder, { recursive: true })
          const way = damage(join(folder, file), seed)
          const before = readFileSync(join(folder, file))
          const log = recordingLog()
          const storage = await openAt(folder, START_MS + 5 * HOUR_MS, log)
          const list = await storage.servers.list()
          expect([way, list.map((server) => server.record.name)]).toEqual([way, names])
          const aside = (await storage.health()).databaseRecovered
          if (aside !== null) {
            // The damaged bytes are kept for whoever wants to look at them.
            expect(readFileSync(join(folder, aside)).equals(before)).toBe(true)
            expect(log.events.some((event) => event.event === 'storage.damaged')).toBe(true)
          }
          const atMs = START_MS + 5 * HOUR_MS
          await storage.history.append(serverTick(serverId, atMs, { load1: 7 }))
          const answer = await storage.history.read(
            {
              series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['load1'] }],
              fromAtMs: atMs,
              toAtMs: atMs + 1,
              maxPoints: 10
            },
            never
          )
          expect(answer.series[0]?.mean).toEqual([7])
          await storage.close()
          removeFolder(folder)
        }
      },
      CASES * 5_000
    )
  }

  it('is replaced by its newest backup, with pins and journal', async () => {
    const folder = makeTemporaryFolder()
    cpSync(model, folder, { recursive: true })
    const first = await openAt(folder)
    const pin = { host: 'a', port: 22, type: 'ssh-ed25519', fingerprint: 'SHA256:x', keyBase64: 'AAA' }
    await first.pins.pin(pin, { replace: false })
    await first.close()
    writeFileSync(join(folder, 'console.sqlite'), 'gone')
    const storage = await openAt(folder)
    expect(await storage.pins.list('a', 22)).toEqual([pin])
    expect(await storage.journal.list({ limit: 500 })).toHaveLength(300)
    expect((await storage.health()).databaseRecovered).toMatch(/^console\.sqlite\.damaged-/)
    await storage.close()
    const again = await openAt(folder)
    expect((await again.health()).databaseRecovered).toBeNull()
    await again.close()
    removeFolder(folder)
  })

  it('gives the server list back from servers.json when the backups are gone too', async () => {
    const folder = makeTemporaryFolder()
    cpSync(model, folder, { recursive: true })
    writeFileSync(join(folder, 'console.sqlite'), Buffer.alloc(9_000, 1))
    rmSync(join(folder, 'backups'), { recursive: true })
    const storage = await openAt(folder)
    expect((await storage.servers.list()).map((server) => server.record.name)).toEqual(names)
    await storage.close()
    removeFolder(folder)
  })

  /** Damages rows, and reads ten samples that were written 5 s apart. */
  async function readDamaged(sql: string, rows: number, fromAtMs: number) {
    const folder = makeTemporaryFolder()
    cpSync(model, folder, { recursive: true })
    const db = new BetterSqlite3(join(folder, 'history.sqlite'))
    expect(db.prepare(sql).run().changes).toBe(rows)
    db.close()
    const storage = await openAt(folder, START_MS + 30 * HOUR_MS)
    const answer = await storage.history.read(
      {
        series: [{ entity: { serverId, kind: 'server', key: '' }, metrics: ['load1'] }],
        fromAtMs,
        toAtMs: fromAtMs + 50_000,
        maxPoints: 100
      },
      never
    )
    await storage.close()
    removeFolder(folder)
    return answer.series[0]?.mean
  }

  it('loses single rows of the tail to bad bytes, not the rest', async () => {
    const sql = "UPDATE tail SET data = x'0102030405060708' WHERE id IN (SELECT id FROM tail LIMIT 3)"
    expect(await readDamaged(sql, 3, TAIL_MS)).toEqual([0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.09])
  })

  it('loses a chunk to bad bytes, not its neighbours', async () => {
    const flipped =
      "UPDATE chunk SET data = CAST(substr(data, 1, 20) || x'ff' || substr(data, 22) AS BLOB) WHERE id = (SELECT min(id) FROM chunk)"
    expect(await readDamaged(flipped, 1, START_MS)).toEqual([])
    expect(await readDamaged(flipped, 1, START_MS + HOUR_MS)).toHaveLength(10)
  })
})

describe('a file of a newer console', () => {
  for (const file of ['console.sqlite', 'history.sqlite']) {
    for (const inWal of [false, true]) {
      it(`is refused and stays as it is, byte for byte (${file}${inWal ? ', version in the WAL' : ''})`, async () => {
        const folder = makeTemporaryFolder()
        cpSync(model, folder, { recursive: true })
        const path = join(folder, file)
        const db = new BetterSqlite3(path)
        db.pragma('journal_mode = WAL')
        db.pragma('user_version = 99')
        if (inWal) {
          // As a killed newer console leaves it: the file old, the WAL new.
          copyFileSync(path, `${path}.copy`)
          copyFileSync(`${path}-wal`, `${path}.copy-wal`)
        }
        db.close()
        if (inWal) {
          copyFileSync(`${path}.copy`, path)
          copyFileSync(`${path}.copy-wal`, `${path}-wal`)
          for (const copy of [`${path}.copy`, `${path}.copy-wal`]) rmSync(copy)
        }
        const snapshot = (): (string | Buffer)[][] =>
          readdirSync(folder)
            .filter((name) => name.includes('.sqlite') || name === 'servers.json')
            .map((name) => [name, readFileSync(join(folder, name))])
        const before = snapshot()
        await expect(openAt(folder)).rejects.toMatchObject({
          code: 'databaseNewer',
          params: { file, fileVersion: 99 }
        })
        expect(snapshot()).toEqual(before)
        expect(existsSync(`${path}-shm`)).toBe(false)
        removeFolder(folder)
      })
    }
  }
})

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { ArchiveCopy, DataArchive } from '../../application/backup/data-archive.ts'
import type { RowBatch, Storage } from '../../application/storage.ts'
import type { ServerId } from '#contract/ids.ts'
import { openAt } from '../test-open.ts'
import {
  makeTemporaryFolder,
  never,
  newServerId,
  removeFolder,
  serverRecord,
  serverTick,
  START_MS
} from '../test-support.ts'
import { openDataArchive } from './data-archive.ts'
import { readTar, tarEnd, tarHeader, tarPadding } from './tar.ts'

let folder: string
let dataFolder: string
let open: Storage[]

beforeEach(() => {
  folder = makeTemporaryFolder()
  dataFolder = join(folder, 'data')
  open = []
})
afterEach(async () => {
  for (const storage of open) await storage.close()
  vi.restoreAllMocks()
  removeFolder(folder)
})

async function start(at = dataFolder): Promise<Storage> {
  const storage = await openAt(at)
  open.push(storage)
  return storage
}
async function stop(storage: Storage): Promise<void> {
  open.splice(open.indexOf(storage), 1)
  await storage.close()
}
const archiveAt = (at = dataFolder): DataArchive =>
  openDataArchive({
    dataFolder: at,
    workerUrl: new URL('./worker.ts', import.meta.url),
    consoleVersion: '0.1.0',
    nowMs: () => START_MS
  })

async function fill(storage: Storage, name: string, ticks: number): Promise<ServerId> {
  const record = serverRecord(name, newServerId())
  await storage.servers.insert(record)
  await write(storage, record.id, 0, ticks)
  return record.id
}
async function write(storage: Storage, serverId: ServerId, from: number, to: number): Promise<void> {
  const appended: Promise<void>[] = []
  for (let count = from; count < to; count++)
    appended.push(
      storage.history.append(serverTick(serverId, START_MS + count * 1_000, { processesTotal: count }))
    )
  await Promise.all(appended)
}
async function countRows(storage: Storage, serverId: ServerId): Promise<number> {
  const series = [{ entity: { serverId, kind: 'server' as const, key: '' }, metrics: ['processesTotal'] }]
  let rows = 0
  const query = { series, fromAtMs: START_MS, toAtMs: START_MS + 10_000_000, level: 'raw' as const }
  for await (const { atMs } of storage.history.rows(query, never) as AsyncIterable<RowBatch>)
    rows += atMs.length
  return rows
}
const namesOf = async (storage: Storage): Promise<string[]> =>
  (await storage.servers.list()).map(({ record }) => record.name)

async function archiveBytes(copy: ArchiveCopy): Promise<Buffer> {
  const pieces: Buffer[] = []
  for await (const piece of copy.pieces()) pieces.push(Buffer.from(piece))
  await copy.discard()
  return Buffer.concat(pieces)
}
async function backUp(at = dataFolder): Promise<Buffer> {
  return archiveBytes(await archiveAt(at).copy({ signal: never, progress: () => undefined }))
}
async function* bytesOf(archive: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < archive.byteLength; from += 60_000) yield archive.subarray(from, from + 60_000)
}
/** The archive again, with one file changed, left out (null) or added. */
async function changed(archive: Buffer, name: string, bytes: Buffer | null): Promise<Buffer> {
  const files = new Map<string, Buffer>()
  for await (const entry of readTar(bytesOf(archive))) {
    const pieces: Buffer[] = []
    for await (const piece of entry.bytes) pieces.push(Buffer.from(piece))
    files.set(entry.name, Buffer.concat(pieces))
  }
  if (bytes === null) files.delete(name)
  else files.set(name, bytes)
  const parts = [...files].flatMap(([file, content]) => [
    tarHeader(file, content.length, START_MS),
    content,
    tarPadding(content.length)
  ])
  return Buffer.concat([...parts, tarEnd()])
}

it('takes all that was acknowledged before it began, while samples go on', async () => {
  const storage = await start()
  const server = await fill(storage, 'alpha', 2_000)
  const progress: number[] = []
  let later = 2_000
  const copy = await archiveAt().copy({
    signal: never,
    progress(doneRatio) {
      progress.push(doneRatio)
      void write(storage, server, later, ++later)
    }
  })
  expect(progress.at(-1)).toBeCloseTo(1)
  expect(progress).toEqual(progress.toSorted((a, b) => a - b))
  expect(copy.manifest).toMatchObject({ formatVersion: 1, serverCount: 1, madeAtMs: START_MS })
  const archive = await archiveBytes(copy)
  expect(archive.byteLength).toBe(copy.archiveBytes)
  expect(readdirSync(dataFolder).filter((name) => name.endsWith('.tmp'))).toEqual([])

  const other = join(folder, 'other')
  await stop(await start(other))
  const there = archiveAt(other)
  expect(await there.stage(bytesOf(archive), never)).toMatchObject({
    serverCount: 1,
    consoleVersion: '0.1.0'
  })
  await there.arm()
  const restored = await start(other)
  expect(await namesOf(restored)).toEqual(['alpha'])
  expect(await countRows(restored, server)).toBeGreaterThanOrEqual(2_000)
})

it('takes the place of the data at the next start only, and puts that aside whole', async () => {
  const before = await start()
  const server = await fill(before, 'alpha', 100)
  const archive = await backUp()
  await fill(before, 'beta', 10)
  await write(before, server, 100, 150)
  const backup = archiveAt()
  await backup.stage(bytesOf(archive), never)
  expect(await backup.staged()).toMatchObject({ isArmed: false, summary: { serverCount: 1 } })
  await stop(before)

  // Checked but not armed: a start changes nothing.
  const same = await start()
  expect(await namesOf(same)).toEqual(['alpha', 'beta'])
  await backup.arm()
  expect(await backup.staged()).toMatchObject({ isArmed: true })
  await expect(backup.stage(bytesOf(archive), never)).rejects.toMatchObject({ code: 'conflict' })
  await stop(same)

  const restored = await start()
  expect(await namesOf(restored)).toEqual(['alpha'])
  expect(await countRows(restored, server)).toBe(100)
  expect(await backup.staged()).toBeNull()
  const [aside = ''] = await backup.putAside()
  await stop(restored)

  // What was put aside is a data folder that starts.
  const old = await start(join(dataFolder, aside))
  expect(await namesOf(old)).toEqual(['alpha', 'beta'])
  expect(await countRows(old, server)).toBe(150)
})

it('is not restored once the operator thinks better of it', async () => {
  const storage = await start()
  await fill(storage, 'alpha', 10)
  const archive = await backUp()
  await fill(storage, 'beta', 10)
  const backup = archiveAt()
  await expect(backup.arm()).rejects.toMatchObject({ code: 'notFound' })
  await backup.stage(bytesOf(archive), never)
  await backup.arm()
  await backup.disarm()
  await stop(storage)
  expect(await namesOf(await start())).toEqual(['alpha', 'beta'])
})

it('is refused unless it is whole, unchanged, sound and of no newer console; nothing is left of it', async () => {
  const storage = await start()
  await fill(storage, 'alpha', 500)
  const archive = await backUp()
  const manifestText = archive.toString('utf8', 512, 512 + 1_500)
  const manifest = JSON.parse(manifestText.slice(0, manifestText.lastIndexOf('}') + 1)) as {
    formatVersion: number
    files: { name: string; sha256: string; sizeBytes: number }[]
  }
  const withFile = async (name: string, bytes: Buffer): Promise<Buffer> => {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const files = manifest.files.map((file) =>
      file.name === name ? { name, sha256, sizeBytes: bytes.length } : file
    )
    const other = await changed(archive, name, bytes)
    return changed(other, 'manifest.json', Buffer.from(JSON.stringify({ ...manifest, files })))
  }
  const history = await (async () => {
    for await (const entry of readTar(bytesOf(archive))) {
      const pieces: Buffer[] = []
      for await (const piece of entry.bytes) pieces.push(Buffer.from(piece))
      if (entry.name === 'history.sqlite') return Buffer.concat(pieces)
    }
    throw new Error('no history')
  })()
  const flipped = Buffer.from(history)
  flipped[20_000] = (flipped[20_000] ?? 0) ^ 0xff
  const ruined = Buffer.from(history)
  ruined.fill(0xaa, 4_096, 40_960)
  const newerPath = join(folder, 'newer.sqlite')
  writeFileSync(newerPath, history)
  const newer = new BetterSqlite3(newerPath)
  newer.pragma('user_version = 9999')
  newer.pragma('wal_checkpoint(TRUNCATE)')
  newer.close()

  const cases: [string, Buffer, object][] = [
    ['no archive', Buffer.from('hello'), { reason: 'cutOff' }],
    ['a text', Buffer.alloc(5_000, 'hello'), { reason: 'notABackup' }],
    ['another tar', await changed(archive, 'manifest.json', null), { reason: 'notABackup' }],
    ['a name that leads out', await changed(archive, '../evil', Buffer.from('x')), { reason: 'notABackup' }],
    ['half of it', archive.subarray(0, archive.length / 2), { reason: 'cutOff' }],
    ['without history', await changed(archive, 'history.sqlite', null), { reason: 'incomplete' }],
    ['one bit changed', await changed(archive, 'history.sqlite', flipped), { reason: 'changed' }],
    ['ruined, with a fitting manifest', await withFile('history.sqlite', ruined), { reason: 'damaged' }],
    ['not a database', await withFile('console.sqlite', Buffer.alloc(9_000, 'x')), { reason: 'damaged' }],
    [
      'a newer form',
      await changed(archive, 'manifest.json', Buffer.from(JSON.stringify({ ...manifest, formatVersion: 2 }))),
      { reason: 'newer' }
    ]
  ]
  for (const [what, bytes, params] of cases) {
    await expect(archiveAt().stage(bytesOf(bytes), never), what).rejects.toMatchObject({
      code: 'backupInvalid',
      params
    })
  }
  await expect(
    archiveAt().stage(bytesOf(await withFile('history.sqlite', readFileSync(newerPath))), never)
  ).rejects.toMatchObject({ code: 'databaseNewer', params: { file: 'history.sqlite', fileVersion: 9999 } })
  expect(await archiveAt().staged()).toBeNull()
  expect(readdirSync(dataFolder).filter((name) => name.includes('restore'))).toEqual([])
  expect(existsSync(join(folder, 'evil'))).toBe(false)
})

it('stops when it is cancelled, and leaves nothing', async () => {
  const storage = await start()
  await fill(storage, 'alpha', 5_000)
  const controller = new AbortController()
  const copying = archiveAt().copy({
    signal: controller.signal,
    progress: () => controller.abort()
  })
  await expect(copying).rejects.toMatchObject({ code: 'cancelled' })
  const archive = await backUp()
  const staging = new AbortController()
  async function* cut(): AsyncGenerator<Uint8Array, void> {
    for await (const piece of bytesOf(archive)) {
      yield piece
      staging.abort()
    }
  }
  await expect(archiveAt().stage(cut(), staging.signal)).rejects.toMatchObject({ code: 'cancelled' })
  expect(readdirSync(dataFolder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

it('does not fill the disk: it is refused before it begins', async () => {
  const storage = await start()
  await fill(storage, 'alpha', 10)
  const fs = await import('node:fs/promises')
  const roomy = await fs.statfs(dataFolder)
  vi.spyOn(fs.default, 'statfs').mockResolvedValue({ ...roomy, bavail: 100, bsize: 4_096 } as never)
  const { syncBuiltinESMExports } = await import('node:module')
  syncBuiltinESMExports()
  try {
    const copying = archiveAt().copy({ signal: never, progress: () => undefined })
    await expect(copying).rejects.toMatchObject({ code: 'diskFull', params: { freeBytes: 409_600 } })
  } finally {
    vi.restoreAllMocks()
    syncBuiltinESMExports()
  }
})

it('removes at the next start what a crash has left of a copy', async () => {
  await stop(await start())
  mkdirSync(join(dataFolder, 'backup-12345678.tmp'))
  writeFileSync(join(dataFolder, 'backup-12345678.tmp', 'history.sqlite'), 'x')
  await start()
  expect(readdirSync(dataFolder).filter((name) => name.endsWith('.tmp'))).toEqual([])
})

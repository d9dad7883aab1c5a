import fs, { readdirSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { join } from 'node:path'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { dataFiles, makeFolder } from './files.ts'
import { migrate, userVersion } from './migrate.ts'
import { CONSOLE_MIGRATIONS } from './migrations/console/index.ts'
import { HISTORY_MIGRATIONS } from './migrations/history/index.ts'
import type { Migration } from './migrations/migration.ts'
import { openFile } from './open-file.ts'
import { assertSqliteVersion, type OpenDatabase } from './sqlite.ts'
import { makeTemporaryFolder, removeFolder, START_MS } from './test-support.ts'

const open: OpenDatabase = (path) => new BetterSqlite3(path)

let folder: string

beforeEach(() => {
  folder = makeTemporaryFolder()
  makeFolder(dataFiles(folder).backups)
})

afterEach(() => removeFolder(folder))

function openWith(migrations: readonly Migration[]) {
  const files = dataFiles(folder)
  const plan = {
    path: files.console,
    name: 'console',
    backupsKept: 3,
    migrations,
    synchronous: 'FULL' as const
  }
  return openFile(
    { ...plan, checkUpToBytes: Infinity, suspect: false },
    { files, open, nowMs: START_MS, report: () => undefined }
  )
}

const first: Migration = {
  version: 1,
  what: 'first',
  up: (db) => db.exec("CREATE TABLE note (text TEXT) STRICT; INSERT INTO note VALUES ('kept')")
}
const second: Migration = {
  version: 2,
  what: 'second',
  up: (db) => db.exec('ALTER TABLE note ADD COLUMN more TEXT')
}
const broken: Migration = {
  version: 2,
  what: 'broken',
  up: (db) => db.exec('ALTER TABLE note ADD COLUMN more TEXT; ALTER TABLE nothing ADD COLUMN more TEXT')
}

describe('migrations', () => {
  it('are numbered 1, 2, 3, … without holes', () => {
    for (const list of [CONSOLE_MIGRATIONS, HISTORY_MIGRATIONS])
      expect(list.map((migration) => migration.version)).toEqual(list.map((_, index) => index + 1))
  })

  it('lead from an empty file to the newest schema', () => {
    for (const list of [CONSOLE_MIGRATIONS, HISTORY_MIGRATIONS]) {
      const db = open(':memory:')
      migrate(db, list, () => expect.unreachable('an empty file needs no backup'))
      expect(userVersion(db)).toBe(list.length)
      db.close()
    }
  })

  it('make a backup of a file with content first, and keep the content', () => {
    openWith([first]).db.close()
    const opened = openWith([first, second])
    expect(opened.db.prepare('SELECT * FROM note').all()).toEqual([{ text: 'kept', more: null }])
    expect(userVersion(opened.db)).toBe(2)
    opened.db.close()
    const backups = readdirSync(dataFiles(folder).backups)
    expect(backups).toHaveLength(1)
    const backup = open(join(dataFiles(folder).backups, backups[0] ?? ''))
    expect([userVersion(backup), backup.prepare('SELECT * FROM note').all()]).toEqual([1, [{ text: 'kept' }]])
    backup.close()
  })

  it('that fail leave the file as it was', () => {
    openWith([first]).db.close()
    expect(() => openWith([first, broken])).toThrow(/nothing/)
    const opened = openWith([first])
    expect(opened.recoveredFrom).toBeNull()
    expect(opened.db.prepare('SELECT * FROM note').all()).toEqual([{ text: 'kept' }])
    opened.db.close()
  })

  it('are refused when there is no room for the backup, and the file stays byte for byte', () => {
    openWith([first]).db.close()
    const path = dataFiles(folder).console
    const before = readFileSync(path)
    const roomy = fs.statfsSync(folder)
    const statfs = vi
      .spyOn(fs, 'statfsSync')
      .mockReturnValue({ ...roomy, bavail: 100, bsize: 4_096 } as never)
    syncBuiltinESMExports()
    try {
      expect(() => openWith([first, second])).toThrow(
        expect.objectContaining({ code: 'diskFull', params: expect.objectContaining({ freeBytes: 409_600 }) })
      )
    } finally {
      statfs.mockRestore()
      syncBuiltinESMExports()
    }
    expect(readFileSync(path)).toEqual(before)
    expect(readdirSync(dataFiles(folder).backups)).toEqual([])
    const opened = openWith([first, second])
    expect(userVersion(opened.db)).toBe(2)
    opened.db.close()
  })

  it('are never run backwards', () => {
    openWith([first, second]).db.close()
    expect(() => openWith([first])).toThrow('databaseNewer')
  })
})

describe('the version of SQLite', () => {
  it('must be new enough', () => {
    for (const good of ['3.51.3', '3.51.10', '3.52.0', '4.0.0']) assertSqliteVersion(good)
    for (const old of ['3.51.2', '3.50.9', '2.99.99'])
      expect(() => assertSqliteVersion(old)).toThrow('internal')
  })
})

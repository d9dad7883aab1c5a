/** Files whose migrations crash tests go through: a made-up one that changes rows, and both of the console's own. */
import { dataFiles } from './files.ts'
import { CONSOLE_MIGRATIONS } from './migrations/console/index.ts'
import { HISTORY_MIGRATIONS } from './migrations/history/index.ts'
import type { Migration } from './migrations/migration.ts'
import { openFile, type OpenedFile } from './open-file.ts'
import type { OpenDatabase } from './sqlite.ts'
import { START_MS } from './test-support.ts'

export interface MigrationCase {
  readonly file: 'console' | 'history'
  readonly migrations: readonly Migration[]
}

export const MADE_UP_ROWS = 2_000

const madeUp: readonly Migration[] = [
  {
    version: 1,
    what: 'first',
    up(db) {
      db.exec('CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT')
      const insert = db.prepare('INSERT INTO note (text) VALUES (?)')
      for (let row = 1; row <= MADE_UP_ROWS; row++) insert.run(`note ${row} ${'x'.repeat(100)}`)
    }
  },
  {
    version: 2,
    what: 'lengths',
    up(db) {
      db.exec('ALTER TABLE note ADD COLUMN length INTEGER')
      db.exec('UPDATE note SET length = length(text)')
      db.exec('CREATE INDEX note_by_length ON note (length)')
    }
  },
  {
    version: 3,
    what: 'another table',
    up(db) {
      db.exec('CREATE TABLE moved (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT')
      db.exec('INSERT INTO moved SELECT id, text FROM note')
      db.exec('DROP TABLE note')
    }
  }
]

export const MIGRATION_CASES: Readonly<Record<string, MigrationCase>> = {
  madeUp: { file: 'console', migrations: madeUp },
  console: { file: 'console', migrations: CONSOLE_MIGRATIONS },
  history: { file: 'history', migrations: HISTORY_MIGRATIONS }
}

export function migrationCase(name: string): MigrationCase {
  const found = MIGRATION_CASES[name]
  if (found === undefined) throw new Error(`no such case: ${name}`)
  return found
}

/** Opens the case's file as the console does, as a console that knows migrations up to `version`. */
export function openCase(
  { file, migrations }: MigrationCase,
  folder: string,
  version: number,
  open: OpenDatabase
): OpenedFile {
  const files = dataFiles(folder)
  return openFile(
    {
      path: file === 'console' ? files.console : files.history,
      name: file,
      backupsKept: 3,
      migrations: migrations.slice(0, version),
      synchronous: 'FULL',
      checkUpToBytes: Infinity,
      suspect: false
    },
    { files, open, nowMs: START_MS, report: () => undefined }
  )
}

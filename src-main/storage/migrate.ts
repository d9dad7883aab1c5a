/** Brings a file's schema up to this console's: one transaction per step, a backup before the first. */
import { AppError } from '#contract/errors.ts'
import type { Migration } from './migrations/migration.ts'
import type { Database } from './sqlite.ts'

export function userVersion(db: Database): number {
  return Number(db.pragma('user_version', { simple: true }))
}

export function newestVersion(migrations: readonly Migration[]): number {
  return migrations.at(-1)?.version ?? 0
}

/**
 * Applies what is missing. `before` runs once before the first step on a file that already holds something.
 * Throws databaseNewer when the file is of a newer console.
 */
export function migrate(db: Database, migrations: readonly Migration[], before: () => void): void {
  const from = userVersion(db)
  const newest = newestVersion(migrations)
  if (from > newest)
    throw new AppError('databaseNewer', { params: { fileVersion: from, knownVersion: newest } })
  if (from === newest) return
  if (from > 0) before()
  for (const migration of migrations) {
    if (migration.version <= from) continue
    const step = db.transaction(() => {
      migration.up(db)
      db.pragma(`user_version = ${migration.version}`)
    })
    step.immediate()
  }
  // So that the version stands in the file itself and not in the WAL alone.
  db.pragma('wal_checkpoint(TRUNCATE)')
}

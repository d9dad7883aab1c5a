/**
 * Opens one database of the console: checked, recovered from damage, migrated.
 * A damaged file is moved aside and the newest sound backup takes its place; without one, an empty file.
 */
import { copyFileSync, existsSync, rmSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { AppError } from '#contract/errors.ts'
import { backUp, listBackups } from './backups.ts'
import { type DataFiles, makePrivateFile, moveAside } from './files.ts'
import { fileVersion } from './file-version.ts'
import { migrate, newestVersion } from './migrate.ts'
import type { Migration } from './migrations/migration.ts'
import type { Report } from './protocol.ts'
import { type Database, isDamage, type OpenDatabase } from './sqlite.ts'

export interface FilePlan {
  readonly path: string
  /** Name of its backups. */
  readonly name: string
  /** How many of them are kept. */
  readonly backupsKept: number
  readonly migrations: readonly Migration[]
  readonly synchronous: 'FULL' | 'NORMAL'
  /** Files up to this size are checked page by page at each start. */
  readonly checkUpToBytes: number
  /** Check it whatever its size: damage was met in the last run. */
  readonly suspect: boolean
  /** Further checks of the content; throws DamagedContent. */
  verify?(db: Database): void
}

export interface OpenedFile {
  readonly db: Database
  /** The new name of the damaged file that was put aside; null when the file was sound. */
  readonly recoveredFrom: string | null
  /** There was neither a sound file nor a sound backup. */
  readonly startedEmpty: boolean
}

interface OpenContext {
  readonly files: DataFiles
  readonly open: OpenDatabase
  readonly nowMs: number
  readonly report: Report
}

/** Content that SQLite finds sound but the console does not. */
export class DamagedContent extends Error {}

/** Throws databaseNewer (`file`, versions) before anything is written when the file is of a newer console. */
export function refuseNewer(plan: Pick<FilePlan, 'path' | 'migrations'>): void {
  const version = fileVersion(plan.path)
  const newest = newestVersion(plan.migrations)
  if (version === null || version <= newest) return
  throw new AppError('databaseNewer', {
    params: { file: basename(plan.path), fileVersion: version, knownVersion: newest }
  })
}

/**
 * Opens the file as planned. A file that cannot be copied first (no room: diskFull with `neededBytes`) is not migrated
 * and stays as it is. Throws AppError or errors of SQLite that are no damage (disk full, no rights).
 */
export function openFile(plan: FilePlan, context: OpenContext): OpenedFile {
  refuseNewer(plan)
  // A first start that was cut off leaves an empty file: nothing was lost, so nothing is recovered.
  if (isEmpty(plan.path) && listBackups(context.files.backups, plan.name).length === 0) rmSync(plan.path)
  const existed = existsSync(plan.path)
  let recoveredFrom: string | null = null
  if (existed) {
    try {
      return { db: openSound(plan, context), recoveredFrom: null, startedEmpty: false }
    } catch (error) {
      if (!isDamage(error) && !(error instanceof DamagedContent)) throw error
      recoveredFrom = basename(moveAside(plan.path, context.nowMs))
      context.report(
        'error',
        'storage.damaged',
        { file: basename(plan.path), putAside: recoveredFrom },
        error
      )
    }
  }
  rmSync(`${plan.path}-wal`, { force: true })
  const restored = restoreBackup(plan, context)
  if (restored !== null) return { db: restored, recoveredFrom, startedEmpty: false }
  return { db: openSound(plan, context), recoveredFrom, startedEmpty: true }
}

function isEmpty(path: string): boolean {
  return existsSync(path) && statSync(path).size === 0 && !existsSync(`${path}-wal`)
}

function restoreBackup(plan: FilePlan, context: OpenContext): Database | null {
  for (const backup of listBackups(context.files.backups, plan.name)) {
    const version = fileVersion(backup)
    if (version === null || version > newestVersion(plan.migrations)) continue
    try {
      makePrivateFile(plan.path)
      copyFileSync(backup, plan.path)
      const db = openSound(plan, context)
      context.report('warn', 'storage.restored', { file: basename(plan.path), backup: basename(backup) })
      return db
    } catch (error) {
      if (!isDamage(error) && !(error instanceof DamagedContent)) throw error
      context.report('warn', 'storage.backupDamaged', { backup: basename(backup) }, error)
      for (const suffix of ['', '-wal', '-shm']) rmSync(plan.path + suffix, { force: true })
    }
  }
  return null
}

function openSound(plan: FilePlan, context: OpenContext): Database {
  const isNew = !existsSync(plan.path)
  if (isNew) makePrivateFile(plan.path)
  else if (isEmpty(plan.path)) throw new DamagedContent('the file is empty')
  const db = context.open(plan.path)
  try {
    configure(db, plan, isNew)
    if (!isNew) check(db, plan)
    migrate(db, plan.migrations, () => {
      const { backups: folder } = context.files
      const backup = backUp(db, { folder, name: plan.name, kept: plan.backupsKept }, context.nowMs)
      context.report('info', 'storage.migrating', { file: basename(plan.path), backup: basename(backup) })
    })
    plan.verify?.(db)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function configure(db: Database, plan: FilePlan, isNew: boolean): void {
  if (isNew) {
    db.pragma('page_size = 4096')
    db.pragma('auto_vacuum = INCREMENTAL')
  }
  db.pragma('busy_timeout = 2000')
  // 32 MiB of pages: a month of hours of one server alone takes more than the usual 2 MB.
  db.pragma('cache_size = -32768')
  db.pragma('cell_size_check = ON')
  db.pragma('trusted_schema = OFF')
  db.pragma('journal_mode = WAL')
  db.pragma(`synchronous = ${plan.synchronous}`)
  // Pages that change with every commit are then written once in 16 MiB.
  db.pragma('wal_autocheckpoint = 4000')
  db.pragma('journal_size_limit = 20971520')
  db.pragma('foreign_keys = ON')
}

function check(db: Database, plan: FilePlan): void {
  const small = statSync(plan.path).size <= plan.checkUpToBytes
  if (small || plan.suspect) {
    const answer = db.pragma('quick_check(1)', { simple: true })
    if (answer !== 'ok') throw new DamagedContent(String(answer))
  }
}

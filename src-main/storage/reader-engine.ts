/**
 * What the worker does when it only reads: both files opened read-only beside a running console, without its lock. All
 * that is read is of one moment: the files are in one transaction each from opening to closing.
 */
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { AppError } from '#contract/errors.ts'
import { dataFiles } from './files.ts'
import { openHistoryParts, readKept } from './history-parts.ts'
import { newestVersion, userVersion } from './migrate.ts'
import { CONSOLE_MIGRATIONS } from './migrations/console/index.ts'
import { HISTORY_MIGRATIONS } from './migrations/history/index.ts'
import type { Migration } from './migrations/migration.ts'
import type { Report, WorkerHandlers, WorkerOptions } from './protocol.ts'
import { AlertRepository } from './repositories/alerts.ts'
import { BlobRepository } from './repositories/blobs.ts'
import { ConfigurationRepository } from './repositories/configuration.ts'
import { PinRepository } from './repositories/pins.ts'
import { ServerRepository } from './repositories/servers.ts'
import { rowCursors } from './row-cursors.ts'
import { entitiesOf } from './samples/registry.ts'
import { SettingsRepository } from './repositories/settings.ts'
import type { Database, OpenDatabase } from './sqlite.ts'

type ReaderMethod =
  | 'alerts.load'
  | 'configuration.read'
  | 'servers.list'
  | 'history.entities'
  | 'history.rowsOpen'
  | 'history.rowsNext'
  | 'history.rowsClose'
  | 'close'
export type ReaderHandlers = Pick<WorkerHandlers, ReaderMethod>

/** Throws notFound (`what`: dataFolder), databaseNewer, databaseOlder, databaseDamaged. */
export function openReader(options: WorkerOptions, open: OpenDatabase, report: Report): ReaderHandlers {
  const files = dataFiles(options.dataFolder)
  const opened: Database[] = []
  const openAt = (path: string, migrations: readonly Migration[]): Database => {
    if (!existsSync(path))
      throw new AppError('notFound', { params: { what: 'dataFolder', path: files.folder } })
    const db = open(path, { readonly: true })
    opened.push(db)
    db.pragma('busy_timeout = 2000')
    db.exec('BEGIN')
    refuseOther(db, path, newestVersion(migrations))
    return db
  }
  try {
    const console = openAt(files.console, CONSOLE_MIGRATIONS)
    const history = openAt(files.history, HISTORY_MIGRATIONS)
    const servers = new ServerRepository(console, files.serversJson, report)
    const alerts = new AlertRepository(console, report)
    const configuration = new ConfigurationRepository(console, {
      servers,
      alerts,
      pins: new PinRepository(console),
      blobs: new BlobRepository(console),
      settings: new SettingsRepository(console, report)
    })
    const kept = readKept(history)
    const nowMs = Math.round(Date.now() + options.clockOffsetMs)
    const parts = openHistoryParts(history, { nowMs, report, kept: () => kept, newestAtMs: () => nowMs })
    const cursors = rowCursors(parts)
    return {
      'servers.list': () => servers.list().map((row) => ({ ...row, lastNow: null })),
      'alerts.load': () => alerts.load(),
      'configuration.read': ([names]) => configuration.read(names),
      'history.entities': ([serverId]) => entitiesOf(parts.registry, serverId),
      'history.rowsOpen': ([query]) => cursors.open(query),
      'history.rowsNext': ([cursor]) => cursors.next(cursor),
      'history.rowsClose': ([cursor]) => cursors.close(cursor),
      close: () => {
        cursors.closeAll()
        for (const db of opened) db.close()
      }
    }
  } catch (error) {
    for (const db of opened) db.close()
    throw error
  }
}

/** A file of another version of the console: a newer one cannot be read, an older one is brought up to date by the console. */
function refuseOther(db: Database, path: string, known: number): void {
  const version = userVersion(db)
  if (version === known) return
  throw new AppError(version > known ? 'databaseNewer' : 'databaseOlder', {
    params: { file: basename(path), fileVersion: version, knownVersion: known }
  })
}

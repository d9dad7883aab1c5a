/** The console's own small file: servers, pins, blobs, settings, journal, alerts. Backed up after changes. */
import { existsSync } from 'node:fs'
import { backUp } from './backups.ts'
import type { DataFiles } from './files.ts'
import { CONSOLE_MIGRATIONS } from './migrations/console/index.ts'
import { openFile } from './open-file.ts'
import type { Report } from './protocol.ts'
import { AlertRepository } from './repositories/alerts.ts'
import { BlobRepository } from './repositories/blobs.ts'
import { ConfigurationRepository } from './repositories/configuration.ts'
import { JournalRepository } from './repositories/journal.ts'
import { PinRepository } from './repositories/pins.ts'
import { ReportRepository } from './repositories/reports.ts'
import { ServerRepository } from './repositories/servers.ts'
import { SettingsRepository } from './repositories/settings.ts'
import { type Database, isDiskFull, type OpenDatabase } from './sqlite.ts'

/** Changes within this time go into one backup. */
const BACKUP_AFTER_MS = 10_000
const CONSOLE_BACKUPS_KEPT = 3

interface ConsoleContext {
  readonly files: DataFiles
  readonly open: OpenDatabase
  readonly nowMs: number
  readonly report: Report
}

export class ConsoleFile {
  readonly servers: ServerRepository
  readonly pins: PinRepository
  readonly blobs: BlobRepository
  readonly settings: SettingsRepository
  readonly journal: JournalRepository
  readonly alerts: AlertRepository
  readonly reports: ReportRepository
  readonly configuration: ConfigurationRepository
  /** The new name of a damaged file that was put aside at start. */
  readonly recoveredFrom: string | null
  private readonly db: Database
  private readonly files: DataFiles
  private readonly report: Report
  private readonly openedAtMs: number
  private readonly openedMonotonicMs = performance.now()
  private backupTimer: NodeJS.Timeout | null = null

  static open(context: ConsoleContext): ConsoleFile {
    const { files, report } = context
    const existed = existsSync(files.console)
    const opened = openFile(
      {
        path: files.console,
        name: 'console',
        backupsKept: CONSOLE_BACKUPS_KEPT,
        migrations: CONSOLE_MIGRATIONS,
        synchronous: 'FULL',
        checkUpToBytes: Infinity,
        suspect: true,
        verify: (db) => new ServerRepository(db, files.serversJson, report).list()
      },
      context
    )
    const file = new ConsoleFile(opened.db, opened.recoveredFrom, context)
    if (opened.recoveredFrom !== null || !existed) {
      const servers = file.servers.restoreFromJson()
      if (servers !== null) report('warn', 'storage.serversRestored', { servers })
    }
    file.endPending()
    file.servers.exportJson()
    file.backUpNow()
    return file
  }

  private constructor(db: Database, recoveredFrom: string | null, context: ConsoleContext) {
    this.db = db
    this.recoveredFrom = recoveredFrom
    this.files = context.files
    this.report = context.report
    this.openedAtMs = context.nowMs
    this.servers = new ServerRepository(db, context.files.serversJson, context.report)
    this.pins = new PinRepository(db)
    this.blobs = new BlobRepository(db)
    this.settings = new SettingsRepository(db, context.report)
    this.journal = new JournalRepository(db)
    this.alerts = new AlertRepository(db, context.report)
    this.reports = new ReportRepository(db, context.report)
    this.configuration = new ConfigurationRepository(db, this)
  }

  /** What a former run left pending ended unheard. On a full disk the next start says so. */
  private endPending(): void {
    try {
      const operations = this.journal.markPendingUnknown()
      if (operations > 0) this.report('warn', 'storage.operationsWithoutEnd', { operations })
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.report('warn', 'storage.pendingNotEnded', {}, error)
    }
  }

  /** Runs a change; a backup follows soon. */
  changed(change: () => void): void {
    change()
    this.backupTimer ??= setTimeout(() => {
      this.backupTimer = null
      this.backUpNow()
    }, BACKUP_AFTER_MS)
  }

  close(): void {
    if (this.backupTimer !== null) {
      clearTimeout(this.backupTimer)
      this.backUpNow()
    }
    this.db.close()
  }

  /** A backup that cannot be made is reported; the change itself stands. */
  private backUpNow(): void {
    try {
      const nowMs = this.openedAtMs + performance.now() - this.openedMonotonicMs
      backUp(this.db, { folder: this.files.backups, name: 'console', kept: CONSOLE_BACKUPS_KEPT }, nowMs)
    } catch (error) {
      this.report('warn', 'storage.backupFailed', {}, error)
    }
  }
}

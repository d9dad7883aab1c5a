/** What the worker does for each call: opens both files and puts repositories and history behind the protocol. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import type { AlertChange } from '../application/alerts/alert-store.ts'
import { applyPendingRestore } from './archive/pending-restore.ts'
import { ConsoleFile } from './console-file.ts'
import { dataFiles, makeFolder, removeTemporaryFiles } from './files.ts'
import { HistoryFile } from './history-file.ts'
import { lockFolder } from './lock.ts'
import { CONSOLE_MIGRATIONS } from './migrations/console/index.ts'
import { HISTORY_MIGRATIONS } from './migrations/history/index.ts'
import { openFile, refuseNewer } from './open-file.ts'
import type { Report, WorkerHandlers, WorkerOptions } from './protocol.ts'
import { rowCursors } from './row-cursors.ts'
import { meansOf } from './samples/means.ts'
import { figuresOf } from './samples/figures.ts'
import { busyHoursOf, rowsPageOf, statisticsOf } from './samples/questions.ts'
import { readHistory } from './samples/read.ts'
import { entitiesOf } from './samples/registry.ts'
import { sharesOf } from './samples/shares.ts'
import { topOf } from './samples/top.ts'
import { asAppError, isDamage, isDiskFull, type OpenDatabase } from './sqlite.ts'
import { Space } from './space.ts'

const MIB = 1024 * 1024

/** Opens everything. Throws dataFolderLocked, databaseNewer, diskFull, fileNotWritable, internal. */
export function openEngine(options: WorkerOptions, open: OpenDatabase, report: Report): WorkerHandlers {
  const nowMs = (): number => Math.round(Date.now() + options.clockOffsetMs)
  const files = dataFiles(options.dataFolder)
  makeFolder(files.folder)
  makeFolder(files.backups)
  const lock = lockFolder(files, open, report)
  try {
    applyPendingRestore(files, report)
    // Both before either is opened: a newer console's folder stays byte for byte as it is.
    refuseNewer({ path: files.console, migrations: CONSOLE_MIGRATIONS })
    refuseNewer({ path: files.history, migrations: HISTORY_MIGRATIONS })
    removeTemporaryFiles(files)
    const space = new Space(files.folder, files.reserve, report)
    const context = { files, open, nowMs: nowMs(), report }
    const console = ConsoleFile.open(context)
    const opened = openFile(
      {
        path: files.history,
        name: 'history',
        // As large as the file itself, and made before a migration only.
        backupsKept: 1,
        migrations: HISTORY_MIGRATIONS,
        synchronous: 'NORMAL',
        checkUpToBytes: 64 * MIB,
        suspect: existsSync(files.suspect)
      },
      context
    )
    rmSync(files.suspect, { force: true })
    const history = new HistoryFile(opened.db, { space, report, nowMs: nowMs() })
    const noteFailure = (error: unknown): never => {
      if (isDiskFull(error)) space.noteFull()
      if (isDamage(error)) {
        report('error', 'storage.damageMet', {}, error)
        writeFileSync(files.suspect, '', { mode: 0o600 })
      }
      throw asAppError(error)
    }
    const handlers = makeHandlers({
      console,
      history,
      space,
      nowMs,
      recovered: console.recoveredFrom ?? opened.recoveredFrom,
      release: () => lock.release()
    })
    return guarded(handlers, noteFailure)
  } catch (error) {
    lock.release()
    throw error
  }
}

interface Engine {
  readonly console: ConsoleFile
  readonly history: HistoryFile
  readonly space: Space
  readonly recovered: string | null
  readonly nowMs: () => number
  readonly release: () => void
}

function makeHandlers({ console, history, space, nowMs, recovered, release }: Engine): WorkerHandlers {
  const { servers, pins, blobs, settings, journal, alerts, reports, configuration } = console
  const cursors = rowCursors(history.context)

  return {
    'servers.list': () =>
      servers.list().map((row) => {
        const lastNow = history.lastNow(row.record.id)
        const cpuThreads = row.facts?.cpuThreads ?? null
        return { ...row, lastNow: lastNow === null ? null : { ...lastNow, cpuThreads } }
      }),
    'servers.insert': ([record]) => console.changed(() => servers.insert(record)),
    'servers.update': ([records]) => console.changed(() => servers.update(records)),
    'servers.remove': ([serverIds, deleteHistory]) => {
      console.changed(() => servers.remove(serverIds))
      if (deleteHistory) for (const serverId of serverIds) history.remove(serverId)
    },
    'servers.saveFacts': ([serverId, facts, atMs]) => servers.saveFacts(serverId, facts, atMs),
    'servers.saveLastGoodAddress': ([serverId, address]) => servers.saveLastGoodAddress(serverId, address),
    'pins.list': ([host, port]) => pins.list(host, port),
    'pins.pin': ([key, replace]) => console.changed(() => pins.pin(key, replace, nowMs())),
    'blobs.get': ([name]) => blobs.get(name),
    'blobs.set': ([name, value]) => console.changed(() => blobs.set(name, value)),
    'configuration.read': ([names]) => configuration.read(names),
    'configuration.apply': ([change]) => console.changed(() => configuration.apply(change, nowMs())),
    'settings.read': () => settings.read(),
    'settings.write': ([value]) => console.changed(() => settings.write(value)),
    'journal.begin': ([entry]) => journal.begin(entry),
    'journal.end': ([id, result]) => journal.end(id, result),
    'journal.list': ([query]) => journal.list(query),
    'alerts.load': () => alerts.load(),
    'alerts.commit': ([change]) =>
      isOperators(change) ? console.changed(() => alerts.commit(change)) : alerts.commit(change),
    'alerts.history': ([query]) => alerts.history(query),
    'alerts.prune': ([endedBeforeMs, most]) => alerts.prune(endedBeforeMs, most),
    'reports.list': () => reports.list(),
    'reports.insert': ([report, key]) => console.changed(() => reports.insert(report, key)),
    'reports.update': ([report]) => console.changed(() => reports.update(report)),
    'reports.remove': ([reportId]) => console.changed(() => reports.remove(reportId)),
    append: (tick) => history.append(tick),
    'history.flush': () => history.flush(),
    'history.beginGap': ([serverId, fromAtMs, reason, vmUuid]) =>
      history.beginGap(serverId, fromAtMs, reason, vmUuid),
    'history.endGap': ([serverId, toAtMs, vmUuid]) => history.endGap(serverId, toAtMs, vmUuid),
    'history.addMark': ([mark]) => history.addMark(mark),
    'history.marks': ([query]) => history.marks.list(query),
    'history.addDayTotals': ([totals]) => history.dayTotals.add(totals),
    'history.countUp': ([serverId, reading, zone]) => history.traffic.countUp(serverId, reading, zone),
    'history.dayTotals': ([query]) => history.dayTotals.list(query),
    'history.trafficLog': ([serverId, path]) => history.webTraffic.log(serverId, path),
    'history.addTraffic': ([commit]) => history.webTraffic.add(commit),
    'history.trafficTotals': ([query]) => history.webTraffic.totals(query),
    'history.read': ([query], signal) => readHistory(history.upToDate(), query, signal),
    'history.statistics': ([query], signal) => statisticsOf(history.upToDate(), query, signal),
    'history.rowsPage': ([query], signal) => rowsPageOf(history.upToDate(), query, signal),
    'history.top': ([query], signal) => topOf(history.upToDate(), query, signal),
    'history.busyHours': ([query], signal) => busyHoursOf(history.upToDate(), query, signal),
    'history.means': ([query], signal) => meansOf(history.upToDate(), query, signal),
    'history.figures': ([query], signal) => figuresOf(history.upToDate(), query, signal),
    'history.shares': ([query], signal) => sharesOf(history.upToDate(), query, signal),
    'history.usage': () => history.usage(),
    'history.entities': ([serverId]) => entitiesOf(history.context.registry, serverId),
    'history.rowsOpen': ([query]) => {
      history.flush()
      return cursors.open(query)
    },
    'history.rowsNext': ([cursor]) => cursors.next(cursor),
    'history.rowsClose': ([cursor]) => cursors.close(cursor),
    'processes.append': ([snapshot]) => history.processes.append(snapshot),
    'processes.at': ([serverId, atMs]) => history.processes.at(serverId, atMs),
    'processes.series': ([query], signal) => history.processes.series(query, signal),
    'history.applyRetention': ([retention, atMs], signal) => history.applyRetention(retention, atMs, signal),
    health: () => ({
      historyBytes: history.bytes(),
      diskFreeBytes: space.freeBytes(),
      storageFull: space.full && !space.mayWrite(),
      databaseRecovered: recovered
    }),
    close: async () => {
      cursors.closeAll()
      await history.close(nowMs())
      console.close()
      release()
    }
  }
}

/** Whether the operator wrote it: then it is worth a backup. */
function isOperators(change: AlertChange): boolean {
  const { rules = [], removedRules = [], silences = [], removedSilences = [] } = change
  const { maintenances = [], removedMaintenances = [] } = change
  const lists = [rules, removedRules, silences, removedSilences, maintenances, removedMaintenances]
  return lists.some((list) => list.length > 0)
}

/** Every handler's errors pass by `noteFailure`. */
function guarded(handlers: WorkerHandlers, noteFailure: (error: unknown) => never): WorkerHandlers {
  const wrapped = Object.entries(handlers).map(([method, handler]) => {
    const call = handler as (...args: unknown[]) => unknown
    const run = async (...args: unknown[]): Promise<unknown> => {
      try {
        return await call(...args)
      } catch (error) {
        return noteFailure(error)
      }
    }
    return [method, run]
  })
  return Object.fromEntries(wrapped) as WorkerHandlers
}

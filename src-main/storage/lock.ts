/**
 * The lock on the data folder. The operating system holds it (SQLite's exclusive lock on an empty file), so it ends with
 * the process, however it ends: a dead console's lock needs no take-over. The pid file only names the holder.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs'
import { AppError } from '#contract/errors.ts'
import { type DataFiles, dataFiles, makePrivateFile, writeFileAtomically } from './files.ts'
import type { Report } from './protocol.ts'
import { type Database, errorCode, type OpenDatabase } from './sqlite.ts'

export interface FolderLock {
  release(): void
}

function holder(files: DataFiles): number | null {
  try {
    const pid = Number.parseInt(readFileSync(files.lockPid, 'utf8'), 10)
    return Number.isInteger(pid) ? pid : null
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null
    throw error
  }
}

/** Whether the console that has the folder open is a process that lives. Opens no lock: it may be asked beside it. */
export function isFolderInUse(folder: string): boolean {
  const pid = holder(dataFiles(folder))
  if (pid === null) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: it lives, and is another user's.
    return errorCode(error) === 'EPERM'
  }
}

function takeLock(lock: Database): void {
  lock.pragma('busy_timeout = 0')
  lock.pragma('journal_mode = MEMORY')
  lock.exec('BEGIN EXCLUSIVE')
}

/** Throws dataFolderLocked (`folder`, `pid` where known) when another console has the folder open. */
export function lockFolder(files: DataFiles, open: OpenDatabase, report: Report): FolderLock {
  // Never opened by anything but SQLite while it exists: closing another handle would drop POSIX locks of this process.
  if (!existsSync(files.lock)) makePrivateFile(files.lock)
  let lock = open(files.lock)
  try {
    takeLock(lock)
  } catch (error) {
    lock.close()
    if (errorCode(error).startsWith('SQLITE_BUSY')) {
      const pid = holder(files)
      const params = pid === null ? { folder: files.folder } : { folder: files.folder, pid }
      throw new AppError('dataFolderLocked', { params, retryable: true })
    }
    // The lock file holds nothing; one that SQLite cannot read is made anew.
    rmSync(files.lock, { force: true })
    makePrivateFile(files.lock)
    lock = open(files.lock)
    takeLock(lock)
  }
  try {
    writeFileAtomically(files.lockPid, `${process.pid}\n`)
  } catch (error) {
    // Only a courtesy to a second console; a full disk must not keep the first from starting.
    report('warn', 'storage.lockHolderNotWritten', {}, error)
  }
  return {
    release() {
      rmSync(files.lockPid, { force: true })
      lock.close()
    }
  }
}

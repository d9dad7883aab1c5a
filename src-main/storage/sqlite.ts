/** SQLite's types and errors as the rest of storage sees them; the library itself is imported by worker.ts alone. */
import type BetterSqlite3 from 'better-sqlite3'
import { AppError, type ErrorCode } from '#contract/errors.ts'

export type Database = BetterSqlite3.Database
export type Statement<P extends unknown[] = unknown[], R = unknown> = BetterSqlite3.Statement<P, R>

/** Opens (or creates) a database file; passed in by worker.ts. */
export type OpenDatabase = (path: string, options?: { readonly readonly?: boolean }) => Database

/** The oldest SQLite that is trusted: 3.51.3 mends a WAL reset race that could damage files. */
const OLDEST_SQLITE = [3, 51, 3] as const

/** Throws `internal` when the linked SQLite is older than 3.51.3. */
export function assertSqliteVersion(version: string): void {
  const parts = version.split('.').map(Number)
  for (const [index, oldest] of OLDEST_SQLITE.entries()) {
    const part = parts[index] ?? 0
    if (part > oldest) return
    if (part < oldest) {
      throw new AppError('internal', {
        params: { sqliteVersion: version, oldestSqlite: OLDEST_SQLITE.join('.') }
      })
    }
  }
}

/** `SQLITE_…`, `E…` (from the file system) or '' when the error carries none. */
export function errorCode(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') return error.code
  return ''
}

export function isDamage(error: unknown): boolean {
  const code = errorCode(error)
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB' || code === 'SQLITE_FORMAT'
}

export function isDiskFull(error: unknown): boolean {
  if (error instanceof AppError) return error.code === 'diskFull'
  const code = errorCode(error)
  return code === 'SQLITE_FULL' || code === 'ENOSPC' || code === 'EDQUOT'
}

/** Any error as an AppError: diskFull, databaseDamaged, fileNotWritable, or internal with its cause. */
export function asAppError(error: unknown, params: Record<string, string> = {}): AppError {
  if (error instanceof AppError) return error
  const code = errorCode(error)
  if (isDiskFull(error)) return new AppError('diskFull', { params, retryable: true, cause: error })
  if (isDamage(error)) return new AppError('databaseDamaged', { params, cause: error })
  const unwritable: ErrorCode = 'fileNotWritable'
  if (/^(SQLITE_(READONLY|CANTOPEN|IOERR|PERM|AUTH)|EACCES|EPERM|EROFS|EIO|ENOTDIR|EISDIR)/.test(code)) {
    return new AppError(unwritable, { params: { ...params, reason: code }, cause: error })
  }
  return new AppError('internal', { params, cause: error })
}

/** For the log: the stack of the error and of its causes, as text (errors of SQLite do not cross the port whole). */
export function causeText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = errorCode(error)
  const own = `${code === '' ? '' : `[${code}] `}${error.stack ?? error.message}`
  return error.cause === undefined ? own : `${own}\ncaused by ${causeText(error.cause)}`
}

/** Whether an unpacked backup may take the place of the data: whole, of no newer console, sound. */
import { existsSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '#contract/errors.ts'
import { CONSOLE_MIGRATIONS } from '../migrations/console/index.ts'
import { HISTORY_MIGRATIONS } from '../migrations/history/index.ts'
import { newestVersion, userVersion } from '../migrate.ts'
import { isDamage, type OpenDatabase } from '../sqlite.ts'
import { hashOf } from './copy-data.ts'
import type { ArchiveJob } from './protocol.ts'

const DATABASES = [
  { name: 'console.sqlite', migrations: CONSOLE_MIGRATIONS },
  { name: 'history.sqlite', migrations: HISTORY_MIGRATIONS }
] as const

/**
 * Throws backupInvalid with `reason` `incomplete` (a file is missing), `changed` (size or SHA-256 is not that of the
 * manifest), `damaged` (SQLite finds it unsound), and databaseNewer (`file`, versions).
 */
export async function checkData(
  { folder, manifest }: Extract<ArchiveJob, { kind: 'check' }>,
  open: OpenDatabase,
  progress: (doneRatio: number) => void
): Promise<void> {
  for (const { name } of DATABASES)
    if (!manifest.files.some((file) => file.name === name)) throw invalid('incomplete', name)
  const totalBytes = manifest.files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) || 1
  let hashedBytes = 0
  for (const { name, sizeBytes, sha256 } of manifest.files) {
    const path = join(folder, name)
    if (!existsSync(path)) throw invalid('incomplete', name)
    if (statSync(path).size !== sizeBytes) throw invalid('changed', name)
    const found = await hashOf(path, (bytes) => {
      hashedBytes += bytes
      progress((hashedBytes / totalBytes) * 0.5)
    })
    if (found !== sha256) throw invalid('changed', name)
  }
  for (const [index, { name, migrations }] of DATABASES.entries()) {
    checkDatabase(join(folder, name), name, newestVersion(migrations), open)
    progress(0.5 + (index + 1) / 4)
  }
}

function checkDatabase(path: string, name: string, knownVersion: number, open: OpenDatabase): void {
  try {
    const db = open(path)
    try {
      db.pragma('cell_size_check = ON')
      db.pragma('trusted_schema = OFF')
      const fileVersion = userVersion(db)
      if (fileVersion > knownVersion)
        throw new AppError('databaseNewer', { params: { file: name, fileVersion, knownVersion } })
      if (fileVersion === 0 || db.pragma('quick_check(1)', { simple: true }) !== 'ok')
        throw invalid('damaged', name)
    } finally {
      db.close()
      // Opening made them; the file itself is as it was.
      for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true })
    }
  } catch (error) {
    if (!isDamage(error)) throw error
    throw invalid('damaged', name, error)
  }
}

function invalid(reason: string, file: string, cause?: unknown): AppError {
  return new AppError('backupInvalid', { params: { reason, file }, cause })
}

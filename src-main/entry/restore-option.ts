/** `--restore FILE`: a backup is checked and takes effect as this console starts. */
import { createReadStream, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '#contract/errors.ts'
import type { DataArchive } from '../application/backup/data-archive.ts'

/**
 * Checks the backup and gets it ready; the storage that `start` opens puts it in place. When the console cannot start
 * after all (another one uses the folder), nothing is left to be restored later.
 * Throws notFound (`path`), backupInvalid (`path`, `reason`), databaseNewer, diskFull, and what `start` throws.
 */
export async function withRestore<T>(
  file: string | null,
  archive: DataArchive,
  start: () => Promise<T>
): Promise<T> {
  if (file === null) return start()
  const path = resolve(file)
  if (!existsSync(path)) throw new AppError('notFound', { params: { path } })
  // One that waited is given up for this one; one that a start was putting in place is finished first.
  try {
    await archive.disarm()
  } catch (error) {
    throw new AppError('backupInvalid', { params: { path, reason: 'underWay' }, cause: error })
  }
  try {
    await archive.stage(createReadStream(path), new AbortController().signal)
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'backupInvalid') throw error
    throw new AppError('backupInvalid', { params: { ...error.params, path }, cause: error })
  }
  await archive.arm()
  try {
    return await start()
  } catch (error) {
    if (error instanceof AppError && error.code === 'dataFolderLocked') await archive.disarm()
    throw error
  }
}

/** Whole copies of a database, made by SQLite itself, newest few kept. */
import { existsSync, readdirSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { AppError } from '#contract/errors.ts'
import { makePrivateFile, syncFolder } from './files.ts'
import type { Database } from './sqlite.ts'

/** Left free on the disk beyond the copy: the file itself must be able to grow while it is migrated. */
const MARGIN_BYTES = 16 * 1024 * 1024

export interface BackupPlan {
  readonly folder: string
  /** Of the database; the copies are named after it. */
  readonly name: string
  /** How many of that name are kept, the newest. */
  readonly kept: number
}

/**
 * Copies the database into the folder as `<name>-<time>-v<version>.sqlite`. Returns the path. Throws diskFull
 * (`neededBytes`, `freeBytes`) before anything is written when there is no room, and errors of SQLite; nothing
 * half-written keeps the final name.
 */
export function backUp(db: Database, { folder, name, kept }: BackupPlan, nowMs: number): string {
  needRoom(db, folder)
  const version = String(db.pragma('user_version', { simple: true }))
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  let target = join(folder, `${name}-${stamp}-v${version}.sqlite`)
  for (let again = 2; existsSync(target); again++) {
    target = join(folder, `${name}-${stamp}-v${version}-${again}.sqlite`)
  }
  const beside = `${target}.tmp`
  rmSync(beside, { force: true })
  try {
    makePrivateFile(beside)
    db.prepare('VACUUM INTO ?').run(beside)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  renameSync(beside, target)
  syncFolder(folder)
  for (const old of listBackups(folder, name).slice(kept)) rmSync(old, { force: true })
  return target
}

/** Checked first: a copy that fails midway has filled the disk for everyone by then. */
function needRoom(db: Database, folder: string): void {
  const pages = Number(db.pragma('page_count', { simple: true }))
  const neededBytes = pages * Number(db.pragma('page_size', { simple: true }))
  const { bavail, bsize } = statfsSync(folder)
  const freeBytes = bavail * bsize
  if (freeBytes >= neededBytes + MARGIN_BYTES) return
  throw new AppError('diskFull', { params: { path: folder, neededBytes, freeBytes }, retryable: true })
}

/** Paths of the backups of one database, newest first (by the time the file was written). */
export function listBackups(folder: string, name: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((file) => file.startsWith(`${name}-`) && file.endsWith('.sqlite'))
    .map((file) => join(folder, file))
    .map((path) => ({ path, atMs: statSync(path).mtimeMs }))
    .toSorted((a, b) => b.atMs - a.atMs || (a.path < b.path ? 1 : -1))
    .map((file) => file.path)
}

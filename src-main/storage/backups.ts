/** Whole copies of a database, made by SQLite itself, newest few kept. */
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFile, syncFolder } from './files.ts'
import type { Database } from './sqlite.ts'

const KEPT = 3

/**
 * Copies the database into the folder as `<name>-<time>-v<version>.sqlite` and drops all but the newest three of that
 * name. Returns the path. Throws diskFull errors of SQLite; nothing half-written keeps the final name.
 */
export function backUp(db: Database, folder: string, name: string, nowMs: number): string {
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
  for (const old of listBackups(folder, name).slice(KEPT)) rmSync(old, { force: true })
  return target
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

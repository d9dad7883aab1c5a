/**
 * A restore that takes effect at the next start. What is there is put aside whole, then the checked backup is moved in:
 * renames only, each of which may be the last before a crash. The marker says how far it is, so that the next start goes
 * on from there; until it is gone nothing else opens the files.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync
} from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { BACKUP_FILES, BackupManifest } from '#contract/backup.ts'
import { AppError } from '#contract/errors.ts'
import { type DataFiles, makeFolder, syncFolder, writeFileAtomically } from '../files.ts'
import type { Report } from '../protocol.ts'

const Marker = z.object({
  /** `putAside`: the present files are on their way aside. `moveIn`: those of the backup are on their way in. */
  phase: z.enum(['putAside', 'moveIn']),
  /** Name of the folder for what was there. */
  aside: z.string().regex(/^replaced-[\w-]+$/)
})
type Marker = z.infer<typeof Marker>

export const MANIFEST_NAME = 'manifest.json'

/** Everything that belongs to the data, a database before its WAL. Log, lock and window state stay. */
const PUT_ASIDE = [
  'console.sqlite',
  'console.sqlite-wal',
  'history.sqlite',
  'history.sqlite-wal',
  'history.suspect',
  'servers.json',
  'backups'
] as const

/** Where a checked backup waits. */
export const stagedFolder = (dataFolder: string): string => join(dataFolder, 'restore')
const markerPath = (dataFolder: string): string => join(dataFolder, 'restore.json')

/**
 * The manifest of the checked backup that waits; null when there is none, or not all of its files are there in their
 * sizes. Their content was checked when they came.
 */
export function stagedManifest(dataFolder: string): BackupManifest | null {
  const staged = stagedFolder(dataFolder)
  const path = join(staged, MANIFEST_NAME)
  if (!existsSync(path)) return null
  const manifest = BackupManifest.parse(JSON.parse(readFileSync(path, 'utf8')))
  const isWhole = manifest.files.every(({ name, sizeBytes }) => {
    const file = join(staged, name)
    return existsSync(file) && statSync(file).size === sizeBytes
  })
  return isWhole ? manifest : null
}

export function isArmed(dataFolder: string): boolean {
  return existsSync(markerPath(dataFolder))
}

/** The backup that waits takes effect at the next start. Throws notFound when none waits. */
export function armRestore(dataFolder: string, nowMs: number): void {
  if (stagedManifest(dataFolder) === null) throw new AppError('notFound')
  const stamp = new Date(nowMs).toISOString().replaceAll(/[:.]/g, '-')
  let aside = `replaced-${stamp}`
  for (let again = 2; existsSync(join(dataFolder, aside)); again++) aside = `replaced-${stamp}-${again}`
  writeMarker(dataFolder, { phase: 'putAside', aside })
}

/** Drops the backup that waits. While it is being moved in (a start was cut off) nothing is dropped: throws conflict. */
export function disarmRestore(dataFolder: string): void {
  if (readMarker(dataFolder)?.phase === 'moveIn') throw new AppError('conflict')
  rmSync(markerPath(dataFolder), { force: true })
  syncFolder(dataFolder)
  rmSync(stagedFolder(dataFolder), { recursive: true, force: true })
}

/** Folders where earlier restores have put the data of their time, newest first. */
export function putAsideFolders(dataFolder: string): string[] {
  if (!existsSync(dataFolder)) return []
  return readdirSync(dataFolder)
    .filter((name) => name.startsWith('replaced-'))
    .toSorted()
    .reverse()
}

/**
 * Called at each start with the lock held, before any database is opened. Returns the name of the folder with the data
 * that was put aside; null when nothing was to be restored. A backup that is not whole any more is not restored: the
 * data stays. Throws databaseDamaged when the marker cannot be read: it says where the data is.
 */
export function applyPendingRestore(files: DataFiles, report: Report): string | null {
  const { folder } = files
  const marker = readMarker(folder)
  if (marker === null) return null
  const aside = join(folder, marker.aside)
  if (marker.phase === 'putAside') {
    if (stagedManifest(folder) === null) {
      giveUp(folder, aside, report)
      return null
    }
    makeFolder(aside)
    for (const name of PUT_ASIDE) moveIfThere(join(folder, name), join(aside, name))
    for (const database of [files.console, files.history]) rmSync(`${database}-shm`, { force: true })
    syncFolder(aside)
    syncFolder(folder)
    writeMarker(folder, { ...marker, phase: 'moveIn' })
  }
  for (const name of BACKUP_FILES) moveIfThere(join(stagedFolder(folder), name), join(folder, name))
  mkdirSync(files.backups, { recursive: true, mode: 0o700 })
  syncFolder(folder)
  // The marker goes last: what is left of the folder would look like a backup that waits.
  rmSync(stagedFolder(folder), { recursive: true, force: true })
  rmSync(markerPath(folder))
  syncFolder(folder)
  report('warn', 'storage.backupRestored', { putAside: marker.aside })
  return marker.aside
}

/** What was put aside already comes back. */
function giveUp(folder: string, aside: string, report: Report): void {
  report('error', 'storage.backupNotRestored', { reason: 'incomplete' })
  // Made anew by this start; an empty folder in the way of the old one.
  const backups = join(folder, 'backups')
  if (existsSync(join(aside, 'backups')) && existsSync(backups)) rmdirSync(backups)
  for (const name of PUT_ASIDE.toReversed()) moveIfThere(join(aside, name), join(folder, name))
  if (existsSync(aside)) rmdirSync(aside)
  syncFolder(folder)
  rmSync(stagedFolder(folder), { recursive: true, force: true })
  rmSync(markerPath(folder))
}

/** Never over something: what was moved by a start that was cut off is not moved again. */
function moveIfThere(from: string, to: string): void {
  if (existsSync(from) && !existsSync(to)) renameSync(from, to)
}

function readMarker(folder: string): Marker | null {
  const path = markerPath(folder)
  if (!existsSync(path)) return null
  try {
    return Marker.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (error) {
    throw new AppError('databaseDamaged', { params: { file: basename(path) }, cause: error })
  }
}

function writeMarker(folder: string, marker: Marker): void {
  writeFileAtomically(markerPath(folder), JSON.stringify(marker))
}

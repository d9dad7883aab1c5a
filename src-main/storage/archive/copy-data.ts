/** Makes a consistent copy of the data folder's files, in slices, through connections of its own. */
import { createHash } from 'node:crypto'
import {
  closeSync,
  copyFileSync,
  createReadStream,
  existsSync,
  fdatasyncSync,
  openSync,
  statSync
} from 'node:fs'
import { join } from 'node:path'
import { BACKUP_FILES, type BackupManifest } from '#contract/backup.ts'
import { AppError } from '#contract/errors.ts'
import { dataFiles, makePrivateFile } from '../files.ts'
import type { OpenDatabase } from '../sqlite.ts'
import type { ArchiveJob } from './protocol.ts'

/** 1 MiB with pages of 4 KiB: a few milliseconds. */
const PAGES_PER_SLICE = 256
/** The copy is brought to the disk as it grows: one large flush at the end would hold up the commits of samples. */
const SLICES_PER_SYNC = 16
const DATABASES = ['console.sqlite', 'history.sqlite'] as const

interface CopyContext {
  readonly open: OpenDatabase
  readonly isCancelled: () => boolean
  /** 0 to 1. */
  readonly progress: (doneRatio: number) => void
}

/**
 * Copies into `job.into` and returns the manifest. A read transaction pins what is copied: the console writes on into
 * its WAL meanwhile, waits for nothing, and the copy never begins anew. Throws cancelled and errors of SQLite.
 */
export async function copyData(
  job: Extract<ArchiveJob, { kind: 'copy' }>,
  { open, isCancelled, progress }: CopyContext
): Promise<BackupManifest> {
  const files = dataFiles(job.dataFolder)
  const sources = { 'console.sqlite': files.console, 'history.sqlite': files.history }
  const totalBytes = DATABASES.reduce((sum, name) => sum + statSync(sources[name]).size, 0) || 1
  // Reading a copy again for its hash takes about as long as half of making it.
  const share = { copy: 2 / 3, hash: 1 / 3 }
  let doneBytes = 0
  for (const name of DATABASES) {
    const target = join(job.into, name)
    const copiedBytes = await copyDatabase(sources[name], target, open, (bytes) => {
      if (isCancelled()) throw new AppError('cancelled')
      progress(Math.min(1, (doneBytes + bytes) / totalBytes) * share.copy)
    })
    doneBytes += copiedBytes
  }
  if (existsSync(files.serversJson)) copyFileSync(files.serversJson, join(job.into, 'servers.json'))

  const copied = BACKUP_FILES.filter((name) => existsSync(join(job.into, name)))
  const hashed: BackupManifest['files'] = []
  let hashedBytes = 0
  for (const name of copied) {
    const path = join(job.into, name)
    const sha256 = await hashOf(path, (bytes) => {
      if (isCancelled()) throw new AppError('cancelled')
      hashedBytes += bytes
      progress(share.copy + Math.min(1, hashedBytes / totalBytes) * share.hash)
    })
    hashed.push({ name, sizeBytes: statSync(path).size, sha256 })
  }
  return {
    format: 'virthelm-backup',
    formatVersion: 1,
    madeAtMs: job.madeAtMs,
    consoleVersion: job.consoleVersion,
    serverCount: countServers(join(job.into, 'console.sqlite'), open),
    files: hashed
  }
}

/** `onSlice` is told the bytes copied so far, and may throw. Returns the copy's size. */
async function copyDatabase(
  source: string,
  target: string,
  open: OpenDatabase,
  onSlice: (copiedBytes: number) => void
): Promise<number> {
  const db = open(source, { readonly: true })
  makePrivateFile(target)
  // Windows flushes only what is open for writing.
  const targetFile = openSync(target, 'r+')
  try {
    db.pragma('busy_timeout = 2000')
    db.exec('BEGIN')
    const pageBytes = Number(db.pragma('page_size', { simple: true }))
    // The first read takes the snapshot.
    db.prepare('SELECT count(*) FROM sqlite_schema').get()
    let slices = 0
    await db.backup(target, {
      progress({ totalPages, remainingPages }) {
        onSlice((totalPages - remainingPages) * pageBytes)
        if (++slices % SLICES_PER_SYNC === 0) fdatasyncSync(targetFile)
        return PAGES_PER_SLICE
      }
    })
    db.exec('COMMIT')
    fdatasyncSync(targetFile)
    return statSync(target).size
  } finally {
    closeSync(targetFile)
    db.close()
  }
}

/** SHA-256 in hexadecimal. `onBytes` is told the size of each piece, and may throw. */
export async function hashOf(path: string, onBytes: (bytes: number) => void): Promise<string> {
  const hash = createHash('sha256')
  for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    const bytes = piece as Buffer
    hash.update(bytes)
    onBytes(bytes.length)
  }
  return hash.digest('hex')
}

function countServers(path: string, open: OpenDatabase): number {
  const db = open(path, { readonly: true })
  try {
    return Number(db.prepare('SELECT count(*) FROM server').pluck().get())
  } finally {
    db.close()
  }
}

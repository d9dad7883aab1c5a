/** The data folder as one file and back, for the application. All of SQLite's work is done by archive workers. */
import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
import { mkdir, rename, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { BACKUP_FILES, BackupManifest, type BackupSummary } from '#contract/backup.ts'
import { AppError } from '#contract/errors.ts'
import type { ArchiveCopy, CopyOptions, DataArchive } from '../../application/backup/data-archive.ts'
import { dataFiles } from '../files.ts'
import { asAppError } from '../sqlite.ts'
import {
  armRestore,
  disarmRestore,
  isArmed,
  MANIFEST_NAME,
  putAsideFolders,
  stagedFolder,
  stagedManifest
} from './pending-restore.ts'
import { runArchiveJob } from './run-job.ts'
import { readTar, tarBytes, tarEnd, tarHeader, tarPadding } from './tar.ts'

export interface DataArchiveOptions {
  readonly dataFolder: string
  /** Where a copy is made before it is packed; the data folder when left out. */
  readonly workFolder?: string
  /** Of storage/archive/worker.ts, or of the built archive-worker.js. */
  readonly workerUrl: URL
  readonly consoleVersion: string
  readonly nowMs: () => number
}

/** Left free on the disk: a backup must not be what stops the sampling. */
const MARGIN_BYTES = 64 * 1024 * 1024
const PIECE_BYTES = 256 * 1024
const MAX_MANIFEST_BYTES = 64 * 1024

export function openDataArchive(options: DataArchiveOptions): DataArchive {
  const { dataFolder, nowMs } = options
  return {
    expectedBytes: () => dataBytes(dataFolder),
    copy: (how) => orAppError(copyData(options, how)),
    stage: (bytes, signal) => orAppError(stage(options, bytes, signal)),
    async staged() {
      const manifest = stagedManifest(dataFolder)
      return manifest === null ? null : { summary: summaryOf(manifest), isArmed: isArmed(dataFolder) }
    },
    arm: async () => armRestore(dataFolder, nowMs()),
    disarm: async () => disarmRestore(dataFolder),
    putAside: async () => putAsideFolders(dataFolder)
  }
}

async function orAppError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw asAppError(error)
  }
}

async function dataBytes(dataFolder: string): Promise<number> {
  const files = dataFiles(dataFolder)
  let bytes = 0
  for (const path of [files.console, files.history, files.serversJson])
    if (existsSync(path)) bytes += (await stat(path)).size
  return bytes
}

/** Throws diskFull when the folder's disk has no room for so many bytes. */
async function needRoom(folder: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder)
  const freeBytes = bavail * bsize
  if (freeBytes < neededBytes + MARGIN_BYTES)
    throw new AppError('diskFull', { params: { path: folder, neededBytes, freeBytes }, retryable: true })
}

async function copyData(
  { dataFolder, workFolder = dataFolder, workerUrl, consoleVersion, nowMs }: DataArchiveOptions,
  { signal, progress }: CopyOptions
): Promise<ArchiveCopy> {
  await needRoom(workFolder, await dataBytes(dataFolder))
  const into = await makeWorkFolder(workFolder, 'backup')
  const discard = (): Promise<void> => rm(into, { recursive: true, force: true })
  try {
    const job = { kind: 'copy', dataFolder, into, madeAtMs: nowMs(), consoleVersion } as const
    const manifest = await runArchiveJob(workerUrl, job, signal, progress)
    const head = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)
    const sizes = [head.byteLength, ...manifest.files.map(({ sizeBytes }) => sizeBytes)]
    return { manifest, archiveBytes: tarBytes(sizes), pieces: () => packed(into, manifest, head), discard }
  } catch (error) {
    await discard()
    throw error
  }
}

/** The manifest comes first: a backup that is cut off or foreign is known by its beginning. */
async function* packed(
  folder: string,
  { files, madeAtMs }: BackupManifest,
  head: Buffer
): AsyncGenerator<Uint8Array, void> {
  yield tarHeader(MANIFEST_NAME, head.byteLength, madeAtMs)
  yield head
  yield tarPadding(head.byteLength)
  for (const { name, sizeBytes } of files) {
    yield tarHeader(name, sizeBytes, madeAtMs)
    for await (const piece of createReadStream(join(folder, name), { highWaterMark: PIECE_BYTES }))
      yield piece as Buffer
    yield tarPadding(sizeBytes)
  }
  yield tarEnd()
}

/** Ends in `.tmp`, so that the next start removes what a crash has left. */
async function makeWorkFolder(parent: string, what: string): Promise<string> {
  const folder = join(parent, `${what}-${randomUUID().slice(0, 8)}.tmp`)
  await mkdir(folder, { mode: 0o700 })
  return folder
}

async function stage(
  { dataFolder, workerUrl }: DataArchiveOptions,
  bytes: AsyncIterable<Uint8Array>,
  signal: AbortSignal
): Promise<BackupSummary> {
  if (isArmed(dataFolder)) throw new AppError('conflict')
  const into = await makeWorkFolder(dataFolder, 'restore')
  try {
    const manifest = await unpack(bytes, into, signal)
    await runArchiveJob(workerUrl, { kind: 'check', folder: into, manifest }, signal, () => undefined)
    await rm(stagedFolder(dataFolder), { recursive: true, force: true })
    await rename(into, stagedFolder(dataFolder))
    return summaryOf(manifest)
  } catch (error) {
    await rm(into, { recursive: true, force: true })
    throw error
  }
}

/** Writes the archive's files into the folder. Throws backupInvalid (`reason`), diskFull, cancelled. */
async function unpack(
  bytes: AsyncIterable<Uint8Array>,
  into: string,
  signal: AbortSignal
): Promise<BackupManifest> {
  let manifest: BackupManifest | null = null
  const seen = new Set<string>()
  for await (const entry of readTar(bytes)) {
    if (signal.aborted) throw new AppError('cancelled')
    if (seen.has(entry.name)) throw invalid('notABackup')
    seen.add(entry.name)
    if (entry.name === MANIFEST_NAME) {
      manifest = await readManifest(entry)
      await writeFile(join(into, MANIFEST_NAME), JSON.stringify(manifest), { mode: 0o600 })
      continue
    }
    if (!BACKUP_FILES.some((name) => name === entry.name)) throw invalid('notABackup')
    await needRoom(into, entry.sizeBytes)
    await writeAll(
      entry.bytes,
      createWriteStream(join(into, entry.name), { mode: 0o600, flush: true }),
      signal
    )
  }
  if (manifest === null) throw invalid('notABackup')
  return manifest
}

async function readManifest(entry: {
  sizeBytes: number
  bytes: AsyncIterable<Uint8Array>
}): Promise<BackupManifest> {
  if (entry.sizeBytes > MAX_MANIFEST_BYTES) throw invalid('notABackup')
  const pieces: Uint8Array[] = []
  // Copied: a piece is good only until the next is asked for.
  for await (const piece of entry.bytes) pieces.push(Uint8Array.from(piece))
  let parsed: ReturnType<typeof BackupManifest.safeParse>
  try {
    parsed = BackupManifest.safeParse(JSON.parse(Buffer.concat(pieces).toString()))
  } catch (error) {
    throw invalid('notABackup', error)
  }
  if (!parsed.success) throw invalid('notABackup', parsed.error)
  if (parsed.data.formatVersion > 1) throw invalid('newer')
  return parsed.data
}

async function writeAll(
  pieces: AsyncIterable<Uint8Array>,
  file: Writable,
  signal: AbortSignal
): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => file.once('close', resolve).once('error', reject))
  // Awaited below, once all is written; until then a failure comes by the write itself.
  closed.catch(() => undefined)
  const write = (piece: Uint8Array): Promise<void> =>
    new Promise((resolve, reject) =>
      file.write(piece, (error) => (error === null || error === undefined ? resolve() : reject(error)))
    )
  try {
    for await (const piece of pieces) {
      if (signal.aborted) throw new AppError('cancelled')
      await write(piece)
    }
  } catch (error) {
    file.destroy()
    throw error
  }
  file.end()
  await closed
}

const invalid = (reason: string, cause?: unknown): AppError =>
  new AppError('backupInvalid', { params: { reason }, cause })

function summaryOf({ madeAtMs, consoleVersion, serverCount, files }: BackupManifest): BackupSummary {
  const sizeBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0)
  return { madeAtMs, consoleVersion, serverCount, sizeBytes }
}

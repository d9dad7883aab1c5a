/** Making backups, and getting a restore ready for the next start. */
import { z } from 'zod'
import type { BackupResult, BackupStatus } from '#contract/backup.ts'
import type { Handlers } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { Clock } from '../clock.ts'
import { safeFileName } from '../export/file-name.ts'
import type { ExportTarget } from '../platform/platform.ts'
import type { BlobStore } from '../storage.ts'
import { createTopic } from '../streams.ts'
import type { DataArchive } from './data-archive.ts'

export interface BackupDeps {
  readonly archive: DataArchive
  readonly blobs: BlobStore
  readonly target: ExportTarget
  readonly clock: Pick<Clock, 'nowMs'>
}

type BackupHandlers = Pick<Handlers<VirthelmContract>, Extract<keyof VirthelmContract, `backup.${string}`>>
type MakeContext = Parameters<BackupHandlers['backup.make']>[1]

const LAST_BLOB = 'backup:last'
const LastBackup = z.object({ atMs: z.int(), sizeBytes: z.number(), path: z.string().nullable() })
/** Copying and hashing; the rest is writing the file. */
const COPY_SHARE = 0.7

export function backupHandlers(deps: BackupDeps): BackupHandlers {
  const { archive, blobs } = deps
  const changed = createTopic<null>(null)
  /** One at a time: two would only take each other's disk. */
  let isBusy = false
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (isBusy) throw new AppError('conflict', { retryable: true })
    isBusy = true
    try {
      return await work()
    } finally {
      isBusy = false
      changed.publish(null)
    }
  }

  return {
    async *'backup.watch'(_input, { signal }) {
      for await (const _ of changed.latest(signal)) yield await statusOf(archive, blobs)
    },
    'backup.make': ({ fileName }, context) => alone(() => make(deps, fileName, context)),
    'backup.upload': (_input, { signal }, channel) =>
      alone(async () => {
        await archive.stage(channel.incoming, signal)
      }),
    async 'backup.arm'() {
      await archive.arm()
      changed.publish(null)
      return null
    },
    async 'backup.disarm'() {
      await archive.disarm()
      changed.publish(null)
      return null
    }
  }
}

async function make(
  { archive, blobs, target, clock }: BackupDeps,
  fileName: string,
  context: MakeContext
): Promise<BackupResult> {
  const { signal } = context
  const sink = await target.open(safeFileName(fileName), signal)
  if (sink === null) throw new AppError('cancelled')
  if (sink.kind === 'download') context.progress({ kind: 'address', path: sink.location })
  let sizeBytes: number
  try {
    const report = (doneRatio: number): void => context.progress({ kind: 'progress', doneRatio })
    const copy = await archive.copy({ signal, progress: (ratio) => report(ratio * COPY_SHARE) })
    try {
      let written = 0
      for await (const piece of copy.pieces()) {
        if (signal.aborted) throw new AppError('cancelled')
        await sink.write(piece)
        written += piece.byteLength
        report(COPY_SHARE + (1 - COPY_SHARE) * (written / copy.archiveBytes))
      }
      await sink.finish()
    } finally {
      await copy.discard()
    }
    sizeBytes = copy.archiveBytes
  } catch (error) {
    await sink.abort()
    throw error
  }
  const path = sink.kind === 'file' ? sink.location : null
  await blobs.set(LAST_BLOB, Buffer.from(JSON.stringify({ atMs: clock.nowMs(), sizeBytes, path })))
  return path === null ? { kind: 'download', sizeBytes } : { kind: 'file', path, sizeBytes }
}

async function statusOf(archive: DataArchive, blobs: BlobStore): Promise<BackupStatus> {
  const [last, staged, expectedBytes, putAside] = await Promise.all([
    blobs.get(LAST_BLOB),
    archive.staged(),
    archive.expectedBytes(),
    archive.putAside()
  ])
  return {
    last: last === null ? null : LastBackup.parse(JSON.parse(Buffer.from(last).toString())),
    expectedBytes,
    restore: staged,
    putAside
  }
}

/** Runs one job in an archive worker. */
import { Worker } from 'node:worker_threads'
import type { BackupManifest } from '#contract/backup.ts'
import { AppError } from '#contract/errors.ts'
import type { ArchiveJob, FromArchiveWorker, ToArchiveWorker } from './protocol.ts'

/** A cancelled job that does not stop at its next slice (SQLite checks a file in one go) is ended with its thread. */
const STOP_WITHIN_MS = 1_000

/** Throws cancelled, and what the job failed with. Resolves or rejects when the thread has ended. */
export async function runArchiveJob(
  workerUrl: URL,
  job: ArchiveJob,
  signal: AbortSignal,
  progress: (doneRatio: number) => void
): Promise<BackupManifest> {
  if (signal.aborted) throw new AppError('cancelled')
  const worker = new Worker(workerUrl, { workerData: job, name: `archive-${job.kind}` })
  let hardEnd: NodeJS.Timeout | null = null
  const onAbort = (): void => {
    worker.postMessage('cancel' satisfies ToArchiveWorker)
    hardEnd = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const manifest = await new Promise<BackupManifest>((resolve, reject) => {
      let outcome = (): void =>
        reject(
          signal.aborted
            ? new AppError('cancelled')
            : new AppError('internal', { cause: 'archive worker ended' })
        )
      worker.on('message', (message: FromArchiveWorker) => {
        if (message.kind === 'progress') progress(message.doneRatio)
        else if (message.kind === 'done') outcome = () => resolve(message.manifest)
        else {
          const error = AppError.fromInfo(message.error)
          error.cause = message.cause
          outcome = () => reject(error)
        }
      })
      worker.on('error', (error) => {
        outcome = () => reject(new AppError('internal', { cause: error }))
      })
      worker.on('exit', () => outcome())
    })
    // It was done before it heard of it.
    if (signal.aborted) throw new AppError('cancelled')
    return manifest
  } finally {
    signal.removeEventListener('abort', onAbort)
    if (hardEnd !== null) clearTimeout(hardEnd)
  }
}

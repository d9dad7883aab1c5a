/**
 * A thread for one job: copying the data folder, or checking a backup. Apart from the storage worker, so that samples
 * and reads wait for nothing; SQLite's WAL lets both work on the same files.
 */
import { parentPort, workerData } from 'node:worker_threads'
import BetterSqlite3 from 'better-sqlite3'
import { asAppError, causeText, type OpenDatabase } from '../sqlite.ts'
import { checkData } from './check-data.ts'
import { copyData } from './copy-data.ts'
import type { ArchiveJob, FromArchiveWorker, ToArchiveWorker } from './protocol.ts'

if (parentPort === null) throw new Error('storage/archive/worker runs as a worker thread only')
const port = parentPort
const post = (message: FromArchiveWorker): void => port.postMessage(message)
const open: OpenDatabase = (path, mode) => new BetterSqlite3(path, { readonly: mode?.readonly ?? false })
const progress = (doneRatio: number): void => post({ kind: 'progress', doneRatio })
let isCancelled = false
port.on('message', (message: ToArchiveWorker) => {
  isCancelled = message === 'cancel'
})

const job = workerData as ArchiveJob
try {
  if (job.kind === 'check') {
    await checkData(job, open, progress)
    post({ kind: 'done', manifest: job.manifest })
  } else {
    const manifest = await copyData(job, { open, isCancelled: () => isCancelled, progress })
    post({ kind: 'done', manifest })
  }
} catch (error) {
  post({ kind: 'fail', error: asAppError(error).toInfo(), cause: causeText(error) })
}
port.close()

/**
 * A file of the operator's computer becomes a volume. Piece by piece: what libvirt has acknowledged stays, so that a lost
 * link is gone on with from there; the checksum is computed on both ends at the end.
 */
import { createHash, type Hash } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { NewVolume, VolumeProgress } from '#contract/volumes.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { ActionJournal } from '../machines/hypervisor.ts'
import type { StorageSession, VolumeHandle, VolumeUpload } from './stores.ts'
import type { FileSource } from './upload-hub.ts'

/** Each piece costs a process and a refresh of the pool on the server; of one that is cut short all is sent again. */
const PIECE_BYTES = 128 * 1024 * 1024
const WAIT_FOR_SERVER_MS = 10 * 60_000
const TRY_EVERY_MS = 1_000
const PROGRESS_EVERY_MS = 250

export interface UploadJob {
  readonly volume: Pick<NewVolume, 'poolUuid' | 'name'>
  readonly sizeBytes: number
  readonly source: FileSource
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Throws disconnected while the server is away. */
  storage(): StorageSession
  progress(progress: VolumeProgress): void
}

export interface Uploaded {
  readonly path: string
  readonly sizeBytes: number
  readonly sha256: string
}

/** Whatever goes wrong, the volume is removed again, or the failure says that it is still there. */
export async function uploadVolume(job: UploadJob, journal: ActionJournal): Promise<Uploaded> {
  const { volume, sizeBytes, signal } = job
  const report = (step: VolumeProgress['step'], doneBytes: number | null = null): void =>
    job.progress({ step, doneBytes, totalBytes: sizeBytes })
  report('creating')
  const path = await job
    .storage()
    .createVolume(
      { ...volume, format: 'raw', capacityBytes: sizeBytes, allocation: 'thin', backing: null },
      journal,
      signal
    )
  const handle = { ...volume, path }
  try {
    const sha256 = await new Sender(job, handle, journal, report).send()
    report('checking', sizeBytes)
    const found = await retried(job, () => job.storage().checksum(handle, sizeBytes, signal))
    if (found !== null && found !== sha256) throw new AppError('checksumDiffers', { params: { path } })
    return { path, sizeBytes, sha256 }
  } catch (error) {
    report('undoing')
    await undo(job, handle, journal, error)
    throw error
  }
}

async function undo(
  job: UploadJob,
  handle: VolumeHandle,
  journal: ActionJournal,
  cause: unknown
): Promise<void> {
  try {
    await job.storage().removeUnfinished(handle, journal)
  } catch {
    // Why is in its journal row; what the operator must know is that a file is left.
    throw new AppError('volumeLeftBehind', { params: { path: handle.path }, cause })
  }
}

class Sender {
  readonly #job: UploadJob
  readonly #handle: VolumeHandle
  readonly #journal: ActionJournal
  readonly #report: (step: VolumeProgress['step'], doneBytes?: number | null) => void
  #hash: Hash = createHash('sha256')
  #sentBytes = 0
  #reportedMs = 0

  constructor(
    job: UploadJob,
    handle: VolumeHandle,
    journal: ActionJournal,
    report: (step: VolumeProgress['step'], doneBytes?: number | null) => void
  ) {
    this.#job = job
    this.#handle = handle
    this.#journal = journal
    this.#report = report
  }

  /** Resolves with the checksum of what was sent. One row of the journal for all of it. */
  async send(): Promise<string> {
    const { clock } = this.#job
    const startedMs = clock.monotonicMs()
    await this.#journal.beforeSend(this.#job.storage().uploadCommand(this.#handle))
    try {
      await this.#sendAll()
    } catch (error) {
      const stderr = error instanceof AppError ? String(error.params.stderr ?? error.code) : 'internal'
      await this.#journal.afterSend({ exitCode: 1, stderr, durationMs: clock.monotonicMs() - startedMs })
      throw error
    }
    const durationMs = Math.round(clock.monotonicMs() - startedMs)
    await this.#journal.afterSend({ exitCode: 0, stderr: '', durationMs })
    return this.#hash.copy().digest('hex')
  }

  async #sendAll(): Promise<void> {
    const { sizeBytes } = this.#job
    let upload: VolumeUpload | null = null
    try {
      while (this.#sentBytes < sizeBytes) {
        const current: VolumeUpload = upload ?? (await this.#open())
        upload = current
        const doneBytes = await this.#piece(current)
        if (doneBytes === null) upload = null
        else this.#sentBytes += doneBytes
      }
    } finally {
      upload?.close()
    }
  }

  /** null: the link was lost; the same piece is sent again over the next one. */
  async #piece(upload: VolumeUpload): Promise<number | null> {
    const { source, sizeBytes, signal } = this.#job
    const offsetBytes = this.#sentBytes
    const lengthBytes = Math.min(PIECE_BYTES, sizeBytes - offsetBytes)
    const hash = this.#hash.copy()
    const bytes = this.#counted(source.read(offsetBytes, lengthBytes, signal), hash)
    try {
      await upload.write({ offsetBytes, lengthBytes, bytes })
    } catch (error) {
      upload.close()
      // What the window still sends of this piece is read before anything else is asked for.
      await bytes.return()
      if (signal.aborted || !isLost(error)) throw error
      return null
    }
    this.#hash = hash
    return lengthBytes
  }

  async *#counted(bytes: AsyncGenerator<Uint8Array, void>, hash: Hash): AsyncGenerator<Uint8Array, void> {
    let doneBytes = this.#sentBytes
    for await (const chunk of bytes) {
      hash.update(chunk)
      yield chunk
      doneBytes += chunk.byteLength
      const nowMs = this.#job.clock.monotonicMs()
      if (nowMs - this.#reportedMs < PROGRESS_EVERY_MS) continue
      this.#reportedMs = nowMs
      this.#report('sending', doneBytes)
    }
  }

  #open(): Promise<VolumeUpload> {
    const { signal } = this.#job
    return retried(
      this.#job,
      () => this.#job.storage().openUpload(this.#handle, signal),
      () => this.#report('waiting', this.#sentBytes)
    )
  }
}

const LOST = new Set<string>(['disconnected', 'channelRefused', 'libvirtDaemonDown', 'linkFrozen'])
const isLost = (error: unknown): boolean => error instanceof AppError && LOST.has(error.code)

/** Tries again while the server is away, for ten minutes. */
async function retried<T>(
  { clock, signal }: Pick<UploadJob, 'clock' | 'signal'>,
  work: () => Promise<T>,
  onWait: () => void = () => undefined
): Promise<T> {
  const startedMs = clock.monotonicMs()
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !isLost(error) || clock.monotonicMs() - startedMs > WAIT_FOR_SERVER_MS)
        throw error
    }
    onWait()
    await sleepUnlessAborted(clock, TRY_EVERY_MS, signal)
    if (signal.aborted) throw new AppError('cancelled')
  }
}

/** Where a window's file and the task that takes it meet: the window sends pieces, and only those it is asked for. */
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import type { UploadId } from '#contract/volumes.ts'

/** How long the task waits for the window's channel. */
const MEET_MS = 15_000
/** A window that sends nothing for this long has gone, or its file cannot be read. */
const SILENCE_MS = 60_000

interface Meeting {
  readonly channel: PromiseWithResolvers<ByteDuplex>
  /** Resolves when the task is done with the channel. */
  readonly done: PromiseWithResolvers<void>
}

export class UploadHub {
  readonly #meetings = new Map<UploadId, Meeting>()

  /** The task's end. @throws AppError conflict when the id is in use */
  async open(uploadId: UploadId, signal: AbortSignal): Promise<FileSource> {
    const meeting = this.#meetingOf(uploadId)
    try {
      const channel = await within(meeting.channel.promise, MEET_MS, signal)
      return new FileSource(channel, () => this.#end(uploadId))
    } catch (error) {
      this.#end(uploadId)
      throw error
    }
  }

  /** The window's end: resolves when the task needs it no more. */
  async serve(uploadId: UploadId, channel: ByteDuplex, signal: AbortSignal): Promise<void> {
    const meeting = this.#meetingOf(uploadId)
    meeting.channel.resolve(channel)
    const gone = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => gone.resolve())
    await Promise.race([meeting.done.promise, gone.promise])
    this.#meetings.delete(uploadId)
  }

  #meetingOf(uploadId: UploadId): Meeting {
    const meeting = this.#meetings.get(uploadId) ?? {
      channel: Promise.withResolvers<ByteDuplex>(),
      done: Promise.withResolvers<void>()
    }
    this.#meetings.set(uploadId, meeting)
    return meeting
  }

  #end(uploadId: UploadId): void {
    this.#meetings.get(uploadId)?.done.resolve()
    this.#meetings.delete(uploadId)
  }
}

/** The operator's file, read in pieces by offset. */
export class FileSource {
  readonly #channel: ByteDuplex
  readonly #onClose: () => void
  readonly #incoming: AsyncIterator<Uint8Array>

  constructor(channel: ByteDuplex, onClose: () => void) {
    this.#channel = channel
    this.#onClose = onClose
    this.#incoming = channel.incoming[Symbol.asyncIterator]()
  }

  /**
   * Exactly the bytes that were asked for. When the reader leaves early, the rest of the piece is read and dropped, so that
   * the next piece begins where it should. @throws AppError fileSourceLost
   */
  async *read(
    offsetBytes: number,
    lengthBytes: number,
    signal: AbortSignal
  ): AsyncGenerator<Uint8Array, void> {
    const request = new DataView(new ArrayBuffer(16))
    request.setBigUint64(0, BigInt(offsetBytes))
    request.setBigUint64(8, BigInt(lengthBytes))
    let left = lengthBytes
    try {
      await this.#channel.write(new Uint8Array(request.buffer)).catch(asLost)
      while (left > 0) {
        const bytes = await this.#next(signal)
        if (bytes.byteLength > left)
          throw new AppError('protocolViolation', { params: { subject: 'upload' } })
        left -= bytes.byteLength
        yield bytes
      }
    } finally {
      while (left > 0 && !signal.aborted) left -= (await this.#next(signal)).byteLength
    }
  }

  close(): void {
    this.#onClose()
  }

  async #next(signal: AbortSignal): Promise<Uint8Array> {
    const next = await within(this.#incoming.next(), SILENCE_MS, signal).catch(asLost)
    if (next.done === true) throw new AppError('fileSourceLost')
    return next.value
  }
}

function asLost(error: unknown): never {
  if (error instanceof AppError && error.code === 'cancelled') throw error
  throw new AppError('fileSourceLost', { cause: error })
}

async function within<T>(work: Promise<T>, deadlineMs: number, signal: AbortSignal): Promise<T> {
  const ended = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => ended.reject(new AppError('deadlineExceeded', { params: { deadlineMs } })),
    deadlineMs
  )
  const abort = (): void => ended.reject(new AppError('cancelled'))
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort)
  try {
    return await Promise.race([work, ended.promise])
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abort)
  }
}

/**
 * One end of a byte channel with flow control: a side sends only as much as the other side has granted, and grants
 * again as its reader takes bytes. Used alike by the window and the engine; pure.
 */
import type { ByteDuplex } from './define.ts'
import { AppError } from './errors.ts'
import { INITIAL_CREDIT_BYTES, MAX_CHUNK_BYTES } from './frames.ts'

export type ChannelFrame =
  { kind: 'bytes'; bytes: Uint8Array } | { kind: 'credit'; bytes: number } | { kind: 'end' }

export interface ByteChannelHooks {
  send(frame: ChannelFrame): void
  /** The reader of `incoming` left before its end. */
  abandoned(): void
}

type Wake = () => void

export class ByteChannel implements ByteDuplex {
  readonly #hooks: ByteChannelHooks
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #takenBytes = 0
  #incomingEnded = false
  #outgoingEnded = false
  #creditBytes = INITIAL_CREDIT_BYTES
  #closed: { readonly error: AppError | null } | null = null
  #wakeReader: Wake | null = null
  #wakeWriter: Wake | null = null
  #lastWrite: Promise<void> = Promise.resolve()

  constructor(hooks: ByteChannelHooks) {
    this.#hooks = hooks
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return this.#read()
  }

  /** Resolves when the bytes are sent, that is when the other end had room. Writes keep their order. */
  write(bytes: Uint8Array): Promise<void> {
    const turn = this.#lastWrite.then(() => this.#send(bytes))
    // A failed write fails the later ones by the closed channel, not by this chain.
    this.#lastWrite = turn.then(undefined, () => undefined)
    return turn
  }

  end(): void {
    void this.#lastWrite.then(() => {
      if (this.#outgoingEnded || this.#closed !== null) return
      this.#outgoingEnded = true
      this.#hooks.send({ kind: 'end' })
    })
  }

  /** Resolves once everything written so far was sent or given up. */
  flushed(): Promise<void> {
    return this.#lastWrite
  }

  /** A `bytes` frame came. Throws protocolViolation when the other end exceeds its credit. */
  received(bytes: Uint8Array): void {
    if (this.#closed !== null) return
    if (
      this.#incomingEnded ||
      this.#queuedBytes + this.#takenBytes + bytes.byteLength > INITIAL_CREDIT_BYTES
    ) {
      throw new AppError('protocolViolation')
    }
    this.#queue.push(bytes)
    this.#queuedBytes += bytes.byteLength
    this.#wakeReader?.()
  }

  /** A `credit` frame came. */
  granted(bytes: number): void {
    this.#creditBytes = Math.min(this.#creditBytes + bytes, INITIAL_CREDIT_BYTES)
    this.#wakeWriter?.()
  }

  /** An `end` frame came. */
  ended(): void {
    this.#incomingEnded = true
    this.#wakeReader?.()
  }

  /** The operation is over. What was received can still be read; with an error, the reader and writers fail. */
  close(error: AppError | null): void {
    if (this.#closed !== null) return
    this.#closed = { error }
    this.#wakeReader?.()
    this.#wakeWriter?.()
  }

  async #send(bytes: Uint8Array): Promise<void> {
    for (let offset = 0; offset < bytes.byteLength;) {
      while (this.#creditBytes === 0 && this.#closed === null) {
        await new Promise<void>((resolve) => (this.#wakeWriter = resolve))
      }
      if (this.#closed !== null || this.#outgoingEnded) {
        throw this.#closed?.error ?? new AppError('disconnected')
      }
      const size = Math.min(bytes.byteLength - offset, this.#creditBytes, MAX_CHUNK_BYTES)
      this.#creditBytes -= size
      this.#hooks.send({ kind: 'bytes', bytes: bytes.slice(offset, offset + size) })
      offset += size
    }
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    let finished = false
    try {
      for (;;) {
        const chunk = this.#queue.shift()
        if (chunk !== undefined) {
          this.#taken(chunk.byteLength)
          yield chunk
          continue
        }
        if (this.#closed !== null || this.#incomingEnded) {
          finished = true
          if (this.#closed !== null && this.#closed.error !== null) throw this.#closed.error
          return
        }
        await new Promise<void>((resolve) => (this.#wakeReader = resolve))
      }
    } finally {
      if (!finished && this.#closed === null) this.#hooks.abandoned()
    }
  }

  /** Grants in steps of a quarter of the window, so that small reads do not cost a frame each. */
  #taken(bytes: number): void {
    this.#queuedBytes -= bytes
    this.#takenBytes += bytes
    if (this.#takenBytes < INITIAL_CREDIT_BYTES / 4 || this.#closed !== null) return
    this.#hooks.send({ kind: 'credit', bytes: this.#takenBytes })
    this.#takenBytes = 0
  }
}

/**
 * A resident shell on a session channel: requests go in as lines, answers come back framed by a random marker
 * (docs/remote-protocol.md). One exchange at a time; whatever comes outside a frame is not taken for an answer.
 */
import { AppError } from '#contract/errors.ts'
import type { ShellChannel } from '../../application/servers/connection.ts'

export interface ExchangeOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
  readonly maxBytes: number
}

/** What may be said outside of frames (noisy rc files, their late background jobs) before it is too much. */
export const MAX_NOISE_BYTES = 256 * 1024
const MAX_REFUSAL_TEXT = 200

interface Waiting {
  readonly resolve: (body: string) => void
  readonly reject: (error: AppError) => void
  readonly maxBytes: number
  readonly number: number
}

export class ResidentShell {
  readonly #channel: ShellChannel
  readonly #marker: string
  readonly #onNote: (note: string) => void
  readonly #onFailure: (error: AppError) => void
  readonly #decoder = new TextDecoder()
  #buffer = ''
  /** The end of the frame in the buffer is not before this position. */
  #searchedTo = 0
  /** Since the last frame. */
  #noiseBytes = 0
  #lastNoise = ''
  #ready: Waiting | null = null
  #waiting: Waiting | null = null
  /** Settles when the request that was given up, but may still be answered, is out of the way. */
  #overdue: Promise<void> | null = null
  #queue: Promise<unknown> = Promise.resolve()
  #requests = 0
  #failure: AppError | null = null

  constructor(
    channel: ShellChannel,
    marker: string,
    onNote: (note: string) => void,
    onFailure: (error: AppError) => void = () => undefined
  ) {
    this.#channel = channel
    this.#marker = marker
    this.#onNote = onNote
    this.#onFailure = onFailure
    channel.onData((chunk) => {
      this.#take(chunk)
    })
    // The script sends its errors to /dev/null; what a login says on stderr is nothing to us.
    channel.onErrorData(() => undefined)
    void channel.closed.then(({ exitCode }) => {
      this.#onChannelClosed(exitCode)
    })
  }

  /** Why it can no longer be asked; null while it can. */
  get failure(): AppError | null {
    return this.#failure
  }

  /** Parts an answer at the lines `<marker> <kind> <name>`. What stands before the first of them is dropped. */
  sections(body: string, kind: string): Map<string, string> {
    const found = new Map<string, string>()
    const [, ...parts] = `\n${body}`.split(`\n${this.#marker} ${kind} `)
    for (const part of parts) {
      const lineEnd = part.indexOf('\n')
      if (lineEnd === -1) found.set(part.trim(), '')
      else found.set(part.slice(0, lineEnd).trim(), part.slice(lineEnd + 1))
    }
    return found
  }

  async begin(text: string, options: ExchangeOptions): Promise<void> {
    await this.#bounded(options, (waiting) => {
      this.#ready = { ...waiting, number: 0 }
      this.#write(text)
    })
  }

  /**
   * Sends `<operation> <number>` and resolves with the text between the markers. Requests wait for each other; one whose
   * caller went away is waited for (its answer is dropped) before the next is sent.
   * Throws deadlineExceeded, cancelled, disconnected, outputTooLarge or protocolViolation; the last two end the shell.
   */
  exchange(operation: string, options: ExchangeOptions): Promise<string> {
    const turn = this.#queue.then(() => this.#exchangeNow(operation, options))
    this.#queue = turn.then(
      () => undefined,
      () => undefined
    )
    return turn
  }

  async #exchangeNow(operation: string, options: ExchangeOptions): Promise<string> {
    const deadlineAtMs = performance.now() + options.deadlineMs
    if (this.#overdue !== null) {
      const overdue = this.#overdue
      await this.#bounded(options, (waiting) => {
        void overdue.then(() => {
          waiting.resolve('')
        })
      })
    }
    const deadlineMs = Math.max(1, deadlineAtMs - performance.now())
    return this.#bounded({ ...options, deadlineMs }, (waiting) => {
      const number = ++this.#requests
      this.#overdue = new Promise((resolve) => {
        const settle = (): void => {
          this.#overdue = null
          resolve()
        }
        this.#waiting = {
          number,
          maxBytes: options.maxBytes,
          resolve: (body) => {
            settle()
            waiting.resolve(body)
          },
          reject: (error) => {
            settle()
            waiting.reject(error)
          }
        }
      })
      this.#write(`${operation} ${number}\n`)
    })
  }

  /** Sends a line that is answered by notes, if at all. After a failure it does nothing. */
  send(line: string): void {
    if (this.#failure === null) this.#write(`${line}\n`)
  }

  /** Runs `start` and waits for what it promises, at most until the deadline or the signal. */
  async #bounded(options: ExchangeOptions, start: (waiting: Waiting) => void): Promise<string> {
    if (this.#failure !== null) throw this.#failure
    if (options.signal.aborted) throw new AppError('cancelled', { cause: options.signal.reason })
    const { promise, resolve, reject } = Promise.withResolvers<string>()
    const timer = setTimeout(() => {
      reject(
        new AppError('deadlineExceeded', {
          retryable: true,
          params: { deadlineMs: Math.round(options.deadlineMs) }
        })
      )
    }, options.deadlineMs)
    const onAbort = (): void => {
      reject(new AppError('cancelled', { cause: options.signal.reason }))
    }
    options.signal.addEventListener('abort', onAbort, { once: true })
    try {
      start({ resolve, reject, maxBytes: options.maxBytes, number: -1 })
      return await promise
    } finally {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', onAbort)
    }
  }

  #write(text: string): void {
    this.#channel.write(text).catch((error: unknown) => {
      // A shell that ends at once does not take its script; how the channel closes says why.
      if (this.#ready !== null) return
      this.#fail(
        error instanceof AppError ? error : new AppError('disconnected', { retryable: true, cause: error })
      )
    })
  }

  #take(chunk: Uint8Array): void {
    if (this.#failure !== null) return
    this.#buffer += this.#decoder.decode(chunk, { stream: true })
    while (this.#failure === null && this.#takeNext());
    const limit = this.#waiting?.maxBytes ?? MAX_NOISE_BYTES
    if (this.#failure === null && this.#buffer.length > limit) {
      this.#fail(new AppError('outputTooLarge', { params: { maxBytes: limit } }))
    }
  }

  /** Takes one line outside a frame, or one whole frame, from the buffer; false when more bytes are needed. */
  #takeNext(): boolean {
    const lineEnd = this.#buffer.indexOf('\n')
    if (lineEnd === -1) return false
    const line = this.#buffer.slice(0, lineEnd)
    if (!line.startsWith(`${this.#marker} `)) {
      this.#consume(lineEnd + 1)
      this.#countNoise(line)
      return true
    }
    const note = line.slice(this.#marker.length + 1)
    if (!note.startsWith('begin ')) {
      this.#consume(lineEnd + 1)
      this.#takeNote(note)
      return true
    }
    return this.#takeFrame(note.slice('begin '.length).trimEnd(), lineEnd + 1)
  }

  #takeFrame(numberText: string, bodyFrom: number): boolean {
    const waiting = this.#waiting
    if (waiting === null || numberText !== String(waiting.number)) {
      this.#fail(new AppError('protocolViolation', { params: { problem: 'unexpected frame' } }))
      return false
    }
    const end = `\n${this.#marker} end ${numberText}\n`
    // The body may be empty: then its first line feed is that of the line before.
    const at = this.#buffer.indexOf(end, Math.max(bodyFrom - 1, this.#searchedTo - end.length))
    if (at === -1) {
      this.#searchedTo = this.#buffer.length
      return false
    }
    const body = this.#buffer.slice(bodyFrom, Math.max(bodyFrom, at))
    this.#consume(at + end.length)
    this.#waiting = null
    if (body.length > waiting.maxBytes) {
      const error = new AppError('outputTooLarge', { params: { maxBytes: waiting.maxBytes } })
      waiting.reject(error)
      this.#fail(error)
      return false
    }
    this.#noiseBytes = 0
    waiting.resolve(body)
    return true
  }

  #consume(length: number): void {
    this.#buffer = this.#buffer.slice(length)
    this.#searchedTo = 0
  }

  #takeNote(note: string): void {
    if (note.trimEnd() === 'ready' && this.#ready !== null) {
      const ready = this.#ready
      this.#ready = null
      this.#noiseBytes = 0
      ready.resolve('')
    } else if (note.startsWith('end ')) {
      this.#fail(new AppError('protocolViolation', { params: { problem: 'end without begin' } }))
    } else if (this.#ready === null) {
      this.#onNote(note)
    }
  }

  #countNoise(line: string): void {
    if (line.trim() !== '') this.#lastNoise = line
    this.#noiseBytes += line.length + 1
    if (this.#noiseBytes <= MAX_NOISE_BYTES) return
    this.#fail(new AppError('outputTooLarge', { params: { maxBytes: MAX_NOISE_BYTES } }))
  }

  #onChannelClosed(exitCode: number | null): void {
    // Without an exit code it was not the shell that ended, but the connection.
    if (this.#ready === null || exitCode === null) {
      this.#fail(new AppError('disconnected', { retryable: true }))
      return
    }
    // It ended before it was ready: no shell for this account (nologin, a forced command), or no /bin/sh.
    const text = (this.#buffer.trim() || this.#lastNoise.trim()).slice(0, MAX_REFUSAL_TEXT)
    this.#fail(new AppError('shellUnavailable', { params: { exitCode, text } }))
  }

  #fail(error: AppError): void {
    if (this.#failure !== null) return
    this.#failure = error
    this.#buffer = ''
    this.#ready?.reject(error)
    this.#ready = null
    this.#waiting?.reject(error)
    this.#waiting = null
    this.#channel.close()
    this.#onFailure(error)
  }

  /** Ends the shell. Idempotent. */
  close(): void {
    if (this.#failure !== null) return
    this.#channel.end()
    this.#fail(new AppError('disconnected', { retryable: true }))
  }
}

import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { ShellChannel } from '../../application/servers/connection.ts'

type Listener = (chunk: Uint8Array) => void

/** What comes before a listener is set is kept up to this size. */
const EARLY_BYTES = 64 * 1024
/** sshd closes a channel only after the process at its end is gone, which may be never. */
const CLOSE_GRACE_MS = 2_000

/** One ssh2 channel behind the application's interface. Always reads, so that it always learns of the end. */
export class SshShellChannel implements ShellChannel {
  readonly closed: Promise<{ exitCode: number | null; signal: string | null }>
  readonly #channel: ClientChannel
  #resolveClosed: (end: { exitCode: number | null; signal: string | null }) => void = () => undefined
  #isClosed = false
  #exit: { exitCode: number | null; signal: string | null } = { exitCode: null, signal: null }
  readonly #out = new Inlet()
  readonly #err = new Inlet()
  readonly #waiting = new Set<(error: AppError) => void>()

  /** `onGone` is called once, when the server has closed the channel or the link has ended. */
  constructor(channel: ClientChannel, onGone: () => void) {
    this.#channel = channel
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    // ssh2 sends a last EOF and CLOSE after the link is gone; with compression that throws where nobody can catch it.
    const close = channel.close.bind(channel)
    const eof = channel.eof.bind(channel)
    channel.close = () => this.#quietly(close)
    channel.eof = () => this.#quietly(eof)
    channel.on('data', (chunk: Buffer) => this.#out.push(chunk))
    channel.stderr.on('data', (chunk: Buffer) => this.#err.push(chunk))
    channel.on('exit', (code: number | null, signal?: string) => {
      this.#exit = { exitCode: typeof code === 'number' ? code : null, signal: signal ?? null }
    })
    channel.on('close', () => {
      onGone()
      this.#finish()
    })
    // Writing to a channel whose link ended; `close` follows.
    channel.on('error', () => this.close())
    channel.stderr.on('error', () => this.close())
  }

  onData(listener: Listener): void {
    this.#out.listen(listener)
  }

  onErrorData(listener: Listener): void {
    this.#err.listen(listener)
  }

  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(gone())
        return
      }
      const fail = (error: AppError): void => {
        this.#waiting.delete(fail)
        reject(error)
      }
      // ssh2 forgets the callback when the channel closes while the data waits for room.
      this.#waiting.add(fail)
      try {
        this.#channel.write(data, (error) => {
          if (error) {
            fail(gone(error))
          } else {
            this.#waiting.delete(fail)
            resolve()
          }
        })
      } catch (error) {
        fail(gone(error))
      }
    })
  }

  pause(): void {
    this.#channel.pause()
  }

  resume(): void {
    this.#channel.resume()
  }

  end(): void {
    this.#quietly(() => this.#channel.end())
  }

  close(): void {
    if (this.#isClosed) return
    this.#out.stop()
    this.#err.stop()
    this.#quietly(() => this.#channel.close())
    // One that was paused would never learn of its end.
    this.#channel.resume()
    const grace = setTimeout(() => this.#finish(), CLOSE_GRACE_MS)
    void this.closed.then(() => clearTimeout(grace))
  }

  #finish(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const fail of [...this.#waiting]) fail(gone())
    this.#resolveClosed(this.#exit)
  }

  /** ssh2 throws synchronously on a link that has ended. */
  #quietly(action: () => unknown): void {
    try {
      action()
    } catch {
      this.#finish()
    }
  }
}

const gone = (cause?: unknown): AppError => new AppError('disconnected', { retryable: true, cause })

/** Hands bytes to the one listener; keeps the first few until there is one. */
class Inlet {
  #listener: Listener | null = null
  #early: Buffer[] = []
  #earlyBytes = 0
  #stopped = false

  listen(listener: Listener): void {
    this.#listener = listener
    const early = this.#early
    this.#early = []
    for (const chunk of early) listener(chunk)
  }

  push(chunk: Buffer): void {
    if (this.#stopped) return
    if (this.#listener) {
      this.#listener(chunk)
    } else if (this.#earlyBytes < EARLY_BYTES) {
      this.#early.push(chunk)
      this.#earlyBytes += chunk.length
    }
  }

  stop(): void {
    this.#stopped = true
    this.#early = []
  }
}

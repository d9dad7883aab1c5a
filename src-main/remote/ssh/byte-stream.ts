/** One ssh2 channel as bytes both ways, with back-pressure from the reader to the program on the server. */
import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { TerminalSize, TerminalStream } from '../../application/servers/connection.ts'
import type { SshLink } from './link.ts'

/** sshd closes a channel only after the process at its end is gone, which may be never. */
const CLOSE_GRACE_MS = 2_000

export class SshByteStream implements TerminalStream {
  readonly closed: Promise<void>
  readonly #channel: ClientChannel
  #isClosed = false
  #resolveClosed: () => void = () => undefined
  readonly #waiting = new Set<(error: AppError) => void>()
  readonly #link: Pick<SshLink, 'end'>

  /** `onGone` is called once, when the server has closed the channel or the link has ended. */
  constructor(channel: ClientChannel, link: Pick<SshLink, 'end'>, onGone: () => void) {
    this.#channel = channel
    this.#link = link
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    // ssh2 sends a last EOF and CLOSE after the link is gone; with compression that throws where nobody can catch it.
    const close = channel.close.bind(channel)
    const eof = channel.eof.bind(channel)
    channel.close = () => this.#quietly(close)
    channel.eof = () => this.#quietly(eof)
    // A terminal has one stream; the channel's end is only told when its second one was read too. A forward has none.
    ;(channel.stderr as ClientChannel['stderr'] | undefined)?.resume()
    channel.on('close', () => {
      onGone()
      this.#finish()
    })
    channel.on('error', () => this.close())
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return this.#read()
  }

  write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        reject(gone())
        return
      }
      const settle = (error: AppError | null): void => {
        this.#waiting.delete(settle)
        if (error === null) resolve()
        else reject(error)
      }
      // ssh2 forgets the callback when the channel closes while the bytes wait for room.
      this.#waiting.add(settle)
      this.#quietly(() => this.#channel.write(bytes, (error) => settle(error ? gone(error) : null)))
    })
  }

  resize({ columns, rows }: TerminalSize): void {
    if (!this.#isClosed) this.#quietly(() => this.#channel.setWindow(rows, columns, 0, 0))
  }

  close(): void {
    if (this.#isClosed) return
    this.#quietly(() => this.#channel.close())
    // What nobody reads any more would keep the channel open.
    this.#channel.resume()
    const grace = setTimeout(() => this.#finish(), CLOSE_GRACE_MS)
    void this.closed.then(() => clearTimeout(grace))
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    try {
      for await (const chunk of this.#channel) yield chunk as Buffer
    } catch (error) {
      // "Premature close", by whoever closed it.
      if (!this.#isClosed) throw gone(error)
    } finally {
      this.close()
    }
    // ssh2 ends the channels of a lost link before it tells of the link.
    await new Promise((resolve) => setImmediate(resolve))
    if (this.#link.end !== null) throw gone(this.#link.end)
  }

  #finish(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    for (const settle of [...this.#waiting]) settle(gone())
    this.#resolveClosed()
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

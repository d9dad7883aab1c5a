/** Lines of a lane's own in a stream of bytes: `<marker> <word> <rest>`, each on a line of its own. */
import type { ShellChannel } from '../../../application/servers/connection.ts'
import { AppError } from '#contract/errors.ts'

const MAX_KEPT_CHARS = 16 * 1024

/** Reads marked lines of one text stream; everything else is kept, up to a cap, as the other side's words. */
export class MarkedLines {
  readonly #marker: string
  readonly #decoder = new TextDecoder()
  #rest = ''
  #words = ''
  readonly #lines: { readonly word: string; readonly rest: string }[] = []
  #wake: () => void = () => undefined
  #ended = false

  constructor(marker: string) {
    this.#marker = marker
  }

  /** What was said outside of marked lines. */
  get words(): string {
    return `${this.#words}${this.#rest}`.trim().slice(-2_000)
  }

  push(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.decode(chunk, { stream: true })).split('\n')
    this.#rest = (lines.pop() ?? '').slice(-MAX_KEPT_CHARS)
    for (const line of lines) {
      if (line.startsWith(`${this.#marker} `)) {
        const [word = '', ...rest] = line.slice(this.#marker.length + 1).split(' ')
        this.#lines.push({ word, rest: rest.join(' ') })
      } else if (line !== '') this.#words = `${this.#words}${line}\n`.slice(-MAX_KEPT_CHARS)
    }
    this.#wake()
  }

  end(): void {
    this.#ended = true
    this.#wake()
  }

  /** The rest of the next line with this word; others are passed over. @throws AppError disconnected, deadlineExceeded */
  async next(
    word: string,
    { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }
  ): Promise<string> {
    const untilMs = performance.now() + deadlineMs
    for (;;) {
      const line = this.#lines.shift()
      if (line?.word === word) return line.rest
      if (line !== undefined) continue
      if (signal.aborted) throw new AppError('cancelled')
      if (this.#ended) throw new AppError('disconnected', { retryable: true, params: { stderr: this.words } })
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) throw new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })
      await this.#more(leftMs, signal)
    }
  }

  #more(withinMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', done)
        this.#wake = () => undefined
        resolve()
      }
      const timer = setTimeout(done, withinMs)
      signal.addEventListener('abort', done)
      this.#wake = done
    })
  }
}

/** Resolves as `work`; rejects when it takes longer than the deadline, or is cancelled, and closes the channel then. */
export async function boundBy<T>(
  work: Promise<T>,
  channel: Pick<ShellChannel, 'close'>,
  { deadlineMs, signal }: { deadlineMs: number; signal: AbortSignal }
): Promise<T> {
  let end: () => void = () => undefined
  const ended = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(
      () => reject(new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })),
      deadlineMs
    )
    const abort = (): void => reject(new AppError('cancelled'))
    if (signal.aborted) abort()
    signal.addEventListener('abort', abort)
    end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
    }
  })
  try {
    return await Promise.race([work, ended])
  } catch (error) {
    channel.close()
    throw error
  } finally {
    end()
  }
}

/** The client's end of a stream: opens on the first `next()`, acknowledges when the consumer asks for another value. */
import type { AppError } from '#contract/errors.ts'
import type { Open } from './client.ts'

type Waiting<T> = { resolve(result: IteratorResult<T, undefined>): void; reject(error: AppError): void }
type Ending = { readonly error: AppError | null }

export class ClientStream<T> implements AsyncIterable<T>, AsyncIterator<T, undefined> {
  readonly #open: Open
  readonly #name: string
  readonly #input: unknown
  readonly #signal: AbortSignal | undefined
  readonly #onAbort = (): void => {
    this.#operation?.cancel()
    this.#finish({ error: null })
  }
  #operation: ReturnType<Open> | null = null
  #ending: Ending | null = null
  #waiting: Waiting<T> | null = null

  constructor(open: Open, name: string, input: unknown, signal: AbortSignal | undefined) {
    this.#open = open
    this.#name = name
    this.#input = input
    this.#signal = signal
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return this
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#waiting !== null)
      return Promise.reject(new TypeError('next() before the last one was answered'))
    if (this.#ending === null && this.#signal?.aborted === true) this.#ending = { error: null }
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      if (this.#ending !== null) this.#finish(this.#ending)
      else if (this.#operation === null) this.#start()
      else this.#operation.send({ kind: 'ack', id: this.#operation.id })
    })
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#operation?.cancel()
    this.#finish({ error: null })
    return Promise.resolve({ done: true, value: undefined })
  }

  #start(): void {
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true })
    this.#operation = this.#open(this.#name, this.#input, {
      next: (value) => {
        const waiting = this.#waiting
        this.#waiting = null
        waiting?.resolve({ done: false, value: value as T })
      },
      done: () => this.#finish({ error: null }),
      fail: (error) => this.#finish({ error })
    })
  }

  /** Ends once; an error is told to one `next()`, after that the stream is simply over. */
  #finish(ending: Ending): void {
    this.#signal?.removeEventListener('abort', this.#onAbort)
    const waiting = this.#waiting
    this.#waiting = null
    this.#ending = waiting === null ? ending : { error: null }
    if (waiting === null) return
    if (ending.error === null) waiting.resolve({ done: true, value: undefined })
    else waiting.reject(ending.error)
  }
}

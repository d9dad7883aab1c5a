import type { AppError } from '#contract/errors.ts'
import { cancelled } from './deadline.ts'

interface Waiter {
  grant(): void
}

/** Lets at most `limit` holders in at once; the others wait in order, each at most until its deadline. */
export class Semaphore {
  readonly #limit: number
  #held = 0
  readonly #waiting: Waiter[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get idle(): boolean {
    return this.#held === 0 && this.#waiting.length === 0
  }

  /**
   * Resolves with the function that gives the place back (idempotent).
   * @throws what `onDeadline` makes, or cancelled
   */
  acquire(options: {
    readonly signal: AbortSignal
    readonly deadlineMs: number
    onDeadline(): AppError
  }): Promise<() => void> {
    const { signal } = options
    if (signal.aborted) return Promise.reject(cancelled(signal))
    if (this.#held < this.#limit) {
      this.#held += 1
      return Promise.resolve(this.#place())
    }
    return new Promise((resolve, reject) => {
      const leave = (error: AppError): void => {
        const index = this.#waiting.indexOf(waiter)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        stop()
        reject(error)
      }
      const onAbort = (): void => leave(cancelled(signal))
      const timer = setTimeout(() => leave(options.onDeadline()), options.deadlineMs)
      const stop = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter = {
        grant: () => {
          stop()
          resolve(this.#place())
        }
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #place(): () => void {
    let held = true
    return () => {
      if (!held) return
      held = false
      const next = this.#waiting.shift()
      if (next) next.grant()
      else this.#held -= 1
    }
  }
}

/** One semaphore per name, forgotten when nobody uses it. */
export class Semaphores {
  readonly #limit: number
  readonly #byName = new Map<string, Semaphore>()

  constructor(limit: number) {
    this.#limit = limit
  }

  async acquire(name: string, options: Parameters<Semaphore['acquire']>[0]): Promise<() => void> {
    const semaphore = this.#byName.get(name) ?? new Semaphore(this.#limit)
    this.#byName.set(name, semaphore)
    const forget = (): void => {
      if (semaphore.idle) this.#byName.delete(name)
    }
    try {
      const release = await semaphore.acquire(options)
      return () => {
        release()
        forget()
      }
    } catch (error) {
      forget()
      throw error
    }
  }
}

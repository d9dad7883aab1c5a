import type { AppError } from '#contract/errors.ts'
import { cancelled } from './deadline.ts'

interface Waiter<Kind> {
  readonly kind: Kind
  grant(): void
}

export interface WaitOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
  readonly onDeadline: () => AppError
}

/** What decides who may enter, told of each who does and leaves. */
export interface Gate<Kind> {
  mayEnter(kind: Kind): boolean
  entered(kind: Kind): void
  left(kind: Kind): void
}

/** Who may not enter yet waits, each at most until its deadline; those of one kind enter in the order in which they came. */
export class WaitingLine<Kind> {
  readonly #gate: Gate<Kind>
  readonly #waiting: Waiter<Kind>[] = []

  constructor(gate: Gate<Kind>) {
    this.#gate = gate
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0
  }

  /**
   * Resolves with the function that leaves again (idempotent).
   * @throws what `onDeadline` makes, or cancelled
   */
  enter(kind: Kind, { signal, deadlineMs, onDeadline }: WaitOptions): Promise<() => void> {
    if (signal.aborted) return Promise.reject(cancelled(signal))
    const isFirst = !this.#waiting.some((waiter) => waiter.kind === kind)
    if (isFirst && this.#gate.mayEnter(kind)) return Promise.resolve(this.#enter(kind))
    return new Promise((resolve, reject) => {
      const giveUp = (error: AppError): void => {
        const index = this.#waiting.indexOf(waiter)
        if (index < 0) return
        this.#waiting.splice(index, 1)
        stop()
        reject(error)
      }
      const onAbort = (): void => giveUp(cancelled(signal))
      const timer = setTimeout(() => giveUp(onDeadline()), deadlineMs)
      const stop = (): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
      }
      const waiter: Waiter<Kind> = {
        kind,
        grant: () => {
          stop()
          resolve(this.#enter(kind))
        }
      }
      signal.addEventListener('abort', onAbort, { once: true })
      this.#waiting.push(waiter)
    })
  }

  #enter(kind: Kind): () => void {
    this.#gate.entered(kind)
    let isInside = true
    return () => {
      if (!isInside) return
      isInside = false
      this.#gate.left(kind)
      const next = this.#waiting.findIndex((waiter) => this.#gate.mayEnter(waiter.kind))
      if (next >= 0) this.#waiting.splice(next, 1)[0]?.grant()
    }
  }
}

/** Waits that always end: by their result, by a deadline or by the caller's signal. */
import { AppError } from '#contract/errors.ts'

/** The error of a caller that no longer wants the answer. */
export function cancelled(signal: AbortSignal): AppError {
  return signal.reason instanceof AppError
    ? signal.reason
    : new AppError('cancelled', { cause: signal.reason })
}

/**
 * Waits for `work`, at most `deadlineMs`. The work itself is not stopped: a late result goes to `late`, a late failure
 * is dropped because the caller has its error already.
 */
export function within<T>(
  work: Promise<T>,
  options: {
    readonly deadlineMs: number
    readonly signal?: AbortSignal
    onDeadline(): AppError
    late?(value: T): void
  }
): Promise<T> {
  return new Promise((resolve, reject) => {
    let settled = false
    const settle = (finish: () => void): void => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      finish()
    }
    const onAbort = (): void => {
      if (options.signal) rejectWith(cancelled(options.signal))
    }
    const rejectWith = (error: AppError): void => settle(() => reject(error))
    const timer = setTimeout(() => rejectWith(options.onDeadline()), options.deadlineMs)
    work.then(
      (value) => {
        if (settled) options.late?.(value)
        else settle(() => resolve(value))
      },
      (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error))))
    )
    if (options.signal?.aborted) onAbort()
    else options.signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** A deadline that stands still while somebody else (the operator) is waited for. */
export class PausableDeadline {
  readonly #onExpire: () => void
  #leftMs: number
  #startedAtMs = 0
  #timer: NodeJS.Timeout | null = null
  #pauses = 0
  #ended = false

  constructor(durationMs: number, onExpire: () => void) {
    this.#leftMs = durationMs
    this.#onExpire = onExpire
    this.#run()
  }

  /** Stands still until `done` has been called as often as `pause`. */
  pause(): () => void {
    this.#pauses += 1
    if (this.#pauses === 1 && this.#timer) {
      clearTimeout(this.#timer)
      this.#timer = null
      this.#leftMs -= performance.now() - this.#startedAtMs
    }
    let over = false
    return () => {
      if (over) return
      over = true
      this.#pauses -= 1
      if (this.#pauses === 0) this.#run()
    }
  }

  clear(): void {
    this.#ended = true
    if (this.#timer) clearTimeout(this.#timer)
  }

  #run(): void {
    if (this.#ended) return
    this.#startedAtMs = performance.now()
    this.#timer = setTimeout(this.#onExpire, Math.max(0, this.#leftMs))
  }
}

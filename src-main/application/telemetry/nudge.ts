/** Ends the pauses of all lanes of a server at once: they read now instead of at their next turn. */
export class Nudge {
  #next = new AbortController()

  /** Aborts at the next nudge. Ask anew before each pause. */
  get signal(): AbortSignal {
    return this.#next.signal
  }

  /** Resolves at the next nudge, or when the signal aborts. */
  next(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, this.#next.signal])
    if (either.aborted) return Promise.resolve()
    return new Promise((resolve) => either.addEventListener('abort', () => resolve(), { once: true }))
  }

  give(): void {
    const now = this.#next
    this.#next = new AbortController()
    now.abort()
  }
}

/** Ends the pauses of all lanes of a server at once: they read now instead of at their next turn. */
export class Nudge {
  #next = new AbortController()

  /** Aborts at the next nudge. Ask anew before each pause. */
  get signal(): AbortSignal {
    return this.#next.signal
  }

  give(): void {
    const now = this.#next
    this.#next = new AbortController()
    now.abort()
  }
}

import { WaitingLine, type WaitOptions } from './waiting-line.ts'

/** Lets at most `limit` holders in at once; the others wait in order, each at most until its deadline. */
class Semaphore {
  #held = 0
  readonly #line: WaitingLine<null>

  constructor(limit: number) {
    this.#line = new WaitingLine<null>({
      mayEnter: () => this.#held < limit,
      entered: () => this.#held++,
      left: () => this.#held--
    })
  }

  get idle(): boolean {
    return this.#held === 0 && this.#line.isEmpty
  }

  acquire(options: WaitOptions): Promise<() => void> {
    return this.#line.enter(null, options)
  }
}

/** One semaphore per name, forgotten when nobody uses it. */
export class Semaphores {
  readonly #limit: number
  readonly #byName = new Map<string, Semaphore>()

  constructor(limit: number) {
    this.#limit = limit
  }

  /**
   * Resolves with the function that gives the place back (idempotent).
   * @throws what `onDeadline` makes, or cancelled
   */
  async acquire(name: string, options: WaitOptions): Promise<() => void> {
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

/** Something of a server that is read while somebody looks at it: one reading at a time, published as it comes. */
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import { createTopic } from '../streams.ts'

const READ_EVERY_MS = 30_000

export interface LiveViewOptions<V> {
  readonly initial: V
  readonly clock: Clock
  /**
   * One reading. May publish what it has so far; returns all of it. `again`: the operator asked for it, so what was left
   * alone because it hung is asked too.
   */
  read(context: {
    readonly last: V
    readonly again: boolean
    readonly signal: AbortSignal
    readonly publish: (view: V) => void
  }): Promise<V>
  /** The last view with the reason why there is no newer one. */
  failed(last: V, error: unknown): V
}

export class LiveView<V> {
  readonly #options: LiveViewOptions<V>
  readonly #topic = createTopic<V>()
  #newest: V
  #watchers = 0
  #isKeptRead = false
  #running: Promise<V> | null = null
  /** A change that came while a reading was under way: it may have read what was there before. */
  #isStale = false
  #wake = new AbortController()

  constructor(options: LiveViewOptions<V>) {
    this.#options = options
    this.#newest = options.initial
  }

  get newest(): V {
    return this.#newest
  }

  async *watch(signal: AbortSignal): AsyncGenerator<V, void> {
    this.#watchers++
    const ended = new AbortController()
    const both = AbortSignal.any([signal, ended.signal])
    try {
      if (!this.#isKeptRead) void this.#keepReading()
      else void this.#read(false)
      yield this.#newest
      for await (const view of this.#topic.latest(both)) yield view
    } finally {
      ended.abort()
      this.#watchers--
      if (this.#watchers === 0) this.#wake.abort()
    }
  }

  /** Reads anew; resolves with what was read from now on. */
  async reload(): Promise<V> {
    if (this.#running !== null) await this.#running
    return this.#read(true)
  }

  /** Something was changed: read again while somebody looks. */
  touch(): void {
    if (this.#running !== null) this.#isStale = true
    else if (this.#watchers > 0) void this.#read(false)
  }

  async #keepReading(): Promise<void> {
    this.#isKeptRead = true
    while (this.#watchers > 0) {
      await this.#read(false)
      if (this.#watchers === 0) break
      this.#wake = new AbortController()
      await sleepUnlessAborted(this.#options.clock, READ_EVERY_MS, this.#wake.signal)
    }
    this.#isKeptRead = false
  }

  /** Never rejects: a failure is part of the view. */
  #read(again: boolean): Promise<V> {
    this.#running ??= this.#readUntilFresh(again).finally(() => {
      this.#running = null
    })
    return this.#running
  }

  async #readUntilFresh(again: boolean): Promise<V> {
    do {
      this.#isStale = false
      await this.#readOnce(again)
    } while (this.#isStale)
    return this.#newest
  }

  async #readOnce(again: boolean): Promise<void> {
    const publish = (view: V): void => {
      this.#newest = view
      this.#topic.publish(view)
    }
    const signal = AbortSignal.timeout(LONGEST_READING_MS)
    try {
      publish(await this.#options.read({ last: this.#newest, again, signal, publish }))
    } catch (error) {
      publish(this.#options.failed(this.#newest, error))
    }
  }
}

/** Each question in a reading has a deadline of its own; this ends what adds up. */
const LONGEST_READING_MS = 5 * 60_000

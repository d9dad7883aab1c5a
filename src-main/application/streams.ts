/**
 * Sources for the contract's streams. All are pulled: a slow reader costs one slot (`latest`), a bounded queue (`all`)
 * or a set of dirty ids (snapshot feed), never more. All end quietly when their signal is aborted, and hold nothing
 * afterwards.
 */
import { AppError } from '#contract/errors.ts'
import { systemClock, type Clock } from './clock.ts'

export interface Topic<T> {
  publish(value: T): void
  /** The newest value first, if there is one; then the newest whenever the reader comes back, the rest is dropped. */
  latest(signal: AbortSignal): AsyncIterable<T>
  /** Every value from this call on. When `cap` values wait unread, the reader gets AppError `overflow`. */
  all(signal: AbortSignal, cap?: number): AsyncIterable<T>
  /** How many readers there are; for tests and for sources that rest while nobody looks. */
  readonly readers: number
}

const DEFAULT_CAP = 1_000

/** `initial`: what a `latest` reader gets before anything was published. */
export function createTopic<T>(...initial: [] | [initial: T]): Topic<T> {
  const subscribers = new Set<(value: T) => void>()
  let newest: { readonly value: T } | null = initial.length === 0 ? null : { value: initial[0] }

  const subscribe = (listener: (value: T) => void): (() => void) => {
    subscribers.add(listener)
    return () => subscribers.delete(listener)
  }
  return {
    publish(value) {
      newest = { value }
      for (const subscriber of [...subscribers]) subscriber(value)
    },
    latest(signal) {
      let slot = newest
      return pulled(signal, {
        connect: (wake) =>
          subscribe((value) => {
            slot = { value }
            wake()
          }),
        take() {
          const taken = slot
          slot = null
          return taken
        }
      })
    },
    all(signal, cap = DEFAULT_CAP) {
      let queue: T[] = []
      let overflown = false
      return pulled(signal, {
        connect(wake) {
          const release = subscribe((value) => {
            if (queue.length < cap) queue.push(value)
            else {
              overflown = true
              queue = []
              release()
            }
            wake()
          })
          return release
        },
        take() {
          if (overflown) throw new AppError('overflow', { retryable: true, params: { cap } })
          return queue.length === 0 ? null : { value: queue.shift() as T }
        }
      })
    },
    get readers() {
      return subscribers.size
    }
  }
}

export type FeedEvent<T> =
  | { readonly kind: 'snapshot'; readonly revision: number; readonly items: readonly T[] }
  | {
      readonly kind: 'change'
      readonly revision: number
      readonly changed: readonly T[]
      readonly removed: readonly string[]
    }

export interface SnapshotFeed<T> {
  /** The item with this id is new, changed or gone; it is read when a reader comes for it. */
  touch(id: string): void
  /** A snapshot first, then what was touched since, merged. `revision` grows by one with each event of this reader. */
  watch(signal: AbortSignal): AsyncIterable<FeedEvent<T>>
  readonly readers: number
}

export interface FeedSource<T> {
  ids(): Iterable<string>
  /** undefined = there is no such item (any more). */
  read(id: string): T | undefined
}

export interface FeedOptions {
  /** Changes that come within this time after an event are sent together. 0 (default) = as soon as they are asked for. */
  readonly minIntervalMs?: number
  readonly clock?: Clock
}

export function createSnapshotFeed<T>(source: FeedSource<T>, options: FeedOptions = {}): SnapshotFeed<T> {
  const { minIntervalMs = 0, clock = systemClock } = options
  const subscribers = new Set<(id: string) => void>()

  const reader = (signal: AbortSignal): AsyncIterable<FeedEvent<T>> => {
    const known = new Set<string>()
    const dirty = new Set<string>()
    let revision = 0
    const snapshot = (): FeedEvent<T> => {
      const items: T[] = []
      for (const id of source.ids()) {
        const item = source.read(id)
        if (item === undefined) continue
        known.add(id)
        items.push(item)
      }
      dirty.clear()
      return { kind: 'snapshot', revision: ++revision, items }
    }
    const change = (): FeedEvent<T> | null => {
      const changed: T[] = []
      const removed: string[] = []
      for (const id of dirty) {
        const item = source.read(id)
        if (item !== undefined) {
          known.add(id)
          changed.push(item)
        } else if (known.delete(id)) removed.push(id)
      }
      dirty.clear()
      if (changed.length === 0 && removed.length === 0) return null
      return { kind: 'change', revision: ++revision, changed, removed }
    }
    return pulled(signal, {
      connect(wake) {
        const listener = (id: string): void => {
          dirty.add(id)
          wake()
        }
        subscribers.add(listener)
        return () => subscribers.delete(listener)
      },
      take() {
        if (revision === 0) return { value: snapshot() }
        const event = dirty.size === 0 ? null : change()
        return event === null ? null : { value: event }
      },
      ...(minIntervalMs > 0 && { rest: () => clock.sleep(minIntervalMs, signal) })
    })
  }
  return {
    touch(id) {
      for (const subscriber of subscribers) subscriber(id)
    },
    watch: reader,
    get readers() {
      return subscribers.size
    }
  }
}

interface Source<T> {
  /** Starts to listen and returns the way to stop; `wake` says that `take` may have something. */
  connect(wake: () => void): () => void
  /** The next value, or null when there is none yet. May throw: that ends the iteration. */
  take(): { readonly value: T } | null
  /** Waited for after each value. */
  rest?(): Promise<void>
}

/** Listens from this call on, even before the first `next()`, so that nothing falls between watching and reading. */
function pulled<T>(signal: AbortSignal, source: Source<T>): AsyncIterable<T> {
  let wake: () => void = () => undefined
  const release = signal.aborted ? () => undefined : source.connect(() => wake())
  const stop = (): void => {
    release()
    wake()
  }
  signal.addEventListener('abort', stop, { once: true })

  async function* values(): AsyncGenerator<T, void> {
    try {
      while (!signal.aborted) {
        const woken = new Promise<void>((resolve) => (wake = resolve))
        const taken = source.take()
        if (taken === null) {
          await woken
          continue
        }
        yield taken.value
        if (source.rest !== undefined && !signal.aborted) await restUnlessAborted(source.rest(), signal)
      }
    } finally {
      signal.removeEventListener('abort', stop)
      release()
    }
  }
  return values()
}

async function restUnlessAborted(rest: Promise<void>, signal: AbortSignal): Promise<void> {
  try {
    await rest
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** Visits every value until the source ends. */
export async function forEach<T>(values: AsyncIterable<T>, visit: (value: T) => void): Promise<void> {
  for await (const value of values) visit(value)
}

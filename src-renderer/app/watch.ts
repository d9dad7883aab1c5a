/**
 * Follows a stream of the contract for as long as somebody looks: reference-counted, silent while the window is hidden,
 * opened again after a reconnect or a failure, always from a new snapshot.
 */
import { AppError } from '#contract/errors.ts'
import { effectScope, getCurrentScope, onScopeDispose, ref, watch, type Ref } from 'vue'
import type { Rpc } from './rpc-provider.ts'

export interface Watch {
  /** Starts it with the first user; the returned function gives it up. */
  acquire(): () => void
  /** Opens it again from a new snapshot (a revision was missed, say). */
  restart(): void
  /** What the last attempt failed with, until the next value. */
  readonly error: Readonly<Ref<AppError | null>>
  /** A first value has come. */
  readonly ready: Readonly<Ref<boolean>>
}

export interface WatchOptions<E> {
  open(rpc: Rpc, signal: AbortSignal): AsyncIterable<E>
  apply(event: E): void
  /** Keeps going in a hidden window. */
  whileHidden?: boolean
}

const RETRY_MS = 1_000
/** A short look at another window costs no new snapshot. */
const HIDDEN_GRACE_MS = 20_000

export function createWatch<E>(rpc: Rpc, options: WatchOptions<E>): Watch {
  const error = ref<AppError | null>(null)
  const ready = ref(false)
  let users = 0
  let running: AbortController | null = null
  let retry: ReturnType<typeof setTimeout> | undefined
  let hiding: ReturnType<typeof setTimeout> | undefined

  const mayRun = (): boolean =>
    users > 0 && rpc.link.value === 'connected' && (options.whileHidden === true || !document.hidden)

  const stop = (): void => {
    clearTimeout(retry)
    running?.abort()
    running = null
  }

  const start = (): void => {
    clearTimeout(retry)
    if (running !== null || !mayRun()) return
    const mine = new AbortController()
    running = mine
    void follow(mine)
  }

  const follow = async (mine: AbortController): Promise<void> => {
    try {
      for await (const event of options.open(rpc, mine.signal)) {
        if (mine.signal.aborted) return
        options.apply(event)
        ready.value = true
        error.value = null
      }
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    } finally {
      if (running === mine) {
        running = null
        // A stream that ended by itself is opened again too: it is never meant to end.
        if (mayRun()) retry = setTimeout(start, RETRY_MS)
      }
    }
  }

  const onVisibility = (): void => {
    clearTimeout(hiding)
    if (!document.hidden) start()
    else if (options.whileHidden !== true) hiding = setTimeout(stop, HIDDEN_GRACE_MS)
  }

  // Detached: a watch belongs to the window, not to the component that used it first.
  effectScope(true).run(() =>
    watch(
      rpc.generation,
      () => {
        stop()
        start()
      },
      { flush: 'sync' }
    )
  )
  document.addEventListener('visibilitychange', onVisibility)

  return {
    error,
    ready,
    acquire() {
      users += 1
      start()
      let held = true
      return () => {
        if (!held) return
        held = false
        users -= 1
        if (users === 0) stop()
      }
    },
    restart() {
      stop()
      start()
    }
  }
}

/** Holds the watch for the life of the component (or effect scope) that calls it. */
export function holdWatch(held: Watch): void {
  const release = held.acquire()
  if (getCurrentScope() !== undefined) onScopeDispose(release)
}

/** Streams by server: one per server and window, however many listen. */
import type { ServerId } from '#contract/ids.ts'
import { useRpc, type Rpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface FeedListener<E> {
  /** The stream was opened (again): whatever was before it may have been missed. */
  opened(): void
  event(event: E): void
}

interface Feed<E> {
  readonly watch: Watch
  readonly listeners: Set<FeedListener<E>>
}

/**
 * Gives the function that listens to the stream of one server, until the function it returns is called. `opened` is told
 * at once when the stream is already there.
 */
export function createServerFeeds<E>(
  open: (rpc: Rpc, serverId: ServerId, signal: AbortSignal) => AsyncIterable<E>
): (serverId: ServerId, listener: FeedListener<E>) => () => void {
  /** By connection: a test that installs another client gets streams of its own. */
  const feeds = new WeakMap<Rpc, Map<ServerId, Feed<E>>>()

  function feedOf(rpc: Rpc, serverId: ServerId): Feed<E> {
    const known = feeds.get(rpc) ?? new Map<ServerId, Feed<E>>()
    feeds.set(rpc, known)
    const existing = known.get(serverId)
    if (existing !== undefined) return existing
    const listeners = new Set<FeedListener<E>>()
    const watch = createWatch<E>(rpc, {
      open(from, signal) {
        for (const listener of [...listeners]) listener.opened()
        return open(from, serverId, signal)
      },
      apply(event) {
        for (const listener of [...listeners]) listener.event(event)
      }
    })
    const feed = { watch, listeners }
    known.set(serverId, feed)
    return feed
  }

  return (serverId, listener) => {
    const feed = feedOf(useRpc(), serverId)
    const running = feed.listeners.size > 0
    feed.listeners.add(listener)
    const release = feed.watch.acquire()
    if (running) listener.opened()
    return () => {
      feed.listeners.delete(listener)
      release()
    }
  }
}

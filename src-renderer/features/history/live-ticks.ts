/** Live ticks of servers: one stream per server and window, however many charts listen. */
import type { LiveTick } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { useRpc, type Rpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface TickListener {
  /** The stream was opened (again): whatever was before it may have been missed. */
  opened(): void
  tick(tick: LiveTick): void
}

interface Feed {
  readonly watch: Watch
  readonly listeners: Set<TickListener>
}

/** By connection: a test that installs another client gets streams of its own. */
const feeds = new WeakMap<Rpc, Map<ServerId, Feed>>()

function feedOf(rpc: Rpc, serverId: ServerId): Feed {
  const known = feeds.get(rpc) ?? new Map<ServerId, Feed>()
  feeds.set(rpc, known)
  const existing = known.get(serverId)
  if (existing !== undefined) return existing
  const listeners = new Set<TickListener>()
  const watch = createWatch<LiveTick>(rpc, {
    open(from, signal) {
      for (const listener of [...listeners]) listener.opened()
      return from.stream('history.live', { serverId }, { signal })
    },
    apply(tick) {
      for (const listener of [...listeners]) listener.tick(tick)
    }
  })
  const feed = { watch, listeners }
  known.set(serverId, feed)
  return feed
}

/** Listens until the returned function is called. `opened` is told at once when the stream is already there. */
export function listenToTicks(serverId: ServerId, listener: TickListener): () => void {
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

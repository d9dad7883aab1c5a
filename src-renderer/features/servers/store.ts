/** The operator's servers as the engine sees them now. Owns the only `servers.watch` of this window. */
import type { ServerId } from '#contract/ids.ts'
import type { ServersEvent, ServerView } from '#contract/servers.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef, triggerRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

/** Network sums in bytes/s, oldest first, at most SPARKLINE_LENGTH. */
export type SparklinePoints = readonly (number | null)[]

const SPARKLINE_LENGTH = 40
const NO_POINTS: SparklinePoints = []

export interface PresenceCounts {
  readonly on: number
  readonly off: number
  readonly empty: number
  /** Collecting was stopped by the operator: neither on nor a trouble. */
  readonly stopped: number
  readonly total: number
}

const sameCounts = (a: PresenceCounts, b: PresenceCounts): boolean =>
  a.on === b.on && a.off === b.off && a.empty === b.empty && a.stopped === b.stopped && a.total === b.total

const netSum = (view: ServerView): number | null => {
  const { now } = view
  if (now === null || now.netRxBytesPerSec === null || now.netTxBytesPerSec === null) return null
  return now.netRxBytesPerSec + now.netTxBytesPerSec
}

export const useServersStore = defineStore('servers', () => {
  /** Changed in place and triggered once per event: a server that did not change keeps its identity. */
  const byId = shallowRef(new Map<ServerId, ServerView>())
  const sparklines = shallowRef(new Map<ServerId, SparklinePoints>())
  let revision = -1

  const appendPoint = (before: ServerView | undefined, view: ServerView): void => {
    if (view.now === null || view.now.atMs === before?.now?.atMs) return
    const points = sparklines.value.get(view.record.id) ?? NO_POINTS
    sparklines.value.set(view.record.id, [...points.slice(1 - SPARKLINE_LENGTH), netSum(view)])
  }

  const watch = createWatch<ServersEvent>(useRpc(), {
    open: (rpc, signal) => rpc.stream('servers.watch', {}, { signal }),
    apply(event) {
      if (event.kind === 'snapshot') {
        revision = event.revision
        byId.value = new Map(event.servers.map((view) => [view.record.id, view]))
        sparklines.value = new Map(
          event.servers.map((view) => [view.record.id, event.sparklines[view.record.id] ?? NO_POINTS])
        )
        return
      }
      if (event.revision !== revision + 1) {
        watch.restart()
        return
      }
      revision = event.revision
      for (const view of event.changed) {
        appendPoint(byId.value.get(view.record.id), view)
        byId.value.set(view.record.id, view)
      }
      for (const id of event.removed) {
        byId.value.delete(id)
        sparklines.value.delete(id)
      }
      triggerRef(byId)
      triggerRef(sparklines)
    }
  })

  const all = computed<readonly ServerView[]>(() => [...byId.value.values()])
  /** The same object until a number changes: what shows it is not drawn again at every tick. */
  const counts = computed<PresenceCounts>((before) => {
    const count = { on: 0, off: 0, empty: 0, stopped: 0, total: all.value.length }
    for (const { presence, connection } of all.value) {
      if (connection.kind === 'stopped') count.stopped += 1
      else if (presence === 'ON') count.on += 1
      else if (presence === 'OFF') count.off += 1
      else count.empty += 1
    }
    return before !== undefined && sameCounts(before, count) ? before : count
  })

  return {
    byId,
    all,
    counts,
    ready: watch.ready,
    error: watch.error,
    get: (id: ServerId): ServerView | undefined => byId.value.get(id),
    sparklineOf: (id: ServerId): SparklinePoints => sparklines.value.get(id) ?? NO_POINTS,
    hold: (): void => holdWatch(watch),
    acquire: (): (() => void) => watch.acquire()
  }
})
export type ServersStore = ReturnType<typeof useServersStore>

/** The store, with its stream held open for as long as the calling component lives. */
export function useServers(): ServersStore {
  const store = useServersStore()
  store.hold()
  return store
}

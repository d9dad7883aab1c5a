/** Access logs of the servers that are looked at, and their newest requests. */
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import type { ServerId } from '#contract/ids.ts'
import type { TrafficView } from '#contract/traffic.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface TrafficOfServer {
  readonly view: Readonly<Ref<TrafficView | null>>
  readonly watch: Watch
}

export const useTrafficStore = defineStore('traffic', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, TrafficOfServer>()

  function open(serverId: ServerId): TrafficOfServer {
    const view = shallowRef<TrafficView | null>(null)
    return {
      view,
      watch: createWatch<TrafficView>(rpc, {
        open: (from, signal) => from.stream('traffic.watch', { serverId }, { signal }),
        apply: (newest) => (view.value = newest)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): TrafficOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

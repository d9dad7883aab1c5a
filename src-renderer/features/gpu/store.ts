/** Graphics cards of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { GpusView } from '#contract/gpus.ts'
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface GpusOfServer {
  /** null until the first reading of this run. */
  readonly view: Readonly<Ref<GpusView | null>>
  readonly watch: Watch
}

export const useGpusStore = defineStore('gpus', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, GpusOfServer>()

  function open(serverId: ServerId): GpusOfServer {
    const view = shallowRef<GpusView | null>(null)
    return {
      view,
      watch: createWatch<GpusView>(rpc, {
        open: (from, signal) => from.stream('gpus.watch', { serverId }, { signal }),
        apply: (next) => (view.value = next)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): GpusOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

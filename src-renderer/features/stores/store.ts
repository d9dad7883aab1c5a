/** Storage and networks of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { NetworksView } from '#contract/networks.ts'
import type { StorageView } from '#contract/storage.ts'
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface StoresOfServer {
  readonly storage: Readonly<Ref<StorageView | null>>
  readonly networks: Readonly<Ref<NetworksView | null>>
  readonly storageWatch: Watch
  readonly networksWatch: Watch
}

export const useStoresStore = defineStore('stores', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, StoresOfServer>()

  function open(serverId: ServerId): StoresOfServer {
    const storage = shallowRef<StorageView | null>(null)
    const networks = shallowRef<NetworksView | null>(null)
    return {
      storage,
      networks,
      storageWatch: createWatch<StorageView>(rpc, {
        open: (from, signal) => from.stream('storage.watch', { serverId }, { signal }),
        apply: (view) => (storage.value = view)
      }),
      networksWatch: createWatch<NetworksView>(rpc, {
        open: (from, signal) => from.stream('networks.watch', { serverId }, { signal }),
        apply: (view) => (networks.value = view)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): StoresOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

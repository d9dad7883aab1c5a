/** Pools with their volumes, and networks, of one server: watched while a dialog is open. */
import type { ServerId } from '#contract/ids.ts'
import type { NetworksView } from '#contract/networks.ts'
import type { StorageView } from '#contract/storage.ts'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

export function useStorage(serverId: ServerId) {
  const view = shallowRef<StorageView | null>(null)
  const watch = createWatch<StorageView>(useRpc(), {
    open: (rpc, signal) => rpc.stream('storage.watch', { serverId }, { signal }),
    apply: (event) => (view.value = event)
  })
  holdWatch(watch)
  return { view, error: watch.error }
}

export function useNetworks(serverId: ServerId) {
  const view = shallowRef<NetworksView | null>(null)
  const watch = createWatch<NetworksView>(useRpc(), {
    open: (rpc, signal) => rpc.stream('networks.watch', { serverId }, { signal }),
    apply: (event) => (view.value = event)
  })
  holdWatch(watch)
  return { view, error: watch.error }
}

/** What the chosen server offers: its abilities, pools with their volumes, and networks. Followed while the dialog is open. */
import type { CreateOptions } from '#contract/create.ts'
import type { ServerId } from '#contract/ids.ts'
import type { NetworksView } from '#contract/networks.ts'
import type { StorageView } from '#contract/storage.ts'
import { shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export interface ServerOffer {
  readonly options: ShallowRef<CreateOptions | null>
  readonly storage: ShallowRef<StorageView | null>
  readonly networks: ShallowRef<NetworksView | null>
  readonly error: ShallowRef<unknown>
  retry(): void
}

/** In setup only. */
export function useServerOffer(serverId: Readonly<Ref<ServerId | null>>): ServerOffer {
  const rpc = useRpc()
  const options = shallowRef<CreateOptions | null>(null)
  const storage = shallowRef<StorageView | null>(null)
  const networks = shallowRef<NetworksView | null>(null)
  const error = shallowRef<unknown>(null)
  const attempt = shallowRef(0)

  async function follow<T>(events: AsyncIterable<T>, into: ShallowRef<T | null>): Promise<void> {
    for await (const event of events) into.value = event
  }

  watch(
    [serverId, attempt, rpc.generation],
    ([id], _before, onCleanup) => {
      options.value = storage.value = networks.value = error.value = null
      if (id === null) return
      const life = new AbortController()
      onCleanup(() => life.abort())
      const { signal } = life
      const tell = (cause: unknown): void => {
        if (!signal.aborted) error.value = cause
      }
      follow(rpc.stream('storage.watch', { serverId: id }, { signal }), storage).catch(tell)
      follow(rpc.stream('networks.watch', { serverId: id }, { signal }), networks).catch(tell)
      rpc.call('machines.createOptions', { serverId: id }, { signal }).then((offered) => {
        if (!signal.aborted) options.value = offered
      }, tell)
    },
    { immediate: true }
  )
  return { options, storage, networks, error, retry: () => (attempt.value += 1) }
}

/** Users, units, updates and containers of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { ContainersView, UnitsView, UpdatesView, UsersView } from '#contract/services.ts'
import { defineStore } from 'pinia'
import { shallowRef, type ShallowRef } from 'vue'
import { useRpc, type Rpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface Part<V> {
  /** null = nothing was read in this run of the console yet. Stays while the server is off. */
  readonly view: Readonly<ShallowRef<V | null>>
  readonly watch: Watch
}

export interface ServicesOfServer {
  readonly users: Part<UsersView>
  readonly units: Part<UnitsView>
  readonly updates: Part<UpdatesView>
  readonly containers: Part<ContainersView>
}

function part<V>(rpc: Rpc, open: (from: Rpc, signal: AbortSignal) => AsyncIterable<V>): Part<V> {
  const view = shallowRef<V | null>(null)
  return { view, watch: createWatch<V>(rpc, { open, apply: (next) => (view.value = next) }) }
}

export const useServicesStore = defineStore('services', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, ServicesOfServer>()

  const open = (serverId: ServerId): ServicesOfServer => ({
    users: part(rpc, (from, signal) => from.stream('services.watchUsers', { serverId }, { signal })),
    units: part(rpc, (from, signal) => from.stream('services.watchUnits', { serverId }, { signal })),
    updates: part(rpc, (from, signal) => from.stream('services.watchUpdates', { serverId }, { signal })),
    containers: part(rpc, (from, signal) => from.stream('services.watchContainers', { serverId }, { signal }))
  })

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): ServicesOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

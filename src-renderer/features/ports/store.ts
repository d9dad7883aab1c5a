/** Scans and listening sockets of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { ListeningView, PortScansView } from '#contract/ports.ts'
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface PortsOfServer {
  readonly scans: Readonly<Ref<PortScansView | null>>
  readonly listening: Readonly<Ref<ListeningView | null>>
  readonly scansWatch: Watch
  readonly listeningWatch: Watch
}

export const usePortsStore = defineStore('ports', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, PortsOfServer>()

  function open(serverId: ServerId): PortsOfServer {
    const scans = shallowRef<PortScansView | null>(null)
    const listening = shallowRef<ListeningView | null>(null)
    return {
      scans,
      listening,
      scansWatch: createWatch<PortScansView>(rpc, {
        open: (from, signal) => from.stream('ports.watchScans', { serverId }, { signal }),
        apply: (view) => (scans.value = view)
      }),
      listeningWatch: createWatch<ListeningView>(rpc, {
        open: (from, signal) => from.stream('ports.watchListening', { serverId }, { signal }),
        apply: (view) => (listening.value = view)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): PortsOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

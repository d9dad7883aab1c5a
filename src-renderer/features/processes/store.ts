/** Processes of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { ProcessTable } from '#contract/processes.ts'
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface ProcessesOfServer {
  readonly table: Readonly<Ref<ProcessTable | null>>
  readonly watch: Watch
}

export const useProcessesStore = defineStore('processes', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, ProcessesOfServer>()

  function open(serverId: ServerId): ProcessesOfServer {
    const table = shallowRef<ProcessTable | null>(null)
    const watch = createWatch<ProcessTable>(rpc, {
      open: (from, signal) => from.stream('processes.watch', { serverId }, { signal }),
      apply: (next) => (table.value = next)
    })
    return { table, watch }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): ProcessesOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

/** What the servers that are looked at are made of. */
import type { HardwareView } from '#contract/hardware.ts'
import type { ServerId } from '#contract/ids.ts'
import { defineStore } from 'pinia'
import { ref, shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export type Section = 'disks' | 'fileSystems' | 'interfaces' | 'traffic' | 'cores'

export interface HardwareOfServer {
  readonly view: Readonly<Ref<HardwareView | null>>
  readonly watch: Watch
  /** Which part is shown; kept while the window is open. */
  readonly section: Ref<Section>
}

export const useHardwareStore = defineStore('hardware', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, HardwareOfServer>()

  function open(serverId: ServerId): HardwareOfServer {
    const view = shallowRef<HardwareView | null>(null)
    return {
      view,
      section: ref<Section>('disks'),
      watch: createWatch<HardwareView>(rpc, {
        open: (from, signal) => from.stream('hardware.watch', { serverId }, { signal }),
        apply: (newest) => (view.value = newest)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): HardwareOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

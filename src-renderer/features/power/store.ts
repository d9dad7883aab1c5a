/** Power and sensors of the servers that are looked at. */
import type { ServerId } from '#contract/ids.ts'
import type { PowerView, SensorsView } from '#contract/power.ts'
import { defineStore } from 'pinia'
import { shallowRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, type Watch } from '../../app/watch.ts'

export interface PowerOfServer {
  /** null until the first reading of this run. */
  readonly power: Readonly<Ref<PowerView | null>>
  readonly sensors: Readonly<Ref<SensorsView | null>>
  readonly powerWatch: Watch
  readonly sensorsWatch: Watch
}

export const usePowerStore = defineStore('power', () => {
  const rpc = useRpc()
  const servers = new Map<ServerId, PowerOfServer>()

  function open(serverId: ServerId): PowerOfServer {
    const power = shallowRef<PowerView | null>(null)
    const sensors = shallowRef<SensorsView | null>(null)
    return {
      power,
      sensors,
      powerWatch: createWatch<PowerView>(rpc, {
        open: (from, signal) => from.stream('power.watch', { serverId }, { signal }),
        apply: (view) => (power.value = view)
      }),
      sensorsWatch: createWatch<SensorsView>(rpc, {
        open: (from, signal) => from.stream('sensors.watch', { serverId }, { signal }),
        apply: (view) => (sensors.value = view)
      })
    }
  }

  /** Kept for the life of the window, so that coming back shows what was there at once. */
  function of(serverId: ServerId): PowerOfServer {
    const known = servers.get(serverId) ?? open(serverId)
    servers.set(serverId, known)
    return known
  }
  return { of }
})

/** Which servers are the best choice now. Followed while a screen shows it. */
import type { Recommendation, Recommendations } from '#contract/fleet-figures.ts'
import type { ServerId } from '#contract/ids.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'
import type { BestBy } from './recommendation-words.ts'

const isSame = (one: Recommendation | undefined, other: Recommendation): boolean =>
  one !== undefined && JSON.stringify(one) === JSON.stringify(other)

const NONE: Readonly<Record<BestBy, readonly ServerId[]>> = { gpuMemory: [], cpu: [], memory: [] }

export const useRecommendationsStore = defineStore('recommendations', () => {
  const byId = shallowRef<ReadonlyMap<ServerId, Recommendation>>(new Map())
  const best = shallowRef(NONE)

  const watch = createWatch<Recommendations>(useRpc(), {
    open: (rpc, signal) => rpc.stream('recommendations.watch', {}, { signal }),
    apply({ servers, byGpuMemory, byCpu, byMemory }) {
      const before = byId.value
      // What has not changed stays the same object: a hundred cards are not drawn again for one of them.
      byId.value = new Map(
        servers.map((now) => {
          const last = before.get(now.serverId)
          return [now.serverId, last !== undefined && isSame(last, now) ? last : now]
        })
      )
      best.value = { gpuMemory: byGpuMemory, cpu: byCpu, memory: byMemory }
    }
  })
  return {
    best: computed(() => best.value),
    ready: watch.ready,
    error: watch.error,
    of: (serverId: ServerId): Recommendation | undefined => byId.value.get(serverId),
    /** For the life of the component that calls it. */
    hold: () => holdWatch(watch)
  }
})

/** Follows it for the life of the component. In setup only. */
export function useRecommendations(): ReturnType<typeof useRecommendationsStore> {
  const store = useRecommendationsStore()
  store.hold()
  return store
}

/** The operator's outside engines, as long as somebody looks at them. */
import type { EnginesView } from '#contract/engines.ts'
import { defineStore } from 'pinia'
import { shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

export const useEngines = defineStore('engines', () => {
  const rpc = useRpc()
  const view = shallowRef<EnginesView | null>(null)
  const watch = createWatch<EnginesView>(rpc, {
    open: (from, signal) => from.stream('engines.watch', {}, { signal }),
    apply: (next) => {
      view.value = next
    }
  })
  return {
    view,
    error: watch.error,
    restart: () => watch.restart(),
    /** Follows them for the life of the component that calls it. */
    hold: () => holdWatch(watch)
  }
})

/** The operator's choices. Defaults stand until the engine has answered. */
import { Settings } from '#contract/settings.ts'
import type { VirthelmContract } from '#contract/index.ts'
import type { InputForOf } from '#contract/define.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

export type SettingsChange = InputForOf<VirthelmContract['settings.change']>

export const useSettings = defineStore('settings', () => {
  const rpc = useRpc()
  const current = shallowRef<Settings>(Settings.parse({}))
  const watch = createWatch<Settings>(rpc, {
    open: (from, signal) => from.stream('settings.watch', {}, { signal }),
    apply: (settings) => {
      current.value = settings
    }
  })
  // Every screen needs them, and they change rarely: never given up.
  watch.acquire()

  return {
    current,
    ready: watch.ready,
    theme: computed(() => current.value.theme),
    /** 'local' | 'utc', as format/ takes it. */
    zone: computed(() => current.value.timeZone),
    intervalMs: computed(() => current.value.intervalMs),
    fleetView: computed(() => current.value.fleetView),
    /** Throws AppError; what the engine made of it comes back and is shown. */
    async change(fields: SettingsChange): Promise<void> {
      current.value = await rpc.call('settings.change', fields)
    }
  }
})

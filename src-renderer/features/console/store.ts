/** What the console is (version, demo, data folder) and how its own files are. */
import type { ConsoleHealth, ConsoleInfo } from '#contract/console.ts'
import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch } from '../../app/watch.ts'

export const useConsole = defineStore('console', () => {
  const rpc = useRpc()
  const info = shallowRef<ConsoleInfo | null>(null)
  const health = shallowRef<ConsoleHealth | null>(null)
  const watch = createWatch<ConsoleHealth>(rpc, {
    // Asked for with each connection: the engine behind it may be another one.
    async *open(from, signal) {
      info.value = await from.call('console.info', {}, { signal })
      yield* from.stream('console.health', {}, { signal })
    },
    apply: (value) => {
      health.value = value
    }
  })
  watch.acquire()

  return {
    info,
    health,
    demo: computed(() => info.value?.demo ?? false),
    /** Ctrl or ⌘, as this machine calls it. */
    commandKey: computed(() =>
      (info.value?.platform ?? '') === 'darwin' || /Mac/.test(navigator.platform) ? '⌘' : 'Ctrl'
    ),
    /** Starts the demo fleet beside the operator's own data; resolves to an address in browser mode. */
    async openDemo(): Promise<string | null> {
      return (await rpc.call('console.openDemo', {})).address
    }
  }
})

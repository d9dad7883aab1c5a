/** "Check again": all lanes of a server read now. Busy until each has answered, or long enough. */
import type { ServerView } from '#contract/servers.ts'
import { computed, ref, shallowRef, type ComputedRef, type Ref, type ShallowRef } from 'vue'
import { useNow } from '../../app/now.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { oldestCheckMs } from '../servers/index.ts'

/** A lane may hang for as long as its own deadline; the button must not. */
const LONG_ENOUGH_MS = 20_000

export interface ReadNow {
  readonly busy: ComputedRef<boolean>
  readonly error: Readonly<ShallowRef<unknown>>
  readonly nowMs: Readonly<Ref<number>>
  run(): Promise<void>
}

export function useReadNow(view: () => ServerView): ReadNow {
  const rpc = useRpc()
  const nowMs = useNow()
  const askedAtMs = ref<number | null>(null)
  const error = shallowRef<unknown>(null)
  const busy = computed(() => {
    if (askedAtMs.value === null || nowMs.value - askedAtMs.value > LONG_ENOUGH_MS) return false
    return (oldestCheckMs(view().capabilities) ?? 0) < askedAtMs.value
  })
  return {
    busy,
    error,
    nowMs,
    async run() {
      error.value = null
      askedAtMs.value = Date.now()
      try {
        await rpc.call('capabilities.readNow', { serverId: view().record.id })
      } catch (cause) {
        error.value = cause
        askedAtMs.value = null
      }
    }
  }
}

/** What the history takes: asked when it is looked at, when the link is new, and again after a change. */
import type { HistoryUsage } from '#contract/history.ts'
import { onScopeDispose, shallowRef, watch } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export function useHistoryUsage() {
  const rpc = useRpc()
  /** null = not answered yet. */
  const usage = shallowRef<HistoryUsage | null>(null)
  const error = shallowRef<unknown>(null)
  let reading: AbortController | null = null

  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    try {
      const answer = await rpc.call('history.usage', {}, { signal: mine.signal })
      if (mine.signal.aborted) return
      usage.value = answer
      error.value = null
    } catch (cause) {
      if (!mine.signal.aborted) error.value = cause
    }
  }

  watch(rpc.generation, () => void read(), { immediate: true })
  onScopeDispose(() => reading?.abort())
  return { usage, error, read: () => void read() }
}

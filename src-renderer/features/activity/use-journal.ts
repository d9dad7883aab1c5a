/** The journal, newest first: what is stored, page by page, and what happens from now on. */
import { AppError } from '#contract/errors.ts'
import type { JournalEntry } from '#contract/activity.ts'
import { computed, onScopeDispose, ref, shallowRef, triggerRef, type ComputedRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { createWatch, holdWatch } from '../../app/watch.ts'

const PAGE = 200

export interface Journal {
  readonly entries: ComputedRef<readonly JournalEntry[]>
  readonly ready: Ref<boolean>
  readonly error: Ref<unknown>
  readonly mayHaveMore: Ref<boolean>
  readonly loading: Ref<boolean>
  loadMore(): Promise<void>
  reload(): Promise<void>
}

/** In setup. */
export function useJournal(): Journal {
  const rpc = useRpc()
  const byId = shallowRef(new Map<number, JournalEntry>())
  const ready = ref(false)
  const loading = ref(false)
  const error = ref<unknown>(null)
  const mayHaveMore = ref(false)
  const gone = new AbortController()
  onScopeDispose(() => gone.abort())

  const read = async (beforeId?: number): Promise<void> => {
    loading.value = true
    error.value = null
    try {
      const input = beforeId === undefined ? { limit: PAGE } : { limit: PAGE, beforeId }
      const { entries } = await rpc.call('activity.list', input, { signal: gone.signal })
      // What came live meanwhile is newer than what was read.
      for (const entry of entries) if (!byId.value.has(entry.id)) byId.value.set(entry.id, entry)
      triggerRef(byId)
      mayHaveMore.value = entries.length === PAGE
      ready.value = true
    } catch (cause) {
      if (!(cause instanceof AppError && cause.code === 'cancelled')) error.value = cause
    } finally {
      loading.value = false
    }
  }

  const watch = createWatch<JournalEntry>(rpc, {
    async *open(from, signal) {
      const live = from.stream('activity.watch', {}, { signal })
      // After each (re)connection: what happened in between is read, then what happens is followed.
      byId.value = new Map()
      void read()
      yield* live
    },
    apply(entry) {
      byId.value.set(entry.id, entry)
      triggerRef(byId)
    }
  })
  holdWatch(watch)

  const entries = computed(() => [...byId.value.values()].sort((a, b) => b.id - a.id))
  return {
    entries,
    ready,
    error,
    loading,
    mayHaveMore,
    loadMore: () => read(entries.value.at(-1)?.id),
    reload: () => read()
  }
}

/** Past alerts of a range, page by page. */
import type { Alert } from '#contract/alerts.ts'
import { AppError } from '#contract/errors.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

const PAGE = 500

export interface PastAlerts {
  readonly alerts: Readonly<ShallowRef<readonly Alert[] | null>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly loading: Readonly<Ref<boolean>>
  readonly mayHaveMore: Readonly<Ref<boolean>>
  readonly loadMore: () => void
  readonly reload: () => void
}

/** In setup only. @param refresh whatever means that there are new ones */
export function usePastAlerts(
  query: () => { fromAtMs: number; toAtMs: number; level: AlertLevel | null },
  refresh: () => unknown
): PastAlerts {
  const rpc = useRpc()
  const alerts = shallowRef<readonly Alert[] | null>(null)
  const error = shallowRef<AppError | null>(null)
  const loading = ref(true)
  const mayHaveMore = ref(false)
  let reading: AbortController | null = null

  async function read(more: boolean): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    loading.value = true
    const { level, ...range } = query()
    const shown = more ? (alerts.value ?? []) : []
    const last = shown.at(-1)
    try {
      const answer = await rpc.call(
        'alerts.history',
        {
          ...range,
          limit: PAGE,
          ...(level === null ? {} : { level }),
          ...(last === undefined ? {} : { before: { raisedAtMs: last.raisedAtMs, id: last.id } })
        },
        { signal: mine.signal }
      )
      if (mine.signal.aborted) return
      alerts.value = [...shown, ...answer.alerts]
      mayHaveMore.value = answer.alerts.length === PAGE
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    loading.value = false
  }
  watch([() => JSON.stringify(query()), refresh, rpc.generation], () => void read(false), { immediate: true })
  onScopeDispose(() => reading?.abort())
  return {
    alerts,
    error,
    loading,
    mayHaveMore,
    loadMore: () => void read(true),
    reload: () => void read(false)
  }
}

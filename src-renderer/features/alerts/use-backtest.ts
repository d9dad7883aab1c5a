/** A rule tried on the stored history while it is edited: asked for a moment after the last change, the try before given up. */
import type { BacktestAnswer, RuleDraft } from '#contract/alert-rules.ts'
import { AppError } from '#contract/errors.ts'
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

const SETTLE_MS = 400
const DAY_MS = 86_400_000
export const BACKTEST_SPANS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const
export type BacktestSpan = keyof typeof BACKTEST_SPANS

export interface BacktestRun {
  readonly answer: Readonly<ShallowRef<BacktestAnswer | null>>
  readonly progress: Readonly<Ref<{ done: number; total: number } | null>>
  readonly running: Readonly<Ref<boolean>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly retry: () => void
}

/** What makes no difference to what would have been told. */
const judged = ({ watch: what, level, scopes, condition, overrides }: RuleDraft): string =>
  JSON.stringify({ what, level, scopes, condition, overrides })

/** In setup only. @param draft null = it is not complete */
export function useBacktest(draft: () => RuleDraft | null, span: () => BacktestSpan): BacktestRun {
  const rpc = useRpc()
  const answer = shallowRef<BacktestAnswer | null>(null)
  const progress = ref<{ done: number; total: number } | null>(null)
  const running = ref(false)
  const error = shallowRef<AppError | null>(null)
  let trying: AbortController | null = null
  let settle: ReturnType<typeof setTimeout> | undefined

  async function run(): Promise<void> {
    const rule = draft()
    if (rule === null) return
    const mine = new AbortController()
    trying = mine
    error.value = null
    const toAtMs = Date.now()
    const input = { draft: { ...rule, enabled: true }, fromAtMs: toAtMs - BACKTEST_SPANS[span()], toAtMs }
    try {
      for await (const event of rpc.stream('alertRules.backtest', input, { signal: mine.signal })) {
        if (mine.signal.aborted) return
        if (event.kind === 'progress') progress.value = { done: event.done, total: event.total }
        else answer.value = event.answer
        if (event.kind === 'done') break
      }
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    if (trying !== mine) return
    running.value = false
    progress.value = null
  }
  function soon(): void {
    clearTimeout(settle)
    trying?.abort()
    trying = null
    progress.value = null
    running.value = draft() !== null
    settle = setTimeout(() => void run(), SETTLE_MS)
  }
  watch(
    () => {
      const rule = draft()
      return rule === null ? '' : `${span()} ${judged(rule)}`
    },
    soon,
    { immediate: true }
  )
  onScopeDispose(() => {
    clearTimeout(settle)
    trying?.abort()
  })
  return { answer, progress, running, error, retry: soon }
}

/** Runs the test of an engine as it stands in a form, and keeps its answer until the form says something else. */
import { AppError } from '#contract/errors.ts'
import type { EngineTestResult } from '#contract/engines.ts'
import { onScopeDispose, ref, shallowRef } from 'vue'

export function useEngineTest() {
  const result = shallowRef<EngineTestResult | null>(null)
  const running = ref(false)
  /** The test itself could not be run. */
  const error = shallowRef<AppError | null>(null)
  let current: AbortController | null = null

  async function run(ask: (signal: AbortSignal) => Promise<EngineTestResult>): Promise<void> {
    forget()
    const mine = new AbortController()
    current = mine
    running.value = true
    try {
      const answer = await ask(mine.signal)
      if (!mine.signal.aborted) result.value = answer
    } catch (cause) {
      if (!mine.signal.aborted)
        error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    } finally {
      if (current === mine) running.value = false
    }
  }

  function forget(): void {
    current?.abort()
    current = null
    running.value = false
    result.value = null
    error.value = null
  }
  onScopeDispose(() => current?.abort())
  return { result, running, error, run, forget }
}

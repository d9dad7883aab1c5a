/** Runs the connection test of a draft and keeps its steps in order. */
import { AppError } from '#contract/errors.ts'
import { TestStepId, type ServerDraft, type ServerSecrets, type TestStep } from '#contract/servers.ts'
import type { ServerId } from '#contract/ids.ts'
import { computed, onScopeDispose, ref, shallowRef } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export type ShownStep = Omit<TestStep, 'state'> & { readonly state: TestStep['state'] | 'waiting' }

export function useServerTest() {
  const rpc = useRpc()
  const byStep = shallowRef<ReadonlyMap<TestStepId, TestStep>>(new Map())
  const running = ref(false)
  /** sudo is a step only where it is to be used. */
  const tested = shallowRef<readonly TestStepId[]>(TestStepId.options)
  const passed = ref<boolean | null>(null)
  /** The test itself could not be run. */
  const error = shallowRef<unknown>(null)
  let current: AbortController | null = null

  const steps = computed<ShownStep[]>(() =>
    tested.value.map(
      (step) =>
        byStep.value.get(step) ?? { step, state: 'waiting', durationMs: null, detail: {}, failure: null }
    )
  )

  async function run(draft: ServerDraft, secrets: ServerSecrets | undefined, serverId: ServerId | undefined) {
    current?.abort()
    const mine = new AbortController()
    current = mine
    tested.value = TestStepId.options.filter((step) => step !== 'sudo' || draft.useSudo)
    byStep.value = new Map()
    error.value = null
    passed.value = null
    running.value = true
    try {
      const { result } = rpc.task(
        'servers.test',
        {
          draft,
          ...(secrets === undefined ? {} : { secrets }),
          ...(serverId === undefined ? {} : { serverId })
        },
        {
          signal: mine.signal,
          onProgress(step) {
            if (!mine.signal.aborted) byStep.value = new Map(byStep.value).set(step.step, step)
          }
        }
      )
      const answer = await result
      if (mine.signal.aborted) return
      byStep.value = new Map(answer.steps.map((step) => [step.step, step]))
      passed.value = answer.passed
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    } finally {
      if (current === mine) running.value = false
    }
  }

  function stop(): void {
    current?.abort()
    running.value = false
  }
  /** What was tested is not what stands in the form any more. */
  function forget(): void {
    stop()
    byStep.value = new Map()
    passed.value = null
    error.value = null
  }
  onScopeDispose(() => current?.abort())

  return {
    steps,
    running,
    passed,
    error,
    run,
    stop,
    forget,
    started: computed(() => byStep.value.size > 0 || running.value)
  }
}

/** A question to the engine that follows what is looked at: asked again when it changes, the one before given up. */
import { AppError } from '#contract/errors.ts'
import { onScopeDispose, ref, shallowRef, watch, type Ref, type ShallowRef } from 'vue'
import { useRpc, type Rpc } from '../../app/rpc-provider.ts'

export interface Question<O> {
  /** null until the first answer about the present topic. */
  readonly answer: Readonly<ShallowRef<O | null>>
  readonly loading: Readonly<Ref<boolean>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly retry: () => void
}

export interface QuestionOptions<I, O> {
  /** null = nothing to ask. */
  readonly input: () => I | null
  readonly ask: (rpc: Rpc, input: I, signal: AbortSignal) => Promise<O>
  /** While it stays the same, the last answer is shown until the next one is there (a range that moves on). */
  readonly topic?: () => unknown
  /** Whatever else means that the answer may have changed. */
  readonly refresh?: () => unknown
}

/** Several changes at once (a range and its series) are one question. */
const SETTLE_MS = 60

export function useQuestion<I, O>({ input, ask, topic, refresh }: QuestionOptions<I, O>): Question<O> {
  const rpc = useRpc()
  const answer = shallowRef<O | null>(null)
  const loading = ref(true)
  const error = shallowRef<AppError | null>(null)
  let asking: AbortController | null = null
  let settle: ReturnType<typeof setTimeout> | undefined

  async function run(): Promise<void> {
    asking?.abort()
    const question = input()
    if (question === null) {
      loading.value = false
      return
    }
    const mine = new AbortController()
    asking = mine
    loading.value = true
    try {
      const given = await ask(rpc, question, mine.signal)
      if (mine.signal.aborted) return
      answer.value = given
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    loading.value = false
    asking = null
  }
  function soon(): void {
    clearTimeout(settle)
    settle = setTimeout(() => void run(), SETTLE_MS)
  }

  watch(
    () => JSON.stringify(topic?.() ?? input()),
    () => {
      answer.value = null
      error.value = null
      loading.value = true
    }
  )
  watch(
    [() => JSON.stringify(input()), () => refresh?.(), rpc.generation],
    () => {
      // What is no longer asked for is not worked on.
      asking?.abort()
      soon()
    },
    { immediate: true }
  )
  onScopeDispose(() => {
    clearTimeout(settle)
    asking?.abort()
  })
  return { answer, loading, error, retry: soon }
}

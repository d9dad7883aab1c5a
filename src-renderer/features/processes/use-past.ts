/** Processes as they were at a time that the operator chose. */
import type { ServerId } from '#contract/ids.ts'
import type { PastProcess, PastTable } from '#contract/processes.ts'
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export interface Past {
  /** null = now is shown. */
  readonly askedAtMs: Readonly<Ref<number | null>>
  /** The reading that was found; null = none, or not read yet. */
  readonly atMs: ComputedRef<number | null>
  readonly level: ComputedRef<PastTable['level']>
  readonly rows: ComputedRef<readonly PastProcess[]>
  readonly reading: Readonly<Ref<boolean>>
  readonly error: Readonly<Ref<unknown>>
  show(atMs: number): Promise<void>
  step(byMs: number): void
  again(): void
  close(): void
}

/** In setup only. */
export function usePast(serverId: () => ServerId): Past {
  const rpc = useRpc()
  const askedAtMs = ref<number | null>(null)
  const answer = shallowRef<PastTable | null>(null)
  const reading = ref(false)
  const error = shallowRef<unknown>(null)
  let lastQuestion = 0

  async function show(atMs: number): Promise<void> {
    const question = ++lastQuestion
    askedAtMs.value = atMs
    reading.value = true
    error.value = null
    try {
      const found = await rpc.call('processes.at', { serverId: serverId(), atMs })
      if (question === lastQuestion) answer.value = found
    } catch (cause) {
      if (question !== lastQuestion) return
      answer.value = null
      error.value = cause
    } finally {
      if (question === lastQuestion) reading.value = false
    }
  }
  return {
    askedAtMs,
    atMs: computed(() => answer.value?.atMs ?? null),
    level: computed(() => answer.value?.level ?? 'reading'),
    rows: computed(() => answer.value?.rows ?? []),
    reading,
    error,
    show,
    step(byMs) {
      const from = askedAtMs.value
      if (from !== null) void show(Math.min(Date.now(), Math.max(0, from + byMs)))
    },
    again() {
      if (askedAtMs.value !== null) void show(askedAtMs.value)
    },
    close() {
      lastQuestion++
      askedAtMs.value = null
      answer.value = null
      error.value = null
    }
  }
}

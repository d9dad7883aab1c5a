/** What is read of a VM when it is looked at: on opening, when `refresh` changes, after a new link to the engine, and when asked again. */
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import {
  onScopeDispose,
  ref,
  shallowRef,
  toValue,
  watch,
  type MaybeRefOrGetter,
  type Ref,
  type ShallowRef
} from 'vue'
import { useRpc } from './rpc-provider.ts'

export interface Reading<T> {
  /** Of the last reading that went well. */
  readonly value: Readonly<ShallowRef<T | null>>
  readonly error: Readonly<ShallowRef<AppError | null>>
  readonly loading: Readonly<Ref<boolean>>
  /** Reads now; a reading under way is given up. Never rejects. */
  readonly read: () => Promise<void>
}

/** In setup only. */
export function useReading<T>(
  vm: MaybeRefOrGetter<VmRef>,
  refresh: MaybeRefOrGetter<unknown>,
  ask: (vm: VmRef, signal: AbortSignal) => Promise<T>
): Reading<T> {
  const rpc = useRpc()
  const value = shallowRef<T | null>(null)
  const error = shallowRef<AppError | null>(null)
  const loading = ref(true)
  let reading: AbortController | null = null

  async function read(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    loading.value = true
    try {
      const { serverId, vmUuid } = toValue(vm)
      const answer = await ask({ serverId, vmUuid }, mine.signal)
      if (mine.signal.aborted) return
      value.value = answer
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    if (reading === mine) loading.value = false
  }

  watch([() => toValue(refresh), rpc.generation], () => void read(), { immediate: true })
  onScopeDispose(() => reading?.abort())
  return { value, error, loading, read }
}

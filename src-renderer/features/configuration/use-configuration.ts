/** What is configured of a VM: read when it is looked at, after each change from this window, and now and then. */
import type { ChangePlan, MachineChange, MachineConfiguration } from '#contract/configuration.ts'
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import { onScopeDispose, ref, shallowReactive, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

/** Changes from elsewhere have no sign of their own in every case. */
const AGAIN_MS = 30_000

/** Counts the changes of each VM from this window: who shows one reads it again. */
const revisions = shallowReactive(new Map<string, number>())
const keyOf = ({ serverId, vmUuid }: VmRef): string => `${serverId}/${vmUuid}`
export const revisionOf = (vm: VmRef): number => revisions.get(keyOf(vm)) ?? 0
export const noteChange = (vm: VmRef): void => void revisions.set(keyOf(vm), revisionOf(vm) + 1)

export interface Reading<T> {
  readonly value: Readonly<{ value: T | null }>
  readonly error: Readonly<{ value: AppError | null }>
  readonly loading: Readonly<{ value: boolean }>
  readonly retry: () => void
}

/** In setup only. Reads again when `refresh` changes, after a change, and every 30 s while the window is seen. */
export function useReading<T>(
  vm: MaybeRefOrGetter<VmRef>,
  refresh: MaybeRefOrGetter<unknown>,
  read: (vm: VmRef, signal: AbortSignal) => Promise<T>,
  againMs = AGAIN_MS
): Reading<T> {
  const rpc = useRpc()
  const value = shallowRef<T | null>(null)
  const error = shallowRef<AppError | null>(null)
  const loading = ref(true)
  let reading: AbortController | null = null

  async function run(): Promise<void> {
    reading?.abort()
    const mine = new AbortController()
    reading = mine
    loading.value = true
    try {
      const { serverId, vmUuid } = toValue(vm)
      const answer = await read({ serverId, vmUuid }, mine.signal)
      if (mine.signal.aborted) return
      value.value = answer
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    if (reading === mine) loading.value = false
  }

  watch([() => toValue(refresh), () => revisionOf(toValue(vm)), rpc.generation], () => void run(), {
    immediate: true
  })
  const timer = setInterval(() => {
    if (!document.hidden && !loading.value) void run()
  }, againMs)
  onScopeDispose(() => {
    clearInterval(timer)
    reading?.abort()
  })
  return { value, error, loading, retry: () => void run() }
}

export function useConfiguration(vm: MaybeRefOrGetter<VmRef>, refresh: MaybeRefOrGetter<unknown>) {
  const rpc = useRpc()
  return useReading<MachineConfiguration>(vm, refresh, (ref, signal) =>
    rpc.call('configuration.read', ref, { signal })
  )
}

export type Refusal = ChangePlan['refusals'][number]
export type Kind = MachineChange['kind']

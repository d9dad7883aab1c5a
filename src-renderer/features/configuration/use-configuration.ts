/** What is configured of a VM: read when it is looked at, after each change from this window, and now and then. */
import type { ChangePlan, MachineChange, MachineConfiguration } from '#contract/configuration.ts'
import type { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import { computed, onScopeDispose, shallowReactive, toValue, type MaybeRefOrGetter, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'
import { useReading as useVmReading } from '../../app/use-reading.ts'

/** Changes from elsewhere have no sign of their own in every case. */
const AGAIN_MS = 30_000

/** Counts the changes of each VM from this window: who shows one reads it again. */
const revisions = shallowReactive(new Map<string, number>())
const keyOf = ({ serverId, vmUuid }: VmRef): string => `${serverId}/${vmUuid}`
export const revisionOf = (vm: VmRef): number => revisions.get(keyOf(vm)) ?? 0
export const noteChange = (vm: VmRef): void => void revisions.set(keyOf(vm), revisionOf(vm) + 1)

export interface Reading<T> {
  readonly value: Readonly<Ref<T | null>>
  readonly error: Readonly<Ref<AppError | null>>
  readonly loading: Readonly<Ref<boolean>>
  readonly retry: () => void
}

/** In setup only. Reads again when `refresh` changes, after a change, and every 30 s while the window is seen. */
export function useReading<T>(
  vm: MaybeRefOrGetter<VmRef>,
  refresh: MaybeRefOrGetter<unknown>,
  ask: (vm: VmRef, signal: AbortSignal) => Promise<T>,
  againMs = AGAIN_MS
): Reading<T> {
  const changes = computed(() => [toValue(refresh), revisionOf(toValue(vm))])
  const { read, ...rest } = useVmReading(vm, changes, ask)
  const timer = setInterval(() => {
    if (!document.hidden && !rest.loading.value) void read()
  }, againMs)
  onScopeDispose(() => clearInterval(timer))
  return { ...rest, retry: () => void read() }
}

export function useConfiguration(vm: MaybeRefOrGetter<VmRef>, refresh: MaybeRefOrGetter<unknown>) {
  const rpc = useRpc()
  return useReading<MachineConfiguration>(vm, refresh, (ref, signal) =>
    rpc.call('configuration.read', ref, { signal })
  )
}

export type Refusal = ChangePlan['refusals'][number]
export type Kind = MachineChange['kind']

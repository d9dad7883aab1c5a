import type { MaybeRefOrGetter } from 'vue'
import type { VmRef } from '#contract/ids.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { useReading } from '../../app/use-reading.ts'

/** What is read of a VM when it is looked at. In setup only. */
export function useMachineDetail(vm: MaybeRefOrGetter<VmRef>, refresh: MaybeRefOrGetter<unknown>) {
  const rpc = useRpc()
  const { value, read, ...rest } = useReading(vm, refresh, (ref, signal) =>
    rpc.call('machines.detail', ref, { signal })
  )
  return { detail: value, retry: () => void read(), ...rest }
}

import type { MaybeRefOrGetter } from 'vue'
import type { VmRef } from '#contract/ids.ts'
import { useRpc } from '../../app/rpc-provider.ts'
import { useReading } from '../../app/use-reading.ts'

/** The snapshots of a VM; `read` is called after each work on them. In setup only. */
export function useSnapshots(vm: MaybeRefOrGetter<VmRef>, refresh: MaybeRefOrGetter<unknown>) {
  const rpc = useRpc()
  const { value, ...rest } = useReading(vm, refresh, (ref, signal) =>
    rpc.call('snapshots.read', ref, { signal })
  )
  return { board: value, ...rest }
}

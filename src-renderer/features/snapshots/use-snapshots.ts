/** The snapshots of a VM: read on opening, when its state changes, and after each work on them. */
import { AppError } from '#contract/errors.ts'
import type { VmRef } from '#contract/ids.ts'
import type { SnapshotBoard } from '#contract/snapshots.ts'
import { onScopeDispose, ref, shallowRef, toValue, watch, type MaybeRefOrGetter } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export function useSnapshots(vm: MaybeRefOrGetter<VmRef>, refresh: MaybeRefOrGetter<unknown>) {
  const rpc = useRpc()
  const board = shallowRef<SnapshotBoard | null>(null)
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
      const answer = await rpc.call('snapshots.read', { serverId, vmUuid }, { signal: mine.signal })
      if (mine.signal.aborted) return
      board.value = answer
      error.value = null
    } catch (cause) {
      if (mine.signal.aborted) return
      error.value = cause instanceof AppError ? cause : new AppError('internal', { cause })
    }
    if (reading === mine) loading.value = false
  }

  watch([() => toValue(refresh), rpc.generation], () => void read(), { immediate: true })
  onScopeDispose(() => reading?.abort())
  return { board, error, loading, read }
}

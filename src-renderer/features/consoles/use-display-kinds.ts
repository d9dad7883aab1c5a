/** Which displays a VM has, and which of them is shown: VNC unless there is none, or the operator chose. */
import type { DisplayKind } from '#contract/consoles.ts'
import type { VmRef } from '#contract/ids.ts'
import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

export function useDisplayKinds(options: { readonly vm: () => VmRef; readonly wanted: () => boolean }): {
  readonly kinds: Ref<readonly DisplayKind[]>
  /** null: not known yet. */
  readonly kind: ComputedRef<DisplayKind | null>
  readonly choose: (kind: DisplayKind) => void
} {
  const rpc = useRpc()
  const kinds = shallowRef<readonly DisplayKind[]>([])
  const isKnown = ref(false)
  const chosen = ref<DisplayKind | null>(null)
  let life = new AbortController()

  async function look(signal: AbortSignal): Promise<void> {
    // What is wrong with the machine or the server is said by the attempt to open its display.
    const answer = await rpc.call('consoles.displays', options.vm(), { signal }).catch(() => null)
    if (signal.aborted) return
    kinds.value = answer?.kinds ?? []
    isKnown.value = true
  }

  watch(
    options.wanted,
    (wanted) => {
      life.abort()
      life = new AbortController()
      isKnown.value = false
      // Asked again at each start: its definition may be another one by then.
      if (wanted) void look(life.signal)
    },
    { immediate: true }
  )
  onScopeDispose(() => life.abort())

  const kind = computed((): DisplayKind | null => {
    if (!isKnown.value) return null
    if (chosen.value !== null && kinds.value.includes(chosen.value)) return chosen.value
    return kinds.value[0] ?? 'vnc'
  })
  return { kinds, kind, choose: (kind) => void (chosen.value = kind) }
}

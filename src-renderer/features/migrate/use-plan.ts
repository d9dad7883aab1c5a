/** The plan of the choice as it stands: asked for anew a moment after each change, and never shown for another choice. */
import type { MigrationChoice, MigrationPlan } from '#contract/migration.ts'
import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { useRpc } from '../../app/rpc-provider.ts'

const SETTLE_MS = 150

/** In setup only. */
export function usePlan(choice: Ref<MigrationChoice | null>) {
  const rpc = useRpc()
  const plan = shallowRef<MigrationPlan | null>(null)
  const error = shallowRef<unknown>(null)
  const isLooking = ref(false)
  let asking: AbortController | null = null
  let timer: ReturnType<typeof setTimeout> | undefined

  async function look(wanted: MigrationChoice): Promise<void> {
    const control = new AbortController()
    asking = control
    error.value = null
    try {
      const answer = await rpc.call('migration.plan', wanted, { signal: control.signal })
      if (asking === control) plan.value = answer
    } catch (cause) {
      if (asking === control) error.value = cause
    } finally {
      if (asking === control) isLooking.value = false
    }
  }

  function again(): void {
    asking?.abort()
    asking = null
    clearTimeout(timer)
    const wanted = choice.value
    isLooking.value = wanted !== null
    if (wanted !== null) timer = setTimeout(() => void look(wanted), SETTLE_MS)
  }

  watch(choice, again, { immediate: true })
  onScopeDispose(() => {
    clearTimeout(timer)
    asking?.abort()
  })
  return { plan, error, isLooking, again }
}

/** One clock for everything that shows an age; it stands still while nobody looks. */
import { onScopeDispose, readonly, ref, type Ref } from 'vue'

const nowMs = ref(Date.now())
let users = 0
let timer: ReturnType<typeof setInterval> | undefined

/** The present in UTC milliseconds, once a second. */
export function useNow(): Readonly<Ref<number>> {
  users += 1
  if (users === 1) {
    nowMs.value = Date.now()
    timer = setInterval(() => (nowMs.value = Date.now()), 1_000)
  }
  onScopeDispose(() => {
    users -= 1
    if (users === 0) clearInterval(timer)
  })
  return readonly(nowMs)
}

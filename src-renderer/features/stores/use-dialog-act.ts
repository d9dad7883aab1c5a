/** What every dialog that sends something shares: busy while it runs, the error stays in the dialog, closed when done. */
import { ref, shallowRef, type Ref } from 'vue'

export interface DialogAct {
  readonly busy: Ref<boolean>
  readonly error: Readonly<Ref<unknown>>
  run(work: () => Promise<unknown>): Promise<void>
}

export function useDialogAct(done: () => void): DialogAct {
  const busy = ref(false)
  const error = shallowRef<unknown>(null)
  return {
    busy,
    error,
    async run(work) {
      if (busy.value) return
      busy.value = true
      error.value = null
      try {
        await work()
        done()
      } catch (cause) {
        error.value = cause
      } finally {
        busy.value = false
      }
    }
  }
}

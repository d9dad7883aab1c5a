/** What every dialog that sends something shares: busy while it runs, the error stays in the dialog, closed when done. */
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue'

export interface DialogAct<T> {
  readonly busy: Readonly<Ref<boolean>>
  /** Why the last try failed; null = it did not. Typing may take it away. */
  readonly error: Ref<unknown>
  /** Nothing while another runs. Never rejects. */
  readonly run: (work: () => Promise<T>) => Promise<void>
}

/** @param done with what the work answered; closes the dialog */
export function useDialogAct<T = unknown>(done: (answer: T) => void): DialogAct<T> {
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
        done(await work())
      } catch (cause) {
        // Shown in the dialog: what was typed stays.
        error.value = cause
      } finally {
        busy.value = false
      }
    }
  }
}

/** Whether something was typed since the form began. */
export function useDirty(form: object): ComputedRef<boolean> {
  const start = JSON.stringify(form)
  return computed(() => JSON.stringify(form) !== start)
}

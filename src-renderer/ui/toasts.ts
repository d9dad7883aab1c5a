/** Short messages that go by themselves. Errors stay until they are closed; what needs an answer is a dialog. */
import { shallowReactive, type App } from 'vue'

export interface Toast {
  readonly id: number
  readonly tone: 'ok' | 'amber' | 'red' | 'plain'
  readonly title: string
  readonly text?: string
  readonly action?: { readonly label: string; readonly run: () => void }
  /** How long it is shown; longer where its action is worth a thought. 6 s when left out. */
  readonly shownMs?: number
}
export type NewToast = Omit<Toast, 'id'>

export interface Toasts {
  readonly shown: readonly Toast[]
  /** Returns its id, for whoever takes it away before its time. */
  show(toast: NewToast): number
  dismiss(id: number): void
}

const SHOWN_MS = 6_000
const MOST = 4

export function createToasts(): Toasts {
  const shown = shallowReactive<Toast[]>([])
  let nextId = 1
  const dismiss = (id: number): void => {
    const index = shown.findIndex((toast) => toast.id === id)
    if (index !== -1) shown.splice(index, 1)
  }
  return {
    shown,
    dismiss,
    show(toast) {
      // The same failure of ten servers is one message.
      const twin = shown.find((other) => other.title === toast.title && other.text === toast.text)
      if (twin !== undefined) dismiss(twin.id)
      const id = nextId++
      shown.push({ ...toast, id })
      if (shown.length > MOST) shown.shift()
      if (toast.tone !== 'red') setTimeout(() => dismiss(id), toast.shownMs ?? SHOWN_MS)
      return id
    }
  }
}

let shared: Toasts = createToasts()

/** For tests that want a list of their own. */
export function provideToasts(_app: App, toasts: Toasts): void {
  shared = toasts
}
export const useToasts = (): Toasts => shared

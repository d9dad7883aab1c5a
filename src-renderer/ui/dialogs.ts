/**
 * The one stack of dialogs. A dialog is a component that renders <DialogFrame> and emits `close` with its result;
 * `open` resolves with it, or with undefined when the dialog was dismissed. Only the topmost takes keys.
 */
import { inject, markRaw, shallowReactive, type App, type Component, type InjectionKey } from 'vue'

export interface OpenDialog {
  readonly id: number
  readonly component: Component
  readonly props: Readonly<Record<string, unknown>>
  close(result?: unknown): void
}

export interface ConfirmOptions {
  title: string
  text: string
  confirmLabel: string
  cancelLabel?: string
  /** Destructive: red button, and Cancel has the focus. */
  danger?: boolean
}

/** The props a dialog component takes; `close` is the stack's own. */
type PropsOf<C> = C extends new (...args: never[]) => { $props: infer P }
  ? Omit<P, 'onClose'>
  : Record<string, unknown>

/** What it emits with `close`. */
type ResultOf<C> = C extends new (...args: never[]) => { $props: { onClose?: infer F } }
  ? NonNullable<F> extends (result: infer R, ...rest: never[]) => unknown
    ? R
    : undefined
  : unknown

export interface Dialogs {
  readonly stack: readonly OpenDialog[]
  open<C extends Component>(component: C, props: PropsOf<C>): Promise<ResultOf<C> | undefined>
  confirm(options: ConfirmOptions): Promise<boolean>
}

const KEY: InjectionKey<Dialogs> = Symbol('dialogs')

export function createDialogs(confirmDialog: Component): Dialogs {
  const stack = shallowReactive<OpenDialog[]>([])
  let nextId = 1

  const open: Dialogs['open'] = (component, props) =>
    new Promise((resolve) => {
      const id = nextId++
      stack.push({
        id,
        component: markRaw(component),
        props,
        close(result) {
          const index = stack.findIndex((dialog) => dialog.id === id)
          if (index === -1) return
          stack.splice(index, 1)
          resolve(result as never)
        }
      })
    })

  return {
    stack,
    open,
    confirm: async (options) => (await open(confirmDialog, { ...options })) === true
  }
}

let shared: Dialogs | null = null

export function provideDialogs(app: App, dialogs: Dialogs): void {
  shared = dialogs
  app.provide(KEY, dialogs)
}

/** In a component's setup, or anywhere after the app was made (stores, key handlers). */
export function useDialogs(): Dialogs {
  const dialogs = shared ?? inject(KEY, null)
  if (dialogs === null) throw new Error('provideDialogs was not called')
  return dialogs
}

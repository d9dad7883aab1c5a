/** Keys of the list of alerts, from anywhere on its page: j, k, a, s, Enter. */
import { onBeforeUnmount, onMounted } from 'vue'
import { useDialogs } from '../../ui/index.ts'

export interface AlertKeys {
  move(steps: number): void
  acknowledge(): void
  silence(): void
  open(): void
}

/** Where a key has a meaning of its own. */
const TAKEN = 'input, textarea, select, [contenteditable], [role="menu"], [role="dialog"], [role="tree"]'
const PRESSED = `${TAKEN}, button, a, [role="button"], [role="application"]`

/** In setup only. */
export function useAlertKeys(does: AlertKeys): void {
  const dialogs = useDialogs()
  function onKey(event: KeyboardEvent): void {
    // The shell took it: the second key of "g a", say.
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || dialogs.stack.length > 0)
      return
    const { target } = event
    const within = (selector: string): boolean =>
      target instanceof Element && target.closest(selector) !== null
    if (within(event.key === 'Enter' ? PRESSED : TAKEN)) return
    const actions: Record<string, () => void> = {
      j: () => does.move(1),
      k: () => does.move(-1),
      a: () => does.acknowledge(),
      s: () => does.silence(),
      Enter: () => does.open()
    }
    const action = actions[event.key]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  onMounted(() => document.addEventListener('keydown', onKey))
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey))
}

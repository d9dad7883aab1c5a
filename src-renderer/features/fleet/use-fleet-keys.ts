/** Keys of the fleet's page wherever its focus is: Ctrl+A ticks, Esc unticks, Ctrl+Z takes the newest edit of many back. */
import { onBeforeUnmount, onMounted } from 'vue'
import { useDialogs } from '../../ui/index.ts'
import { useLastEdit, useManyServers, useServerSelection } from '../bulk-servers/index.ts'

/** Not where text is typed, and not in another part of the window. */
function isOurs({ target }: KeyboardEvent): boolean {
  if (target === document.body) return true
  if (!(target instanceof Element) || target.closest('#content') === null) return false
  return target.closest('input:not([type="checkbox"]), textarea, select, [contenteditable]') === null
}

export function useFleetKeys(does: { tickAll: () => void; untick: () => Promise<void> }): void {
  const dialogs = useDialogs()
  const selection = useServerSelection()
  const lastEdit = useLastEdit()
  const many = useManyServers()

  function onKey(event: KeyboardEvent): void {
    if (event.defaultPrevented || dialogs.stack.length > 0 || !isOurs(event)) return
    const letter =
      (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey ? event.key.toLowerCase() : ''
    if (event.key === 'Escape' && selection.ticked.size > 0) void does.untick()
    else if (letter === 'a') does.tickAll()
    else if (letter === 'z' && lastEdit.last !== null) many.undo()
    else return
    event.preventDefault()
  }
  onMounted(() => document.addEventListener('keydown', onKey))
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey))
}

/**
 * Ctrl+Alt, pressed and let go with no other key between, gives the keyboard back to the window: everything else, Tab
 * too, belongs to the guest. AltGr is another key and does not do it.
 */
import { onScopeDispose, watch, type ShallowRef } from 'vue'

export function useFocusRelease(
  element: Readonly<ShallowRef<HTMLElement | null>>,
  release: () => void
): void {
  const down = new Set<string>()
  let armed = false

  const onDown = (event: KeyboardEvent): void => {
    if (event.repeat) return
    down.add(event.key)
    armed = down.size === 2 && down.has('Control') && down.has('Alt')
  }
  const onUp = (event: KeyboardEvent): void => {
    down.delete(event.key)
    // Only after the guest has seen both keys go up.
    if (!armed || down.size > 0) return
    armed = false
    setTimeout(release)
  }
  const forget = (): void => {
    down.clear()
    armed = false
  }
  const listen = (of: HTMLElement): void => {
    of.addEventListener('keydown', onDown, { capture: true })
    of.addEventListener('keyup', onUp, { capture: true })
    of.addEventListener('focusout', forget)
  }
  const unlisten = (of: HTMLElement): void => {
    of.removeEventListener('keydown', onDown, { capture: true })
    of.removeEventListener('keyup', onUp, { capture: true })
    of.removeEventListener('focusout', forget)
  }
  watch(
    element,
    (now, before) => {
      if (before) unlisten(before)
      if (now) listen(now)
    },
    { immediate: true }
  )
  onScopeDispose(() => {
    if (element.value) unlisten(element.value)
  })
}

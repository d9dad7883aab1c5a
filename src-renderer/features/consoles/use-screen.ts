/** Puts a screen into an element of the page, and keeps its size and colours right. */
import { onBeforeUnmount, onMounted, watch } from 'vue'
import { useThemeColors } from '../../ui/index.ts'
import type { Screen } from './screen.ts'
import { terminalTheme } from './terminal-theme.ts'

export function useScreen(place: { readonly value: HTMLElement | null }, screen: () => Screen | null): void {
  const colors = useThemeColors()
  const fit = (): void => screen()?.fit()
  const observer = new ResizeObserver(fit)

  function show(): void {
    const shown = screen()
    if (place.value === null || shown === null) return
    shown.setTheme(terminalTheme(colors.value))
    place.value.replaceChildren(shown.element)
    fit()
  }

  onMounted(() => {
    show()
    if (place.value !== null) observer.observe(place.value)
  })
  onBeforeUnmount(() => observer.disconnect())
  watch(screen, show)
  watch(colors, (now) => screen()?.setTheme(terminalTheme(now)))
}

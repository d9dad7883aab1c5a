/** The chart theme of the document, shared by all charts and read again when the document's theme changes. */
import { shallowRef, type ShallowRef } from 'vue'
import { darkTheme, readChartTheme, type ChartTheme } from './theme.ts'

let shared: ShallowRef<ChartTheme> | null = null

const read = (): ChartTheme =>
  readChartTheme(document.documentElement, document.documentElement.dataset['theme'] !== 'light')

export function useChartTheme(): Readonly<ShallowRef<ChartTheme>> {
  if (shared !== null) return shared
  const theme = shallowRef<ChartTheme>(darkTheme)
  theme.value = read()
  new MutationObserver(() => {
    theme.value = read()
  }).observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] })
  // Text on a canvas keeps the font it was drawn with: draw again when the bundled fonts have arrived.
  if ('fonts' in document)
    document.fonts.addEventListener('loadingdone', () => {
      theme.value = read()
    })
  shared = theme
  return theme
}

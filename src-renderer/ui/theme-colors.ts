/** The token colours for what is drawn on a canvas. Read again when `data-theme` changes. */
import { onScopeDispose, shallowReadonly, shallowRef, type ShallowRef } from 'vue'

const NAMES = {
  ground: '--ground',
  surface1: '--surface-1',
  surface2: '--surface-2',
  surface3: '--surface-3',
  line: '--line',
  lineStrong: '--line-strong',
  text1: '--text-1',
  text2: '--text-2',
  text3: '--text-3',
  accent: '--accent',
  ok: '--ok',
  amber: '--amber',
  red: '--red',
  unknown: '--unknown'
} as const
const SERIES = ['--series-1', '--series-2', '--series-3', '--series-4', '--series-5'] as const

export type ThemeColors = Readonly<Record<keyof typeof NAMES, string>> & {
  readonly series: readonly string[]
  readonly dark: boolean
}

function read(): ThemeColors {
  const style = getComputedStyle(document.documentElement)
  const value = (name: string): string => style.getPropertyValue(name).trim()
  const colors = Object.fromEntries(Object.entries(NAMES).map(([key, name]) => [key, value(name)])) as Record<
    keyof typeof NAMES,
    string
  >
  return { ...colors, series: SERIES.map(value), dark: document.documentElement.dataset['theme'] !== 'light' }
}

let colors: ShallowRef<ThemeColors> | null = null
let observer: MutationObserver | null = null
let users = 0

export function useThemeColors(): Readonly<ShallowRef<ThemeColors>> {
  const shared = (colors ??= shallowRef(read()))
  if (observer === null) {
    shared.value = read()
    observer = new MutationObserver(() => (shared.value = read()))
    observer.observe(document.documentElement, { attributeFilter: ['data-theme'] })
  }
  users += 1
  onScopeDispose(() => {
    users -= 1
    if (users > 0) return
    observer?.disconnect()
    observer = null
  })
  return shallowReadonly(shared)
}

/** Small choices of this window that are no settings of the console: which grouping, which sorting. */
import { ref, shallowRef, watch, type Ref } from 'vue'
import { LAYOUT_NAMES, WindowLayout, type LayoutName } from '#contract/window-layout.ts'

function stored(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch (error) {
    console.debug('no local storage', error)
    return null
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch (error) {
    console.debug('no local storage', error)
  }
}

const keyOf = (name: LayoutName): string => `virthelm.${name}`

/** Counts how often a layout came from a file: whoever is on the screen reads again. */
const restored = shallowRef(0)

/** What this window remembers by now. */
export function rememberedLayout(): WindowLayout {
  const kept = LAYOUT_NAMES.map((name) => [name, stored(keyOf(name)) ?? ''] as const)
  return WindowLayout.parse(Object.fromEntries(kept.filter(([, text]) => text !== '')))
}

/** Takes up a layout; what it does not name is as if it was never chosen. */
export function restoreLayout(layout: WindowLayout): void {
  for (const name of LAYOUT_NAMES) keep(keyOf(name), layout[name] ?? '')
  restored.value++
}

/** Any text; '' when nothing was kept. Who reads it checks it. */
export function useRememberedText(name: LayoutName): Ref<string> {
  const key = keyOf(name)
  const text = ref(stored(key) ?? '')
  watch(text, (value) => keep(key, value))
  watch(restored, () => (text.value = stored(key) ?? ''))
  return text
}

/** One of `values`; the first one when nothing (or something else) was kept. */
export function useRemembered<V extends string>(name: LayoutName, values: readonly [V, ...V[]]): Ref<V> {
  const key = keyOf(name)
  const read = (): V => {
    const kept = stored(key)
    return values.find((value) => value === kept) ?? values[0]
  }
  const choice = ref(read()) as Ref<V>
  watch(choice, (value) => keep(key, value))
  watch(restored, () => (choice.value = read()))
  return choice
}

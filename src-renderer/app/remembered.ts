/** Small choices of this window that are no settings of the console: which grouping, which sorting. */
import { ref, watch, type Ref } from 'vue'

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

/** Any text; '' when nothing was kept. Who reads it checks it. */
export function useRememberedText(name: string): Ref<string> {
  const key = `virthelm.${name}`
  const text = ref(stored(key) ?? '')
  watch(text, (value) => keep(key, value))
  return text
}

/** One of `values`; the first one when nothing (or something else) was kept. */
export function useRemembered<V extends string>(name: string, values: readonly [V, ...V[]]): Ref<V> {
  const key = `virthelm.${name}`
  const kept = stored(key)
  const choice = ref(values.find((value) => value === kept) ?? values[0]) as Ref<V>
  watch(choice, (value) => keep(key, value))
  return choice
}

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

/** One of `values`; the first one when nothing (or something else) was kept. */
export function useRemembered<V extends string>(name: string, values: readonly [V, ...V[]]): Ref<V> {
  const key = `virthelm.${name}`
  const kept = stored(key)
  const choice = ref(values.find((value) => value === kept) ?? values[0]) as Ref<V>
  watch(choice, (value) => {
    try {
      localStorage.setItem(key, value)
    } catch (error) {
      console.debug('no local storage', error)
    }
  })
  return choice
}

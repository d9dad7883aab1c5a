/** Dark or light: as the operator chose, or as the system is. Sets `data-theme` on the root element. */
import { computed, onScopeDispose, ref, watch, type ComputedRef } from 'vue'
import { useSettings } from '../features/settings/index.ts'

export type Theme = 'dark' | 'light'

const KEY = 'virthelm.theme'

function store(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme)
  } catch (error) {
    console.debug('no local storage', error)
  }
}

/** Before the settings are known: the last theme, so that the window does not flash. */
export function applyFirstTheme(): void {
  let last: string | null = null
  try {
    last = localStorage.getItem(KEY)
  } catch (error) {
    console.debug('no local storage', error)
  }
  const system = matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark'
  document.documentElement.dataset['theme'] = last === 'light' || last === 'dark' ? last : system
}

export function useTheme(): { theme: ComputedRef<Theme>; toggle: () => Promise<void> } {
  const settings = useSettings()
  const query = matchMedia('(prefers-color-scheme: light)')
  const systemLight = ref(query.matches)
  const onChange = (): void => {
    systemLight.value = query.matches
  }
  query.addEventListener('change', onChange)
  onScopeDispose(() => query.removeEventListener('change', onChange))

  const theme = computed<Theme>(() =>
    settings.theme === 'system' ? (systemLight.value ? 'light' : 'dark') : settings.theme
  )
  watch(
    [theme, () => settings.ready],
    ([value, ready]) => {
      if (!ready) return
      document.documentElement.dataset['theme'] = value
      store(value)
    },
    { immediate: true }
  )
  return {
    theme,
    toggle: () => settings.change({ theme: theme.value === 'dark' ? 'light' : 'dark' })
  }
}

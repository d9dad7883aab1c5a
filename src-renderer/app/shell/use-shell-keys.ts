/** Keys that work everywhere, and what they open. */
import { onBeforeUnmount, onMounted } from 'vue'
import { useRouter } from 'vue-router'
import { openServerDialog } from '../../features/add-server/index.ts'
import { openPalette as openPaletteDialog } from '../../features/palette/index.ts'
import { useErrorWords } from '../../locales/error-words.ts'
import { useDialogs, useToasts } from '../../ui/index.ts'
import { ROUTE, type RouteName } from '../routes.ts'
import KeysDialog from './KeysDialog.vue'

export interface ShellKeys {
  openPalette(): void
  openKeys(): void
  runToggleTheme(): void
  focusContent(): void
}

/** After `g`, one of these goes to a page. */
const PAGES: Readonly<Record<string, RouteName>> = {
  f: ROUTE.fleet,
  m: ROUTE.machines,
  r: ROUTE.reports,
  l: ROUTE.alerts,
  a: ROUTE.activity,
  s: ROUTE.settings
}
const CHORD_MS = 1_200

const isTyping = (event: KeyboardEvent): boolean =>
  event.target instanceof HTMLElement &&
  event.target.closest('input, textarea, select, [contenteditable]') !== null

export function useShellKeys(does: { toggleTheme: () => Promise<void>; toggleTree: () => void }): ShellKeys {
  const router = useRouter()
  const dialogs = useDialogs()
  const toasts = useToasts()
  const errorWords = useErrorWords()
  let goPressedAtMs = -Infinity

  const tell = (error: unknown): void => {
    const words = errorWords(error)
    toasts.show({ tone: 'red', title: words.title, text: words.next })
  }
  const runToggleTheme = (): void => void does.toggleTheme().catch(tell)
  const openKeys = (): void => {
    if (dialogs.stack.length === 0) void dialogs.open(KeysDialog, {})
  }
  const openPalette = (): void => {
    if (dialogs.stack.length === 0) {
      void openPaletteDialog({ toggleTheme: runToggleTheme, toggleTree: does.toggleTree, openKeys })
    }
  }

  function onKey(event: KeyboardEvent): void {
    if (
      (event.ctrlKey || event.metaKey) &&
      !event.altKey &&
      !event.shiftKey &&
      event.key.toLowerCase() === 'k'
    ) {
      event.preventDefault()
      openPalette()
      return
    }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === 'b') {
      event.preventDefault()
      does.toggleTree()
      return
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event) || dialogs.stack.length > 0) return
    const page = event.timeStamp - goPressedAtMs < CHORD_MS ? PAGES[event.key] : undefined
    goPressedAtMs = -Infinity
    if (page !== undefined) {
      event.preventDefault()
      void router.push({ name: page })
    } else if (event.key === 'g') goPressedAtMs = event.timeStamp
    else if (event.key === '?') openKeys()
    else if (event.key === 'n') {
      event.preventDefault()
      void openServerDialog().catch(tell)
    }
  }

  onMounted(() => document.addEventListener('keydown', onKey))
  onBeforeUnmount(() => document.removeEventListener('keydown', onKey))
  return {
    openPalette,
    openKeys,
    runToggleTheme,
    focusContent: () => document.getElementById('content')?.focus()
  }
}

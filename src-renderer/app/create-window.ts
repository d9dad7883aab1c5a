/** Puts the window together over any rpc: the real one, or a test's. */
import { createPinia } from 'pinia'
import { createApp, type App } from 'vue'
import { ConfirmDialog, provideDialogs } from '../ui/index.ts'
import { createDialogs } from '../ui/dialogs.ts'
import AppShell from './AppShell.vue'
import { i18n } from './i18n.ts'
import { createAppRouter } from './router.ts'
import { installRpc, type Rpc } from './rpc-provider.ts'
import { applyFirstTheme } from './theme.ts'

export function createWindow(rpc: Rpc): App {
  applyFirstTheme()
  installRpc(rpc)
  const app = createApp(AppShell)
  app.use(createPinia())
  app.use(i18n)
  app.use(createAppRouter())
  provideDialogs(app, createDialogs(ConfirmDialog))
  return app
}

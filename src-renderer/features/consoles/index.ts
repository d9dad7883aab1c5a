/** A VM's display, by VNC or SPICE: props view, server, active, canStart, starting; emits start. Loaded when it is looked at. */
import { defineAsyncComponent } from 'vue'

export const DisplayConsole = defineAsyncComponent(() => import('./DisplayConsole.vue'))
/** A VM's serial line; as DisplayConsole. */
export const SerialConsole = defineAsyncComponent(() => import('./SerialConsole.vue'))
/** A shell on a server: props server. */
export const ServerTerminal = defineAsyncComponent(() => import('./ServerTerminal.vue'))
/** A small picture of a VM's screen: props view, server, everyMs. */
export { default as MachinePicture } from './MachinePicture.vue'

/** Opens a shell on a server, to be seen on its page. */
export async function openServerTerminal(
  ...of: Parameters<typeof import('./terminal-sessions.ts').openTerminal>
): Promise<void> {
  const { openTerminal } = await import('./terminal-sessions.ts')
  openTerminal(...of)
}

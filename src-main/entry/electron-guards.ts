/** What no page may do in the desktop app, whatever runs in it: permissions, navigation, new windows, embedded views. */
import { app, shell, type Session, type WebContents } from 'electron'
import type { Log } from '../application/platform/platform.ts'

/** The only addresses that are ever handed to the operator's browser. Constants: nothing a page says is added. */
export const EXTERNAL_ADDRESSES = {
  libvirt: 'https://libvirt.org/docs.html',
  openSsh: 'https://www.openssh.com/manual.html'
} as const

/** For every page that will ever be made, before the first one. `origin`: the window's own. */
export function guardAllContents(origin: string, log: Log): void {
  app.on('web-contents-created', (_event, contents) => guardContents(contents, origin, log))
}

function guardContents(contents: WebContents, origin: string, log: Log): void {
  const refuseForeign = (event: { preventDefault(): void; url: string }): void => {
    // The window may load itself again; it can go nowhere else.
    if (originOf(event.url) === origin) return
    event.preventDefault()
    log.warn('window.navigationRefused', { url: event.url.slice(0, 200) })
  }
  contents.on('will-navigate', refuseForeign)
  contents.on('will-redirect', refuseForeign)
  contents.on('will-frame-navigate', refuseForeign)
  contents.on('will-attach-webview', (event) => event.preventDefault())
  contents.setWindowOpenHandler(({ url }) => {
    if (Object.values<string>(EXTERNAL_ADDRESSES).includes(url)) openOutside(url, log)
    else log.warn('window.openRefused', { url: url.slice(0, 200) })
    return { action: 'deny' }
  })
}

/** Does nothing for any address that is not one of the constants. */
export function openOutside(url: string, log: Log): void {
  if (!Object.values<string>(EXTERNAL_ADDRESSES).includes(url)) return
  shell.openExternal(url).catch((error: unknown) => log.warn('window.openFailed', { url, cause: error }))
}

/** URL.origin is `null` for schemes that the URL standard does not know, so it is put together here. */
function originOf(url: string): string | null {
  if (!URL.canParse(url)) return null
  const { protocol, host } = new URL(url)
  return `${protocol}//${host}`
}

/**
 * No camera, no location, no notifications of its own, no devices. The window may hold the pointer: a guest without an
 * absolute one is told how far the mouse moved.
 */
export function denyPermissions(session: Session, options: { readonly mayHoldPointer: boolean }): void {
  session.setPermissionRequestHandler((_contents, permission, answer) =>
    answer(options.mayHoldPointer && permission === 'pointerLock')
  )
  session.setPermissionCheckHandler(() => false)
  session.setDevicePermissionHandler(() => false)
}

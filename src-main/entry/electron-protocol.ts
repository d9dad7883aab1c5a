/** `app://virthelm/`: the built window and nothing else of the disk, with the Content Security Policy on every answer. */
import { protocol } from 'electron'
import type { Log } from '../application/platform/platform.ts'
import { pageHeaders } from '../rpc/ports/page-headers.ts'
import { readStaticFile } from '../rpc/ports/static-files.ts'

const SCHEME = 'app'
export const APP_ORIGIN = `${SCHEME}://virthelm`

/** Before the app is ready. */
export function registerAppScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } }
  ])
}

/** After the app is ready. The window talks over IPC, so no connection is allowed at all. */
export function serveAppScheme(rendererFolder: string, log: Log): void {
  const headers = pageHeaders("'none'")
  protocol.handle(SCHEME, async (request) => {
    const url = new URL(request.url)
    if (request.method !== 'GET' || url.host !== 'virthelm')
      return new Response(null, { status: 403, headers })
    try {
      const file = await readStaticFile(rendererFolder, url.pathname)
      if (file === null) return new Response(null, { status: 404, headers })
      return new Response(file.body, { headers: { ...headers, 'Content-Type': file.contentType } })
    } catch (error) {
      log.error('window.fileUnreadable', error, { path: url.pathname.slice(0, 200) })
      return new Response(null, { status: 500, headers })
    }
  })
}

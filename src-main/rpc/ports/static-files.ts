/** The built window's files, for the loopback server and the desktop's app:// protocol alike. */
import { readFile } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'

export interface StaticFile {
  readonly body: Buffer<ArrayBuffer>
  readonly contentType: string
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json'
}

/**
 * The file behind a URL path, from `folder` and nowhere else; a path without an extension is a page of the window
 * (index.html). null = there is none, or it is not to be served.
 */
export async function readStaticFile(folder: string, urlPath: string): Promise<StaticFile | null> {
  const path = fileOf(folder, urlPath)
  const contentType = path === null ? undefined : CONTENT_TYPES[extname(path)]
  if (path === null || contentType === undefined) return null
  try {
    return { body: await readFile(path), contentType }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return null
    throw error
  }
}

function fileOf(folder: string, urlPath: string): string | null {
  let name: string
  try {
    name = decodeURIComponent(urlPath)
  } catch {
    // A malformed escape names no file.
    return null
  }
  // No NUL, no backslash, no hidden file, no way up.
  if (/[\0\\]|(^|\/)\./.test(name)) return null
  const root = resolve(folder)
  const path = join(root, extname(name) === '' ? 'index.html' : name)
  return path.startsWith(root + sep) ? path : null
}

/** Where things stand, the same from the sources (`src-main/entry/x.ts`) and from the build (`out/main/x.js`). */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ConsoleInfo } from '#contract/console.ts'

const isSource = import.meta.url.endsWith('.ts')
const at = (fromSource: string, fromBuild: string): URL =>
  new URL(isSource ? fromSource : fromBuild, import.meta.url)

export const workers = {
  storage: at('../storage/worker.ts', './worker.js'),
  archive: at('../storage/archive/worker.ts', './archive-worker.js'),
  demo: at('../demo/worker.ts', './demo-worker.js')
}
export const rendererFolder = fileURLToPath(at('../../out/renderer', '../renderer'))
export const preloadPath = fileURLToPath(at('../../out/preload/bridge.cjs', '../preload/bridge.cjs'))
export const webEntryPath = fileURLToPath(at('./web.ts', './web.js'))
export const resourcesFolder = fileURLToPath(at('../../resources', '../../resources'))

export const version = (
  JSON.parse(readFileSync(at('../../package.json', '../../package.json'), 'utf8')) as { version: string }
).version

export function platformName(): ConsoleInfo['platform'] {
  const { platform } = process
  return platform === 'linux' || platform === 'darwin' || platform === 'win32' ? platform : 'other'
}

/** Opens the browser mode's window: an app window of a Chromium-like browser, where there is one and a display. */
import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

const LINUX_NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'microsoft-edge',
  'microsoft-edge-stable'
]
const MAC_PATHS = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge'
]
const WINDOWS_PATHS = ['Google\\Chrome\\Application\\chrome.exe', 'Microsoft\\Edge\\Application\\msedge.exe']

/** Full path of the first browser found; null when there is none, or no display to show it on. */
export function findBrowser(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  isRunnable: (path: string) => boolean = canRun
): string | null {
  const hasDisplay = platform !== 'linux' || Boolean(env['DISPLAY']) || Boolean(env['WAYLAND_DISPLAY'])
  return hasDisplay ? findPrintingBrowser(platform, env, isRunnable) : null
}

/** As `findBrowser`, for work without a window: no display is needed. */
export function findPrintingBrowser(
  platform: NodeJS.Platform = process.platform,
  env: Env = process.env,
  isRunnable: (path: string) => boolean = canRun
): string | null {
  if (platform === 'darwin') return MAC_PATHS.find(isRunnable) ?? null
  if (platform === 'win32') {
    const roots = [env['ProgramFiles'], env['ProgramFiles(x86)'], env['LOCALAPPDATA']]
    return candidates(roots, WINDOWS_PATHS).find(isRunnable) ?? null
  }
  return candidates((env['PATH'] ?? '').split(delimiter), LINUX_NAMES).find(isRunnable) ?? null
}

function candidates(folders: readonly (string | undefined)[], names: readonly string[]): string[] {
  return names.flatMap((name) => folders.filter((folder) => folder).map((folder) => join(folder ?? '', name)))
}

function canRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not ours to run: the next candidate is tried.
    return false
  }
}

/**
 * Opens the window with a profile of its own, so that it neither shares cookies with the operator's browser nor ends
 * up as a tab of it. `onFailed` when the browser cannot be started. Returns the way to close it.
 */
export function openBrowser(
  browser: string,
  address: string,
  profileFolder: string,
  onFailed: (error: Error) => void
): () => void {
  const args = [
    `--app=${address}`,
    `--user-data-dir=${profileFolder}`,
    '--no-first-run',
    '--no-default-browser-check',
    '--window-size=1440,900'
  ]
  // Chromium does not start as root otherwise; nobody else runs into this.
  if (process.getuid?.() === 0) args.push('--no-sandbox')
  const child = spawn(browser, args, { stdio: 'ignore' })
  child.once('error', onFailed)
  return () => {
    child.kill()
  }
}

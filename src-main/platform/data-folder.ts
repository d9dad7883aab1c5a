/** Where the console keeps its files. The desktop and the browser mode share one place; only one of them runs at a time. */
import { isAbsolute, join, resolve } from 'node:path'

export interface FolderFacts {
  readonly platform: NodeJS.Platform
  readonly env: Readonly<Record<string, string | undefined>>
  readonly homeFolder: string
}

/** By the rules of the system: XDG on Linux, Application Support on macOS, LOCALAPPDATA on Windows. */
export function defaultDataFolder({ platform, env, homeFolder }: FolderFacts): string {
  if (platform === 'darwin') return join(homeFolder, 'Library', 'Application Support', 'Virthelm')
  if (platform === 'win32')
    return join(env['LOCALAPPDATA'] ?? join(homeFolder, 'AppData', 'Local'), 'Virthelm')
  const xdg = env['XDG_DATA_HOME']
  // The specification has relative paths ignored.
  const base = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homeFolder, '.local', 'share')
  return join(base, 'virthelm')
}

/** `chosen` by --data-dir. The demo fleet's data stands apart from the operator's. */
export function dataFolderOf(options: { chosen: string | null; demo: boolean }, facts: FolderFacts): string {
  const folder = options.chosen === null ? defaultDataFolder(facts) : resolve(options.chosen)
  return options.demo ? join(folder, 'demo') : folder
}

/** The one window of the desktop app. */
import { join } from 'node:path'
import { BrowserWindow } from 'electron'
import type { Log } from '../application/platform/platform.ts'
import { DEFAULT_SIZE, keepWindowState, readWindowState } from './electron-window-state.ts'

export interface WindowOptions {
  readonly address: string
  readonly preloadPath: string
  readonly statePath: string
  readonly iconFolder: string
  readonly demo: boolean
  readonly log: Log
}

/** Shown when its first page is drawn. */
export function openMainWindow(options: WindowOptions): BrowserWindow {
  const state = readWindowState(options.statePath)
  const window = new BrowserWindow({
    ...DEFAULT_SIZE,
    ...(state !== null && { x: state.x, y: state.y, width: state.width, height: state.height }),
    minWidth: 960,
    minHeight: 600,
    show: false,
    title: options.demo ? 'Virthelm (demo)' : 'Virthelm',
    icon: join(options.iconFolder, 'icon.png'),
    autoHideMenuBar: true,
    webPreferences: {
      preload: options.preloadPath,
      // Defaults of Electron for most; written down because everything else rests on them.
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      navigateOnDragDrop: false,
      spellcheck: false
    }
  })
  if (state?.maximized === true) window.maximize()
  keepWindowState(window, options.statePath, options.log)
  window.once('ready-to-show', () => window.show())
  window.loadURL(options.address).catch((error: unknown) => options.log.error('window.notLoaded', error))
  return window
}

/** Brings the window to the front, from the tray or the task bar too. */
export function showWindow(window: BrowserWindow): void {
  if (window.isMinimized()) window.restore()
  window.show()
  window.focus()
}

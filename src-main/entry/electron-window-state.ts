/** Where the window stood last time, kept as a small file in the data folder. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { screen, type BrowserWindow, type Rectangle } from 'electron'
import { z } from 'zod'
import type { Log } from '../application/platform/platform.ts'

const WindowState = z.object({
  x: z.int(),
  y: z.int(),
  width: z.int().min(400).max(20_000),
  height: z.int().min(300).max(20_000),
  maximized: z.boolean()
})
type WindowState = z.infer<typeof WindowState>

export const DEFAULT_SIZE = { width: 1440, height: 900 }

/** null = never kept, unreadable, or on a screen that is gone: then the system places the window. */
export function readWindowState(path: string): WindowState | null {
  try {
    const state = WindowState.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return state.success && isOnScreen(state.data) ? state.data : null
  } catch {
    return null
  }
}

/** Keeps the state when the window is closed or hidden. */
export function keepWindowState(window: BrowserWindow, path: string, log: Log): void {
  const keep = (): void => {
    const state: WindowState = { ...window.getNormalBounds(), maximized: window.isMaximized() }
    try {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, JSON.stringify(state))
    } catch (error) {
      log.warn('window.stateNotKept', { cause: error })
    }
  }
  window.on('close', keep)
  window.on('hide', keep)
}

/** Enough of the title bar must be reachable by the mouse. */
function isOnScreen({ x, y, width }: Rectangle): boolean {
  return screen.getAllDisplays().some(({ workArea: area }) => {
    const visibleWidth = Math.min(x + width, area.x + area.width) - Math.max(x, area.x)
    return visibleWidth >= 100 && y >= area.y - 10 && y <= area.y + area.height - 50
  })
}

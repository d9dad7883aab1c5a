/** The tray icon: how many servers and VMs need attention, and the way back to the window. */
import { join } from 'node:path'
import { app, Menu, nativeImage, Tray } from 'electron'

export interface TrayOptions {
  readonly iconFolder: string
  readonly show: () => void
  readonly toggle: () => void
}

export interface AttentionTray {
  setCount(count: number): void
  destroy(): void
}

export function openTray({ iconFolder, show, toggle }: TrayOptions): AttentionTray {
  const image = (name: string) => nativeImage.createFromPath(join(iconFolder, name))
  const calm = image('tray.png')
  const attention = image('tray-attention.png')
  const tray = new Tray(calm)
  tray.setContextMenu(
    Menu.buildFromTemplate([{ label: 'Virthelm', click: show }, { type: 'separator' }, { role: 'quit' }])
  )
  tray.on('click', toggle)
  return {
    setCount(count) {
      tray.setImage(count === 0 ? calm : attention)
      tray.setToolTip(count === 0 ? 'Virthelm' : `Virthelm (${count})`)
      // macOS shows it beside the icon, launchers of Linux and the dock on the app's icon.
      tray.setTitle(count === 0 ? '' : String(count))
      app.setBadgeCount(count)
    },
    destroy: () => tray.destroy()
  }
}

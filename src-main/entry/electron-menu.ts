/** The application menu. Roles bring their own words in the system's language. */
import { app, Menu, type MenuItemConstructorOptions } from 'electron'
import type { Log } from '../application/platform/platform.ts'
import { EXTERNAL_ADDRESSES, openOutside } from './electron-guards.ts'

export function setApplicationMenu(log: Log): void {
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
    { role: 'fileMenu' },
    { role: 'editMenu' },
    {
      role: 'viewMenu',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        // Developers only: an installed console has nothing to inspect.
        ...(app.isPackaged ? [] : [{ role: 'reload' as const }, { role: 'toggleDevTools' as const }])
      ]
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        { label: 'libvirt', click: () => openOutside(EXTERNAL_ADDRESSES.libvirt, log) },
        { label: 'OpenSSH', click: () => openOutside(EXTERNAL_ADDRESSES.openSsh, log) }
      ]
    }
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}

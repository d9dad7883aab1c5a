/**
 * A double of Electron's main and preload modules, for machines without its binary. It records what the console asks
 * of Electron (window options, handlers, guards, messages) and lets tests play the rest. It proves what we ask for,
 * not what Electron enforces. Each part is held to electron.d.ts by `satisfies`.
 */
import type {} from 'electron'
import { EventEmitter } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What tests set before, and read after. */
export const double = {
  hasLock: true,
  storageBackend: 'gnome_libsecret' as ReturnType<Electron.SafeStorage['getSelectedStorageBackend']>,
  encryptionAvailable: true,
  /** What decryption gives back; null = the key is another one. */
  canDecrypt: true,
  saveDialog: { canceled: true, filePath: '' } as Electron.SaveDialogReturnValue,
  userData: join(tmpdir(), 'virthelm-electron-double'),
  isPackaged: true,
  paths: new Map<string, string>(),
  /** Names of what was called on the app, in order. */
  calls: [] as string[],
  opened: [] as string[],
  notifications: [] as Electron.NotificationConstructorOptions[],
  lastNotification: null as EventEmitter | null,
  exposed: new Map<string, unknown>(),
  schemes: [] as Electron.CustomScheme[],
  protocols: new Map<string, (request: Request) => Promise<Response> | Response>(),
  menu: null as Electron.MenuItemConstructorOptions[] | null,
  trays: [] as Tray[],
  windows: [] as BrowserWindow[],
  permissionRequest: null as Parameters<Electron.Session['setPermissionRequestHandler']>[0],
  permissionCheck: null as Parameters<Electron.Session['setPermissionCheckHandler']>[0],
  devicePermission: null as Parameters<Electron.Session['setDevicePermissionHandler']>[0],
  quitting: Promise.withResolvers<number>()
}

const appMethods = {
  name: 'Virthelm',
  whenReady: () => Promise.resolve(),
  isReady: () => true,
  enableSandbox: () => void double.calls.push('enableSandbox'),
  requestSingleInstanceLock: () => {
    double.calls.push('requestSingleInstanceLock')
    return double.hasLock
  },
  releaseSingleInstanceLock: () => undefined,
  getPath: (name) => double.paths.get(name) ?? join(double.userData, name),
  setPath: (name, path) => void double.paths.set(name, path),
  getAppPath: () => double.userData,
  getVersion: () => '0.0.0-double',
  setAppUserModelId: () => undefined,
  setBadgeCount: () => true,
  focus: () => undefined,
  /** Like Electron: asks every listener; ends unless one of them prevents it. */
  quit: () => {
    let prevented = false
    app.emit('before-quit', { preventDefault: () => (prevented = true) })
    if (prevented) return
    app.emit('will-quit', { preventDefault: () => undefined })
    double.quitting.resolve(0)
  },
  exit: (code = 0) => double.quitting.resolve(code)
} satisfies Pick<
  Electron.App,
  | 'name'
  | 'whenReady'
  | 'isReady'
  | 'enableSandbox'
  | 'requestSingleInstanceLock'
  | 'releaseSingleInstanceLock'
  | 'getPath'
  | 'setPath'
  | 'getAppPath'
  | 'getVersion'
  | 'setAppUserModelId'
  | 'setBadgeCount'
  | 'focus'
  | 'quit'
  | 'exit'
>
class App extends EventEmitter {
  get isPackaged(): boolean {
    return double.isPackaged
  }
}
export const app = Object.assign(new App(), appMethods)

export const ipcMain = new EventEmitter()

/** A frame of a page, as IPC events name their sender. */
export interface FrameDouble {
  origin: string
  url: string
}

export class WebContents extends EventEmitter {
  mainFrame: FrameDouble = { origin: 'null', url: '' }
  windowOpenHandler: Parameters<Electron.WebContents['setWindowOpenHandler']>[0] | null = null
  destroyed = false
  /** What main has sent to the page. */
  onSent: (channel: string, message: unknown) => void = () => undefined

  readonly send = ((channel: string, message: unknown) => {
    // Structured clone, and never in the same turn: like the real thing.
    const copy: unknown = structuredClone(message)
    setImmediate(() => this.onSent(channel, copy))
  }) satisfies Electron.WebContents['send']
  readonly isDestroyed = (() => this.destroyed) satisfies Electron.WebContents['isDestroyed']
  readonly setWindowOpenHandler = ((handler) => {
    this.windowOpenHandler = handler
  }) satisfies Electron.WebContents['setWindowOpenHandler']
  readonly getURL = (() => this.mainFrame.url) satisfies Electron.WebContents['getURL']

  /** A page of this window speaks, from its main frame unless told otherwise. */
  say(channel: string, message: unknown, senderFrame: FrameDouble | null = this.mainFrame): void {
    ipcMain.emit(channel, { sender: this, senderFrame }, structuredClone(message))
  }

  /** True when the guards let the page go there. */
  navigate(
    url: string,
    event: 'will-navigate' | 'will-redirect' | 'will-frame-navigate' = 'will-navigate'
  ): boolean {
    let prevented = false
    this.emit(event, { url, preventDefault: () => (prevented = true) }, url)
    return !prevented
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit('destroyed')
  }
}

export class BrowserWindow extends EventEmitter {
  readonly webContents = new WebContents()
  readonly options: Electron.BrowserWindowConstructorOptions
  bounds: Electron.Rectangle
  url = ''
  visible = false
  focused = false
  minimized = false
  maximized = false
  destroyed = false

  constructor(options: Electron.BrowserWindowConstructorOptions) {
    super()
    this.options = options
    this.bounds = {
      x: options.x ?? 0,
      y: options.y ?? 0,
      width: options.width ?? 0,
      height: options.height ?? 0
    }
    double.windows.push(this)
    app.emit('web-contents-created', {}, this.webContents)
    app.emit('browser-window-created', {}, this)
  }

  static getAllWindows = (): BrowserWindow[] => double.windows.filter((window) => !window.destroyed)

  readonly loadURL = (async (url: string) => {
    this.url = url
    const { protocol, host } = new URL(url)
    this.webContents.mainFrame = { origin: `${protocol}//${host}`, url }
    setImmediate(() => this.emit('ready-to-show'))
  }) satisfies Electron.BrowserWindow['loadURL']
  readonly show = (() => {
    this.visible = true
    this.emit('show')
  }) satisfies Electron.BrowserWindow['show']
  readonly hide = (() => {
    this.visible = false
    this.emit('hide')
  }) satisfies Electron.BrowserWindow['hide']
  readonly focus = (() => void (this.focused = true)) satisfies Electron.BrowserWindow['focus']
  readonly restore = (() => void (this.minimized = false)) satisfies Electron.BrowserWindow['restore']
  readonly maximize = (() => void (this.maximized = true)) satisfies Electron.BrowserWindow['maximize']
  readonly isMinimized = (() => this.minimized) satisfies Electron.BrowserWindow['isMinimized']
  readonly isMaximized = (() => this.maximized) satisfies Electron.BrowserWindow['isMaximized']
  readonly isVisible = (() => this.visible) satisfies Electron.BrowserWindow['isVisible']
  readonly isDestroyed = (() => this.destroyed) satisfies Electron.BrowserWindow['isDestroyed']
  readonly getNormalBounds = (() => this.bounds) satisfies Electron.BrowserWindow['getNormalBounds']
  readonly close = (() => {
    let prevented = false
    this.emit('close', { preventDefault: () => (prevented = true) })
    if (!prevented) this.destroy()
  }) satisfies Electron.BrowserWindow['close']
  readonly destroy = (() => {
    if (this.destroyed) return
    this.destroyed = true
    this.webContents.destroy()
    this.emit('closed')
    if (BrowserWindow.getAllWindows().length === 0) app.emit('window-all-closed')
  }) satisfies Electron.BrowserWindow['destroy']
}

type MenuTemplate = Electron.MenuItemConstructorOptions[]
export const Menu = {
  buildFromTemplate: (template: MenuTemplate) => ({ template }),
  setApplicationMenu: (menu: { template: MenuTemplate } | null) => {
    double.menu = menu?.template ?? null
  }
}

export class Tray extends EventEmitter {
  title = ''
  toolTip = ''
  menu: MenuTemplate = []
  readonly setToolTip = ((text: string) => void (this.toolTip = text)) satisfies Electron.Tray['setToolTip']
  readonly setTitle = ((text: string) => void (this.title = text)) satisfies Electron.Tray['setTitle']
  readonly setImage = (() => undefined) satisfies Electron.Tray['setImage']
  readonly destroy = (() => undefined) satisfies Electron.Tray['destroy']
  constructor() {
    super()
    double.trays.push(this)
  }
  setContextMenu(menu: { template: MenuTemplate }): void {
    this.menu = menu.template
  }
}

const image = { isEmpty: () => false, setTemplateImage: () => undefined, resize: () => image }
export const nativeImage = { createFromPath: () => image }

export class Notification extends EventEmitter {
  readonly #options: Electron.NotificationConstructorOptions
  static isSupported = (() => true) satisfies typeof Electron.Notification.isSupported
  constructor(options: Electron.NotificationConstructorOptions) {
    super()
    this.#options = options
  }
  readonly show = (() => {
    double.notifications.push(this.#options)
    double.lastNotification = this
  }) satisfies Electron.Notification['show']
}

export const protocol = {
  registerSchemesAsPrivileged: (schemes) => void double.schemes.push(...schemes),
  handle: (scheme, handler) => void double.protocols.set(scheme, handler)
} satisfies Pick<Electron.Protocol, 'registerSchemesAsPrivileged' | 'handle'>

const defaultSession = Object.assign(new EventEmitter(), {
  setPermissionRequestHandler: (handler) => void (double.permissionRequest = handler),
  setPermissionCheckHandler: (handler) => void (double.permissionCheck = handler),
  setDevicePermissionHandler: (handler) => void (double.devicePermission = handler),
  setSpellCheckerEnabled: () => undefined
} satisfies Pick<
  Electron.Session,
  | 'setPermissionRequestHandler'
  | 'setPermissionCheckHandler'
  | 'setDevicePermissionHandler'
  | 'setSpellCheckerEnabled'
>)
export const session = { defaultSession }

export const shell = {
  openExternal: async (url) => void double.opened.push(url),
  showItemInFolder: (path) => void double.opened.push(path)
} satisfies Pick<Electron.Shell, 'openExternal' | 'showItemInFolder'>

export const dialog = {
  showSaveDialog: async () => double.saveDialog,
  showErrorBox: (_title: string, content: string) => void double.calls.push(`showErrorBox ${content}`)
}

/** Not a cipher: the text backwards, so that tests see that something was done to it. */
const scramble = (text: string): string => [...text].reverse().join('')
export const safeStorage = {
  isAsyncEncryptionAvailable: async () => double.encryptionAvailable,
  getSelectedStorageBackend: () => double.storageBackend,
  encryptStringAsync: async (text) => Buffer.from(scramble(text)),
  decryptStringAsync: async (cipher) => {
    if (!double.canDecrypt) throw new Error('Error while decrypting the ciphertext')
    return { shouldReEncrypt: false, result: scramble(cipher.toString()) }
  }
} satisfies Pick<
  Electron.SafeStorage,
  'isAsyncEncryptionAvailable' | 'getSelectedStorageBackend' | 'encryptStringAsync' | 'decryptStringAsync'
>

const display = { workArea: { x: 0, y: 0, width: 1920, height: 1080 } }
export const screen = { getAllDisplays: () => [display], getPrimaryDisplay: () => display }
export const powerMonitor = new EventEmitter()

export const contextBridge = {
  exposeInMainWorld: (key, api) => void double.exposed.set(key, api)
} satisfies Pick<Electron.ContextBridge, 'exposeInMainWorld'>

/** The page's end of IPC; a test connects it to a WebContents of its choice. */
export class IpcRenderer extends EventEmitter {
  contents: WebContents | null = null
  readonly send = ((channel: string, message: unknown) => {
    const copy: unknown = structuredClone(message)
    const from = this.contents
    setImmediate(() => from?.say(channel, copy))
  }) satisfies Electron.IpcRenderer['send']

  connect(contents: WebContents): void {
    if (this.contents !== null) this.contents.onSent = () => undefined
    this.contents = contents
    contents.onSent = (channel, message) => this.emit(channel, {}, message)
  }
}
export const ipcRenderer = new IpcRenderer()

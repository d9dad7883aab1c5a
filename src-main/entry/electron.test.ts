/**
 * The desktop entry under a double of Electron: what the console asks of Electron, not what Electron enforces.
 * The engine is a stub here; the built app with the real one is in electron-built.test.ts.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { WebContents as RealWebContents } from 'electron'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AlertCounts } from '#contract/alerts.ts'
import { AppError } from '#contract/errors.ts'
import type { Engine } from '../application/engine.ts'
import {
  app,
  BrowserWindow,
  double,
  ipcMain,
  ipcRenderer,
  powerMonitor,
  WebContents,
  type FrameDouble
} from '../../test/fakes/electron.ts'
import type { ComposeOptions } from './compose.ts'

const composed = vi.hoisted(() => ({
  start: vi.fn<(options: ComposeOptions) => Promise<Engine>>()
}))
vi.mock('./compose.ts', () => ({ compose: composed.start }))

let folder: string
let argv: string[]
let setAttention: (counts: AlertCounts) => void
const closeEngine = vi.fn<() => Promise<void>>()

function stubEngine(options: ComposeOptions): Promise<Engine> {
  const handlers = { 'console.info': async () => options.platform.info }
  return Promise.resolve({
    handlers,
    onAttention(listener: (counts: AlertCounts) => void) {
      setAttention = listener
      listener({ red: 0, amber: 0 })
    },
    close: closeEngine
  } as unknown as Engine)
}

let runs = 0
/** Runs a file from its first line again; what it imports (the double, above all) stays as it is. */
const fresh = (path: string): Promise<unknown> => import(/* @vite-ignore */ `${path}?run=${++runs}`)

/** Starts the app from its first line, as Electron would. */
async function start(...args: string[]): Promise<void> {
  process.argv = [
    '/opt/virthelm',
    ...(double.isPackaged ? [] : ['/repository']),
    '--data-dir',
    folder,
    ...args
  ]
  await fresh('./electron.ts')
}
async function startWithWindow(...args: string[]): Promise<BrowserWindow> {
  await start(...args)
  return vi.waitFor(() => {
    const window = double.windows[0]
    if (window?.visible !== true) throw new Error('no window yet')
    return window
  })
}
const exitCode = (): Promise<number> => double.quitting.promise

beforeEach(async () => {
  argv = process.argv
  folder = await mkdtemp(join(tmpdir(), 'virthelm-electron-'))
  composed.start.mockReset().mockImplementation(stubEngine)
  closeEngine.mockReset().mockResolvedValue()
  Object.assign(double, {
    hasLock: true,
    isPackaged: true,
    calls: [],
    opened: [],
    notifications: [],
    schemes: [],
    windows: [],
    trays: [],
    quitting: Promise.withResolvers<number>()
  })
  double.protocols.clear()
})
afterEach(async () => {
  app.quit()
  await exitCode()
  for (const emitter of [app, ipcMain, powerMonitor]) emitter.removeAllListeners()
  for (const event of [
    'SIGINT',
    'SIGTERM',
    'SIGHUP',
    'uncaughtException',
    'unhandledRejection',
    'disconnect'
  ]) {
    const ours = process.listeners(event as 'SIGINT').at(-1)
    if (ours !== undefined) process.off(event, ours)
  }
  process.argv = argv
  await rm(folder, { recursive: true, force: true })
})

describe('window', () => {
  it('is sandboxed and isolated, with nothing of Node in it', async () => {
    const window = await startWithWindow()
    expect(double.calls).toEqual(['requestSingleInstanceLock', 'enableSandbox'])
    expect(window.options.webPreferences).toMatchObject({
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webviewTag: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      preload: expect.stringMatching(/preload\/bridge\.cjs$/)
    })
    expect(window.url).toBe('app://virthelm/')
  })

  it('stands where it stood last time, unless that screen is gone', async () => {
    const path = join(folder, 'window.json')
    await writeFile(path, JSON.stringify({ x: 40, y: 50, width: 1000, height: 700, maximized: true }))
    const window = await startWithWindow()
    expect(window.options).toMatchObject({ x: 40, y: 50, width: 1000, height: 700 })
    expect(window.maximized).toBe(true)
    window.bounds = { x: 5000, y: 0, width: 1000, height: 700 }
    window.close()
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ x: 5000 })
    await exitCode()
    double.windows = []
    double.quitting = Promise.withResolvers()
    const again = await startWithWindow()
    expect(again.options).toMatchObject({ width: 1440, height: 900 })
    expect(again.options.x).toBeUndefined()
  })

  it('comes to the front when the console is started again', async () => {
    const window = await startWithWindow()
    window.minimized = true
    app.emit('second-instance', {}, [], '')
    expect(window).toMatchObject({ minimized: false, visible: true, focused: true })
  })

  it('is not opened by a second instance', async () => {
    double.hasLock = false
    await start()
    expect(await exitCode()).toBe(0)
    expect(double.windows).toEqual([])
    expect(composed.start).not.toHaveBeenCalled()
  })
})

describe('a page', () => {
  it('gets no permission but to hold the pointer, by request, check or device', async () => {
    const window = await startWithWindow()
    const contents = window.webContents as unknown as RealWebContents
    for (const permission of [
      'media',
      'geolocation',
      'notifications',
      'clipboard-read',
      'openExternal'
    ] as const) {
      const answer = vi.fn()
      double.permissionRequest?.(contents, permission, answer, {} as Electron.PermissionRequest)
      expect(answer).toHaveBeenCalledExactlyOnceWith(false)
      expect(double.permissionCheck?.(contents, permission, 'app://virthelm', {} as never)).toBe(false)
    }
    expect(double.devicePermission?.({ deviceType: 'usb' } as never)).toBe(false)
    const answer = vi.fn()
    double.permissionRequest?.(contents, 'pointerLock', answer, {} as Electron.PermissionRequest)
    expect(answer).toHaveBeenCalledExactlyOnceWith(true)
  })

  it('goes nowhere else, in no frame, by no redirect', async () => {
    const { webContents } = await startWithWindow()
    for (const url of [
      'https://evil.example/',
      'file:///etc/passwd',
      'app://other/',
      'app://virthelm.evil/',
      'data:text/html,x',
      'javascript:alert(1)',
      'http://127.0.0.1:80/',
      ''
    ]) {
      for (const event of ['will-navigate', 'will-redirect', 'will-frame-navigate'] as const) {
        expect([url, event, webContents.navigate(url, event)]).toEqual([url, event, false])
      }
    }
    expect(webContents.navigate('app://virthelm/#/servers')).toBe(true)
    let prevented = false
    webContents.emit('will-attach-webview', { preventDefault: () => (prevented = true) })
    expect(prevented).toBe(true)
  })

  it('opens no window, and only constant addresses in the browser', async () => {
    const { webContents } = await startWithWindow()
    const open = (url: string) => webContents.windowOpenHandler?.({ url } as Electron.HandlerDetails)
    for (const url of [
      'https://evil.example/',
      'file:///etc/passwd',
      'https://libvirt.org/docs.html?x',
      'mailto:a@b'
    ]) {
      expect(open(url)).toEqual({ action: 'deny' })
    }
    expect(double.opened).toEqual([])
    expect(open('https://libvirt.org/docs.html')).toEqual({ action: 'deny' })
    expect(double.opened).toEqual(['https://libvirt.org/docs.html'])
  })

  it('is served from the built window only, under a policy that allows no connection', async () => {
    await startWithWindow()
    expect(double.schemes).toEqual([
      { scheme: 'app', privileges: expect.objectContaining({ standard: true, secure: true }) }
    ])
    const serve = async (url: string, init?: RequestInit): Promise<Response> => {
      const handler = double.protocols.get('app')
      if (handler === undefined) throw new Error('no handler')
      return handler(new Request(url, init))
    }
    for (const [url, init] of [
      ['app://virthelm/', { method: 'POST' }],
      ['app://other/', {}],
      ['app://virthelm/../../package.json', {}],
      ['app://virthelm/%2e%2e/%2e%2e/package.json', {}],
      ['app://virthelm/..%2f..%2fpackage.json', {}],
      ['app://virthelm/main/electron.js', {}]
    ] as const) {
      expect([url, (await serve(url, init)).ok]).toEqual([url, false])
    }
    const policy = (await serve('app://virthelm/')).headers.get('content-security-policy')
    expect(policy).toMatch(/^default-src 'none';.*connect-src 'none';/)
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
  })
})

describe('messages', () => {
  const open = { kind: 'open', id: 1, name: 'console.info', input: {} }
  const own: FrameDouble = { origin: 'app://virthelm', url: 'app://virthelm/' }

  it('of the window are answered, through the real bridge', async () => {
    const { webContents } = await startWithWindow()
    await fresh('../../src-preload/bridge.ts')
    const bridge = double.exposed.get('virthelm') as Record<'post' | 'onMessage', (value: unknown) => void>
    expect(Object.isFrozen(bridge) && Object.keys(bridge).sort()).toEqual(['onMessage', 'post'])
    ipcRenderer.connect(webContents)
    const answer = new Promise((resolve) => bridge.onMessage(resolve))
    bridge.post(open)
    expect(await answer).toMatchObject({
      kind: 'done',
      id: 1,
      value: { mode: 'desktop', dataFolder: folder }
    })
  })

  it('of anything else are not heard', async () => {
    const { webContents } = await startWithWindow()
    const stranger = new WebContents()
    stranger.mainFrame = own
    const heard: unknown[] = []
    for (const contents of [webContents, stranger])
      contents.onSent = (_channel, message) => heard.push(message)
    // Another window; an iframe of ours (even of our origin); our frame after it went elsewhere; a frame that is gone.
    stranger.say('virthelm:rpc', open)
    webContents.say('virthelm:rpc', open, { ...own })
    webContents.say('virthelm:rpc', open, null)
    webContents.mainFrame.origin = 'https://evil.example'
    webContents.say('virthelm:rpc', open)
    webContents.mainFrame.origin = 'app://virthelm.evil'
    webContents.say('virthelm:rpc', open)
    webContents.mainFrame.origin = 'app://virthelm'
    webContents.say('virthelm:rpc', { ...open, id: 2 })
    // Answers come in order: what was heard before would have been answered before.
    await vi.waitFor(() => expect(heard).not.toEqual([]))
    expect(heard).toEqual([expect.objectContaining({ kind: 'done', id: 2 })])
  })

  it('of a page that is left go with it; the next page begins anew', async () => {
    const { webContents } = await startWithWindow()
    const heard: { kind: string }[] = []
    webContents.onSent = (_channel, message) => heard.push(message as { kind: string })
    for (let page = 0; page < 2; page++) {
      webContents.say('virthelm:rpc', open)
      await vi.waitFor(() => expect(heard).toHaveLength(page + 1))
      webContents.emit('did-start-navigation', { isMainFrame: true, isSameDocument: false })
    }
    expect(heard.map(({ kind }) => kind)).toEqual(['done', 'done'])
  })
})

describe('platform', () => {
  const platform = () => {
    const options = composed.start.mock.calls[0]?.[0]
    if (options === undefined) throw new Error('not composed')
    return options.platform
  }

  it('shows native notifications', async () => {
    await startWithWindow()
    platform().notifier.show({ title: 'kvm-01', body: 'went offline', urgent: true })
    expect(double.notifications).toEqual([{ title: 'kvm-01', body: 'went offline', urgency: 'critical' }])
  })

  it('leads a clicked notification to the window, and the window to the alerts', async () => {
    const window = await startWithWindow()
    const events: unknown[] = []
    const end = new AbortController()
    const watching = (async () => {
      for await (const event of platform().notifications?.(end.signal) ?? []) events.push(event)
    })()
    window.hide()
    platform().notifier.show({ title: 'kvm-01', body: 'went offline', urgent: true })
    double.lastNotification?.emit('click')
    expect(window.isVisible()).toBe(true)
    await vi.waitFor(() => expect(events).toEqual([{ kind: 'opened' }]))
    end.abort()
    await watching
  })

  it('exports where the operator says, or not at all', async () => {
    await startWithWindow()
    const filePath = join(folder, 'cpu.csv')
    double.saveDialog = { canceled: false, filePath }
    const { signal } = new AbortController()
    const sink = await platform().exportTarget.open('cpu.csv', signal)
    await sink?.write(Buffer.from('a,b\r\n'))
    await sink?.finish()
    expect(await readFile(filePath, 'utf8')).toBe('a,b\r\n')
    double.saveDialog = { canceled: true, filePath: '' }
    expect(await platform().exportTarget.open('cpu.csv', signal)).toBeNull()
  })

  it('keeps no secret where Linux has no keyring, and says by what', async () => {
    double.storageBackend = 'basic_text'
    await startWithWindow()
    double.storageBackend = 'gnome_libsecret'
    const { info, cipher } = platform()
    const isLinux = process.platform === 'linux'
    expect(cipher.canKeep).toBe(!isLinux)
    expect(info.secretStore.canKeep).toBe(!isLinux)
    if (isLinux) expect(info.secretStore.backend).toBe('basic_text')
  })
})

describe('tray and end', () => {
  it('counts what needs attention', async () => {
    await startWithWindow()
    setAttention({ red: 1, amber: 2 })
    expect(double.trays[0]).toMatchObject({ toolTip: 'Virthelm (3)', title: '3' })
    setAttention({ red: 0, amber: 0 })
    expect(double.trays[0]).toMatchObject({ toolTip: 'Virthelm', title: '' })
  })

  it('waits until the engine has committed, and closes it once', async () => {
    await startWithWindow()
    const committed = Promise.withResolvers<void>()
    closeEngine.mockReturnValue(committed.promise)
    let ended = false
    const end = exitCode().then((code) => {
      ended = true
      return code
    })
    app.quit()
    app.quit()
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toBe(false)
    committed.resolve()
    expect(await end).toBe(0)
    expect(closeEngine).toHaveBeenCalledOnce()
  })

  it('ends when the window is closed', async () => {
    const window = await startWithWindow()
    window.close()
    expect(await exitCode()).toBe(0)
    expect(closeEngine).toHaveBeenCalledOnce()
  })

  it('says why it could not start', async () => {
    composed.start.mockRejectedValue(new AppError('dataFolderLocked', { params: { path: folder } }))
    await start()
    expect(await exitCode()).toBe(1)
    expect(double.calls.at(-1)).toContain(`Another Virthelm uses this data folder (${folder})`)
    expect(double.windows).toEqual([])
  })

  it('refuses wrong options in development, with exit code 2', async () => {
    double.isPackaged = false
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
    await start('--nonsense')
    expect(await exitCode()).toBe(2)
    expect(stderr.mock.calls[0]?.[0]).toContain('Unknown option: --nonsense')
    stderr.mockRestore()
  })
})

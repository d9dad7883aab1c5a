/** The desktop app: the engine in Electron's main process, the window over IPC. Wires, nothing else. */
import { spawn } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import {
  app,
  dialog,
  ipcMain,
  Notification,
  powerMonitor,
  safeStorage,
  session,
  type BrowserWindow
} from 'electron'
import type { ConsoleNotification } from '#contract/console.ts'
import { contract } from '#contract/index.ts'
import type { Platform } from '../application/platform/platform.ts'
import { createTopic } from '../application/streams.ts'
import { dataFolderOf } from '../platform/data-folder.ts'
import { fileExportTarget } from '../platform/file-export-target.ts'
import { openFileLog, type FileLog } from '../platform/log.ts'
import { nativeNotifier } from '../platform/notifiers.ts'
import { openSafeStorageCipher } from '../platform/safe-storage-cipher.ts'
import { createElectronPorts } from '../rpc/ports/electron.ts'
import { createRpcServer } from '../rpc/server.ts'
import { runCommand } from './commands.ts'
import { compose, type Engine } from './compose.ts'
import { denyPermissions, guardAllContents } from './electron-guards.ts'
import { setApplicationMenu } from './electron-menu.ts'
import { APP_ORIGIN, registerAppScheme, serveAppScheme } from './electron-protocol.ts'
import { desktopReportDesk } from './electron-reports.ts'
import { openTray } from './electron-tray.ts'
import { openMainWindow, showWindow } from './electron-window.ts'
import { wordsOf } from './failure.ts'
import {
  platformName,
  preloadPath,
  rendererFolder,
  resourcesFolder,
  version,
  workers
} from './installation.ts'
import { commandOf, parseOptions, USAGE, type StartOptions } from './options.ts'

const CLOSE_DEADLINE_MS = 2_500

/** The window's address: our own scheme, or the development server of `npm run dev`. */
const developmentAddress = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']
const pageAddress = developmentAddress ?? `${APP_ORIGIN}/`
const pageOrigin = developmentAddress === undefined ? APP_ORIGIN : new URL(developmentAddress).origin

let mainWindow: BrowserWindow | null = null

function start(options: StartOptions): void {
  const dataFolder = dataFolderOf(
    { chosen: options.dataDir, demo: options.demo },
    { platform: process.platform, env: process.env, homeFolder: homedir() }
  )
  // Chromium's profile and the lock live with the data: another data folder is another console.
  const profileFolder = join(dataFolder, 'profile')
  mkdirSync(profileFolder, { recursive: true, mode: 0o700 })
  app.setPath('userData', profileFolder)
  if (!app.requestSingleInstanceLock()) {
    app.exit(0)
    return
  }
  app.enableSandbox()
  registerAppScheme()
  const log = openFileLog({ folder: join(dataFolder, 'log') })
  process.on('uncaughtException', (error) => log.error('process.uncaughtException', error))
  process.on('unhandledRejection', (error) => log.error('process.unhandledRejection', error))
  guardAllContents(pageOrigin, log)
  app
    .whenReady()
    .then(() => run(options, dataFolder, log))
    .catch((error: unknown) => {
      log.error('console.notStarted', error)
      dialog.showErrorBox('Virthelm', wordsOf(error))
      return log.close().finally(() => app.exit(1))
    })
}

async function run(options: StartOptions, dataFolder: string, log: FileLog): Promise<void> {
  denyPermissions(session.defaultSession, { mayHoldPointer: true })
  serveAppScheme(rendererFolder, log)
  setApplicationMenu(log)
  const platform = await desktopPlatform(options, dataFolder, log)
  const engine = await compose({
    platform,
    dataFolder,
    workers,
    restore: options.restore,
    ...(options.demo && { demo: 'embedded' })
  })
  const rpc = createRpcServer({
    contract,
    handlers: engine.handlers,
    tasks: engine.tasks,
    log,
    validateOutputs: !app.isPackaged
  })
  const ports = createElectronPorts({ ipcMain, origin: pageOrigin, log, onPort: (port) => rpc.attach(port) })
  const show = (): void => {
    mainWindow ??= openWindow()
    showWindow(mainWindow)
  }
  const openWindow = (): BrowserWindow => {
    const window = openMainWindow({
      address: pageAddress,
      preloadPath,
      statePath: join(dataFolder, 'window.json'),
      iconFolder: resourcesFolder,
      demo: options.demo,
      log
    })
    ports.admit(window.webContents)
    window.once('closed', () => (mainWindow = null))
    return window
  }
  mainWindow = openWindow()
  const tray = openTray({
    iconFolder: resourcesFolder,
    show,
    toggle: () => (mainWindow?.isVisible() === true ? mainWindow.hide() : show())
  })
  engine.onAttention(({ red, amber }) => tray.setCount(red + amber))
  app.on('second-instance', show)
  app.on('activate', show)
  closeInOrder(engine, log)
  log.info('console.started', { mode: 'desktop', version, demo: options.demo })
}

/** The end of the app waits until the engine has committed what it has; a second quit meanwhile changes nothing. */
function closeInOrder(engine: Engine, log: FileLog): void {
  let closing = false
  const close = async (): Promise<void> => {
    const hardEnd = setTimeout(() => app.exit(1), CLOSE_DEADLINE_MS)
    try {
      await engine.close()
    } catch (error) {
      log.error('console.notClosedCleanly', error)
    }
    await log.close()
    clearTimeout(hardEnd)
    app.exit(0)
  }
  app.on('before-quit', (event) => {
    event.preventDefault()
    if (closing) return
    closing = true
    log.info('console.closing')
    void close()
  })
  // On macOS an app stays when its window is closed.
  app.on('window-all-closed', () => {
    if (process.platform !== 'darwin') app.quit()
  })
  powerMonitor.on('shutdown', () => app.quit())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
  if (process.connected) process.once('disconnect', () => app.quit())
}

async function desktopPlatform(options: StartOptions, dataFolder: string, log: FileLog): Promise<Platform> {
  const cipher = await openSafeStorageCipher(safeStorage, process.platform, log)
  const notifications = createTopic<ConsoleNotification>()
  return {
    info: {
      version,
      mode: 'desktop',
      demo: options.demo,
      dataFolder,
      platform: platformName(),
      secretStore: { canKeep: cipher.canKeep, backend: cipher.backend }
    },
    cipher,
    notifier: nativeNotifier(
      { isSupported: () => Notification.isSupported(), create: (details) => new Notification(details) },
      () => {
        if (mainWindow !== null) showWindow(mainWindow)
        notifications.publish({ kind: 'opened' })
      }
    ),
    notifications: (signal) => notifications.all(signal),
    exportTarget: fileExportTarget(askWhere),
    exportsSecrets: true,
    reportDesk: desktopReportDesk(() => mainWindow),
    log,
    openDemo: async () => openDemo(options)
  }
}

const CSV_FILTER = { name: 'CSV', extensions: ['csv'] }
const FILTERS = [
  CSV_FILTER,
  { name: 'Virthelm', extensions: ['tar'] },
  { name: 'HTML', extensions: ['html'] },
  { name: 'PDF', extensions: ['pdf'] }
]

async function askWhere(fileName: string): Promise<string | null> {
  const details: Electron.SaveDialogOptions = {
    defaultPath: join(app.getPath('downloads'), fileName),
    filters: [FILTERS.find(({ extensions }) => fileName.endsWith(`.${extensions[0] ?? ''}`)) ?? CSV_FILTER],
    properties: ['createDirectory', 'showOverwriteConfirmation']
  }
  const answer =
    mainWindow === null
      ? await dialog.showSaveDialog(details)
      : await dialog.showSaveDialog(mainWindow, details)
  return answer.canceled || answer.filePath === '' ? null : answer.filePath
}

/** A second app with data of its own; it outlives this one. */
function openDemo(options: StartOptions): null {
  const args = [...(app.isPackaged ? [] : [app.getAppPath()]), '--demo']
  if (options.dataDir !== null) args.push('--data-dir', options.dataDir)
  spawn(process.execPath, args, { detached: true, stdio: 'ignore' }).unref()
  return null
}

const args = process.argv.slice(app.isPackaged ? 1 : 2)
const command = commandOf(args)
const parsed = parseOptions(args, { ignoreUnknown: app.isPackaged })
if (command !== null) {
  void runCommand(command.name, command.args).then((code) => app.exit(code))
} else if (!parsed.ok) {
  process.stderr.write(`${parsed.problem}\n\n${USAGE}`)
  app.exit(2)
} else if (parsed.options.help) {
  process.stdout.write(USAGE)
  app.exit(0)
} else {
  start(parsed.options)
}

/** Browser mode: the same engine in plain Node, the same window over a loopback WebSocket. Wires, nothing else. */
import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { ConsoleNotification } from '#contract/console.ts'
import { contract } from '#contract/index.ts'
import type { Platform, SecretCipher } from '../application/platform/platform.ts'
import { createTopic } from '../application/streams.ts'
import { dataFolderOf } from '../platform/data-folder.ts'
import { downloadExportTarget, type DownloadExportTarget } from '../platform/download-export-target.ts'
import { openKeyFileCipher } from '../platform/key-file-cipher.ts'
import { openFileLog, type FileLog } from '../platform/log.ts'
import { memoryCipher } from '../platform/memory-cipher.ts'
import { windowNotifier } from '../platform/notifiers.ts'
import { browserReportDesk, type BrowserReportDesk } from '../platform/browser-report-desk.ts'
import { openLoopbackServer, type LoopbackServer } from '../rpc/ports/loopback-server.ts'
import { createRpcServer } from '../rpc/server.ts'
import { runCommand } from './commands.ts'
import { compose, type Engine } from './compose.ts'
import { wordsOf } from './failure.ts'
import { platformName, rendererFolder, version, webEntryPath, workers } from './installation.ts'
import { commandOf, parseOptions, USAGE, type StartOptions } from './options.ts'
import { findBrowser, findPrintingBrowser, openBrowser } from './web-browser.ts'
import { demoConsole } from './web-demo.ts'
import { watchOwner } from './web-owner.ts'

/** Closing commits first and asks servers nothing; what takes longer hangs, and every acknowledged row is safe by then. */
const CLOSE_DEADLINE_MS = 2_500

async function run(options: StartOptions): Promise<void> {
  const ending = Promise.withResolvers<string>()
  const owner = watchOwner(ending.resolve)
  const dataFolder = dataFolderOf(
    { chosen: options.dataDir, demo: options.demo },
    { platform: process.platform, env: process.env, homeFolder: homedir() }
  )
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 })
  const log = openFileLog({ folder: join(dataFolder, 'log') })
  process.on('uncaughtException', (error) => log.error('process.uncaughtException', error))
  process.on('unhandledRejection', (error) => log.error('process.unhandledRejection', error))
  const cipher =
    options.secretKeyFile === null ? memoryCipher() : await openKeyFileCipher(options.secretKeyFile)
  const downloads = downloadExportTarget()
  const reportDesk = browserReportDesk(() => findPrintingBrowser())
  const demo = demoConsole(webEntryPath, dataFolder)
  const platform = webPlatform({
    options,
    dataFolder,
    cipher,
    downloads,
    reportDesk,
    log,
    openDemo: demo.open
  })
  const engine = await compose({
    platform,
    dataFolder,
    workers,
    restore: options.restore,
    ...(options.demo && { demo: 'embedded' })
  })
  try {
    const server = await serve(engine, options, { downloads, reportDesk }, log)
    process.stdout.write(`Virthelm is ready at ${server.address}\n`)
    const closeBrowser = options.open ? openWindow(server, dataFolder, log) : () => undefined
    owner.started()
    log.info('console.started', { mode: 'browser', version, demo: options.demo })

    log.info('console.closing', { reason: await ending.promise })
    setTimeout(() => process.exit(1), CLOSE_DEADLINE_MS).unref()
    closeBrowser()
    await server.close()
  } finally {
    await Promise.all([demo.close(), engine.close()])
    await log.close()
  }
}

async function serve(
  engine: Engine,
  options: StartOptions,
  { downloads, reportDesk }: { downloads: DownloadExportTarget; reportDesk: BrowserReportDesk },
  log: FileLog
): Promise<LoopbackServer> {
  const rpc = createRpcServer({ contract, handlers: engine.handlers, tasks: engine.tasks, log })
  return openLoopbackServer({
    port: options.port,
    rendererFolder,
    log,
    onPort: (port) => rpc.attach(port),
    takeDownload: (id) => downloads.take(id),
    reportOf: (id) => reportDesk.fileOf(id)
  })
}

function webPlatform(parts: {
  options: StartOptions
  dataFolder: string
  cipher: SecretCipher
  downloads: DownloadExportTarget
  reportDesk: BrowserReportDesk
  log: FileLog
  openDemo: () => Promise<string | null>
}): Platform {
  const { options, dataFolder, cipher, downloads, reportDesk, log, openDemo } = parts
  const notifications = createTopic<ConsoleNotification>()
  return {
    info: {
      version,
      mode: 'browser',
      demo: options.demo,
      dataFolder,
      platform: platformName(),
      secretStore: { canKeep: cipher.canKeep, backend: cipher.backend }
    },
    cipher,
    notifier: windowNotifier((notification) => notifications.publish(notification), log),
    notifications: (signal) => notifications.all(signal),
    exportTarget: downloads,
    exportsSecrets: options.exportSecrets,
    reportDesk,
    log,
    openDemo
  }
}

/** The command line of the browser can be read by every user of the machine: it carries a ticket for one use. */
function openWindow(server: LoopbackServer, dataFolder: string, log: FileLog): () => void {
  const browser = findBrowser()
  if (browser === null) {
    process.stdout.write(
      'No browser or no display was found: open this address in a browser on this machine.\n'
    )
    return () => undefined
  }
  return openBrowser(browser, server.ticketAddress(), join(dataFolder, 'browser'), (error) => {
    log.warn('browser.notStarted', { browser, cause: error })
    process.stdout.write('The browser could not be started: open this address in one.\n')
  })
}

const command = commandOf(process.argv.slice(2))
if (command !== null) process.exit(await runCommand(command.name, command.args))
const parsed = parseOptions(process.argv.slice(2))
if (!parsed.ok) {
  process.stderr.write(`${parsed.problem}\n\n${USAGE}`)
  process.exit(2)
}
if (parsed.options.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
try {
  await run(parsed.options)
  process.exit(0)
} catch (error) {
  process.stderr.write(`${wordsOf(error)}\n`)
  process.exit(1)
}

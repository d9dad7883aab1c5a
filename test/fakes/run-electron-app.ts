/**
 * Runs a built desktop app (the folder given) in plain Node under the double of Electron: ESM main and CommonJS preload
 * alike, as Electron would load them. Asks it over IPC who it is, ends it, and prints what came of it as one JSON line.
 */
import { registerHooks, createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [appFolder = '', dataFolder = ''] = process.argv.slice(2)
const doubleUrl = new URL('./electron.ts', import.meta.url).href
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: doubleUrl, shortCircuit: true } : next(specifier, context)
})
const { double, app, ipcRenderer } = await import('./electron.ts')
double.userData = dataFolder
process.argv = [process.execPath, '--demo', '--data-dir', dataFolder]

const errors: string[] = []
process.on('uncaughtException', (error) => errors.push(error.message))
await import(pathToFileURL(join(appFolder, 'out/main/electron.js')).href)
const window = await until(() => double.windows[0])
createRequire(import.meta.url)(join(appFolder, 'out/preload/bridge.cjs'))
ipcRenderer.connect(window.webContents)
const bridge = double.exposed.get('virthelm') as {
  post(message: unknown): void
  onMessage(listener: (message: unknown) => void): void
}
const frames: { id: number; value?: unknown }[] = []
bridge.onMessage((frame) => frames.push(frame as { id: number }))
const ask = async (id: number, name: string, input: unknown): Promise<unknown> => {
  bridge.post({ kind: 'open', id, name, input })
  return (await until(() => frames.find((frame) => frame.id === id))).value
}
const info = await ask(1, 'console.info', {})
const servers = (await ask(2, 'servers.watch', {})) as { servers: unknown[] }
const page = await double.protocols.get('app')?.(new Request('app://virthelm/'))
app.quit()
const exitCode = await double.quitting.promise
console.log(
  JSON.stringify({
    info,
    servers: servers.servers.length,
    page: await page?.text(),
    webPreferences: window.options.webPreferences,
    exitCode,
    errors
  })
)
process.exit(0)

async function until<T>(find: () => T | undefined): Promise<T> {
  const deadlineMs = Date.now() + 20_000
  for (;;) {
    const found = find()
    if (found !== undefined) return found
    if (Date.now() > deadlineMs) throw new Error(`nothing came: ${errors.join('; ')}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/**
 * The console alone in a process, over servers that play elsewhere: reads `{"servers": […]}` from its first line of
 * stdin, prints its address, then answers each further line with its CPU time and memory. Ends with stdin.
 */
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { contract } from '#contract/index.ts'
import type { DemoServer } from '../../src-main/application/servers/seed-demo.ts'
import { compose } from '../../src-main/entry/compose.ts'
import { rendererFolder, workers } from '../../src-main/entry/installation.ts'
import { browserReportDesk } from '../../src-main/platform/browser-report-desk.ts'
import { downloadExportTarget } from '../../src-main/platform/download-export-target.ts'
import { memoryCipher } from '../../src-main/platform/memory-cipher.ts'
import { openLoopbackServer } from '../../src-main/rpc/ports/loopback-server.ts'
import { createRpcServer } from '../../src-main/rpc/server.ts'
import { benchLog } from './bench-log.ts'

const { values } = parseArgs({ options: { 'data-dir': { type: 'string' } } })
const dataFolder = values['data-dir']
if (dataFolder === undefined) throw new Error('--data-dir is needed')

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const first = await lines.next()
const { servers } = JSON.parse(String(first.value)) as { servers: DemoServer[] }
const downloads = downloadExportTarget()
const engine = await compose({
  platform: {
    info: {
      version: 'bench',
      mode: 'browser',
      demo: true,
      dataFolder,
      platform: 'linux',
      secretStore: { canKeep: false, backend: 'memory' }
    },
    cipher: memoryCipher(),
    notifier: { show: () => undefined },
    exportTarget: downloads,
    exportsSecrets: false,
    log: benchLog,
    reportDesk: browserReportDesk(() => null),
    openDemo: async () => null
  },
  dataFolder,
  workers,
  demo: servers
})
const rpc = createRpcServer({ contract, handlers: engine.handlers, tasks: engine.tasks, log: benchLog })
const server = await openLoopbackServer({
  port: 0,
  rendererFolder,
  log: benchLog,
  onPort: (port) => rpc.attach(port),
  takeDownload: (id) => downloads.take(id)
})
process.stdout.write(`${JSON.stringify({ address: server.address })}\n`)

for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
  const { user, system } = process.cpuUsage()
  const online = engine.directory.runtimes().filter((runtime) => runtime.state.kind === 'online').length
  process.stdout.write(
    `${JSON.stringify({ cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss(), online })}\n`
  )
}
rpc.close()
await Promise.all([server.close(), engine.close()])
process.exit(0)

/** The commands as processes, beside a console that has the data folder open. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readCsv } from '../../test/fakes/csv-reader.ts'
import type { Storage } from '../application/storage.ts'
import { alertOf, keptOf } from '../../test/fakes/alerts.ts'
import { openAt } from '../storage/test-open.ts'
import { makeTemporaryFolder, removeFolder, serverRecord, serverTick } from '../storage/test-support.ts'

const command = fileURLToPath(new URL('./command.ts', import.meta.url))
let folder: string
let dataFolder: string
let storage: Storage

beforeEach(async () => {
  folder = makeTemporaryFolder()
  dataFolder = join(folder, 'data')
  const nowMs = Date.now()
  storage = await openAt(dataFolder, nowMs)
  const record = serverRecord('alpha')
  await storage.servers.insert(record)
  for (let count = 0; count < 50; count++)
    await storage.history.append(serverTick(record.id, nowMs - 60_000 + count * 1_000, { load1: count / 4 }))
})
afterEach(async () => {
  await storage.close()
  removeFolder(folder)
})

async function run(...args: string[]) {
  const child = spawn(process.execPath, [command, ...args, '--data-dir', dataFolder], {
    stdio: ['ignore', 'pipe', 'pipe']
  })
  const ended = once(child, 'exit')
  const [output, errors] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = (await ended) as [number | null]
  return { code, output, errors: errors.replaceAll(/^.*(ExperimentalWarning|--trace-warnings).*\n/gm, '') }
}

/** Of every file but SQLite's shared memory, where readers leave their marks, and the lock, which only SQLite may open. */
const hashes = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dataFolder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/-shm$|^console.lock$/.test(entry.name))
      .map((entry) => {
        const path = join(entry.parentPath, entry.name)
        return [path, createHash('sha256').update(readFileSync(path)).digest('hex')]
      })
  )

it('an export reads what a running console has acknowledged, and changes no byte of its data', async () => {
  const before = hashes()
  const wanted = ['--server', 'alpha', '--from', '1h', '--metric', 'load1', '--out']
  const { code, output, errors } = await run('export', ...wanted, '-')
  expect([code, errors]).toEqual([0, ''])
  const [head, ...rows] = readCsv(output)
  expect(head).toEqual(['time', 'alpha load1 [load]'])
  expect(rows.map(([, value]) => Number(value))).toEqual(Array.from({ length: 50 }, (_, count) => count / 4))
  expect(hashes()).toEqual(before)
  expect(await run('export', ...wanted, join(dataFolder, 'x.csv'))).toMatchObject({ code: 2 })
})

it('a backup is made beside a running console', async () => {
  const path = join(folder, 'b.tar')
  const { code, errors } = await run('backup', '--out', path)
  expect([code, errors]).toEqual([0, `${readFileSync(path).length} bytes, 1 servers in ${path}\n`])
  expect(readdirSync(folder).toSorted()).toEqual(['b.tar', 'data'])
})

it('the state of the fleet is told beside a running console, by its exit code too', async () => {
  const before = hashes()
  expect(await run('status')).toMatchObject({ code: 3, output: expect.stringContaining('UNKNOWN') as string })
  expect(hashes()).toEqual(before)
  const [server] = await storage.servers.list()
  if (server === undefined) throw new Error('no server')
  const alert = alertOf({ serverId: server.record.id, raisedAtMs: Date.now() })
  const looked = JSON.stringify({ atMs: Date.now(), isClosing: false, ownNetworkLost: null })
  await storage.alerts.commit({ alerts: [keptOf(alert)], memory: { looked } })
  const { code, output } = await run('status', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(output)).toMatchObject({ colour: 'RED', red: 1, amber: 0, consoleRunning: true })
  expect(await run('status', '--frobnicate')).toMatchObject({ code: 64 })
})

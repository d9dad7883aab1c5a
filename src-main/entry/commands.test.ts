/** The commands as processes, beside a console that has the data folder open. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { readCsv } from '../../test/fakes/csv-reader.ts'
import type { Storage } from '../application/storage.ts'
import { alertOf, keptOf } from '../../test/fakes/alerts.ts'
import { fakeSecret } from '../../test/fakes/engine-parts.ts'
import { SecretVault } from '../application/servers/secret-vault.ts'
import { openKeyFileCipher } from '../platform/key-file-cipher.ts'
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

/**
 * Of every file but SQLite's shared memory, where readers leave their marks, the lock, which only SQLite may open, and the
 * backups that the running console makes some seconds after a change.
 */
const hashes = (): Record<string, string> =>
  Object.fromEntries(
    readdirSync(dataFolder, { recursive: true, withFileTypes: true })
      .filter(
        (entry) =>
          entry.isFile() && !/-shm$|^console.lock$/.test(entry.name) && !entry.parentPath.endsWith('backups')
      )
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
  const [server] = await storage.servers.list()
  if (server === undefined) throw new Error('no server')
  const alert = alertOf({ serverId: server.record.id, raisedAtMs: Date.now() })
  const looked = JSON.stringify({ atMs: Date.now(), isClosing: false, ownNetworkLost: null })
  await storage.alerts.commit({ alerts: [keptOf(alert)], memory: { looked } })
  const before = hashes()
  const { code, output } = await run('status', '--json')
  expect(code).toBe(2)
  expect(JSON.parse(output)).toMatchObject({ colour: 'RED', red: 1, amber: 0, consoleRunning: true })
  expect(hashes()).toEqual(before)
  expect(await run('status', '--frobnicate')).toMatchObject({ code: 64 })
})

it('a configuration is exported beside a running console, and imported where none runs', async () => {
  const path = join(folder, 'c.json')
  const before = hashes()
  expect(await run('configuration', 'export', '--out', path)).toMatchObject({ code: 0, output: '' })
  expect(hashes()).toEqual(before)
  const text = readFileSync(path, 'utf8')
  expect(text).toContain('"name": "alpha"')

  const locked = await run('configuration', 'import', path)
  expect(locked.code).toBe(1)
  expect(locked.errors).toContain('Another Virthelm uses this data folder')

  const [alpha] = await storage.servers.list()
  if (alpha === undefined) throw new Error('no server')
  await storage.servers.update([{ ...alpha.record, note: 'written since' }])
  await storage.servers.insert(serverRecord('beta'))
  await storage.close()
  const dry = await run('configuration', 'import', path, '--replace', '--dry-run')
  expect([dry.code, dry.output]).toEqual([0, expect.stringMatching(/changed alpha\n {2}removed beta\n/)])
  expect(dry.output).toMatch(/removals: 1\n$/)
  const untyped = await run('configuration', 'import', path, '--replace')
  expect([untyped.code, untyped.errors]).toEqual([1, expect.stringContaining('give --remove 1')])
  const done = await run('configuration', 'import', path, '--replace', '--remove', '1')
  expect([done.code, done.output]).toEqual([0, expect.stringContaining('Imported.')])
  const cut = join(folder, 'cut.json')
  writeFileSync(cut, text.slice(0, 900))
  expect(await run('configuration', 'import', cut)).toMatchObject({ code: 1 })
  storage = await openAt(dataFolder)
  const kept = (await storage.servers.list()).map(({ record }) => [record.name, record.note])
  expect(kept).toEqual([['alpha', '']])
}, 120_000)

it('passwords go through a configuration file with the key file only', async () => {
  const key = join(folder, 'key')
  const cipher = await openKeyFileCipher(key)
  const [alpha] = await storage.servers.list()
  if (alpha === undefined) throw new Error('no server')
  const vault = new SecretVault({ cipher, blobs: storage.blobs, secretOf: fakeSecret })
  await vault.set(alpha.record.id, { password: 'canary-5521', remember: true })
  const phrase = join(folder, 'phrase')
  writeFileSync(phrase, 'correct horse battery\n', { mode: 0o600 })
  const path = join(folder, 'c.json')
  const secrets = ['--passphrase-file', phrase, '--secret-key-file', key]
  expect(await run('configuration', 'export', '--out', path, '--passphrase-file', phrase)).toMatchObject({
    code: 2
  })
  const { code, errors } = await run('configuration', 'export', '--out', path, ...secrets)
  expect([code, errors]).toEqual([0, expect.stringContaining('1 secrets')])
  expect(readFileSync(path, 'utf8')).not.toContain('canary')
  await vault.forget(alpha.record.id)
  await storage.close()
  const done = await run('configuration', 'import', path, ...secrets)
  expect([done.code, done.output]).toEqual([0, expect.stringContaining('secrets: 1 new')])
  storage = await openAt(dataFolder)
  const again = new SecretVault({ cipher, blobs: storage.blobs, secretOf: fakeSecret })
  await again.load(alpha.record.id)
  expect(again.get(alpha.record.id).password?.reveal()).toBe('canary-5521')
}, 120_000)

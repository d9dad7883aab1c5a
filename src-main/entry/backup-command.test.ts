import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { DataArchive } from '../application/backup/data-archive.ts'
import type { Storage } from '../application/storage.ts'
import { openDataArchive } from '../storage/archive/data-archive.ts'
import { openAt } from '../storage/test-open.ts'
import { makeTemporaryFolder, removeFolder, serverRecord, START_MS } from '../storage/test-support.ts'
import { BACKUP_USAGE, backupCommand } from './backup-command.ts'
import { withRestore } from './restore-option.ts'

let folder: string
let dataFolder: string
let out: string
let storage: Storage | null

beforeEach(async () => {
  folder = makeTemporaryFolder()
  dataFolder = join(folder, 'data')
  out = join(folder, 'out')
  await mkdir(out)
  storage = await openAt(dataFolder)
  await storage.servers.insert(serverRecord('alpha'))
})
afterEach(async () => {
  await storage?.close()
  removeFolder(folder)
})

const archiveAt = (folders: { dataFolder: string; workFolder?: string }): DataArchive =>
  openDataArchive({
    ...folders,
    workerUrl: new URL('../storage/archive/worker.ts', import.meta.url),
    consoleVersion: '0.1.0',
    nowMs: () => START_MS
  })

async function run(args: readonly string[], signal = new AbortController().signal) {
  const stdout = new PassThrough()
  const stderr = Object.assign(new PassThrough(), { isTTY: true })
  const said = Promise.all([text(stdout), text(stderr)])
  const deps = { openArchive: archiveAt, dataFolderOf: (chosen: string | null) => chosen ?? dataFolder }
  const code = await backupCommand(args, { ...deps, stdout, stderr, signal })
  stdout.end()
  stderr.end()
  const [output, errors] = await said
  return { code, output, errors }
}
const namesIn = async (from: Storage): Promise<string[]> =>
  (await from.servers.list()).map(({ record }) => record.name)

it('writes a backup beside a running console, and the next start restores it', async () => {
  const path = join(out, 'b.tar')
  const { code, errors } = await run(['--out', path])
  expect([code, errors.slice(errors.lastIndexOf('\r') + 1)]).toEqual([
    0,
    `${(await readFile(path)).length} bytes, 1 servers in ${path}\n`
  ])
  expect(await readdir(out)).toEqual(['b.tar'])
  expect((await readdir(dataFolder)).filter((name) => name.includes('tmp'))).toEqual([])

  await storage?.servers.insert(serverRecord('beta'))
  const archive = archiveAt({ dataFolder })
  // Another console has the folder: nothing stays behind that a later start would restore.
  await expect(withRestore(path, archive, () => openAt(dataFolder))).rejects.toMatchObject({
    code: 'dataFolderLocked'
  })
  expect(await archive.staged()).toBeNull()
  await storage?.close()
  storage = await withRestore(path, archive, () => openAt(dataFolder))
  expect(await namesIn(storage)).toEqual(['alpha'])
  expect(await archive.putAside()).toHaveLength(1)
})

it('says which file cannot be restored, and starts nothing then', async () => {
  const archive = archiveAt({ dataFolder })
  const start = (): Promise<never> => expect.unreachable('nothing may start')
  await expect(withRestore(join(out, 'none.tar'), archive, start)).rejects.toMatchObject({
    code: 'notFound',
    params: { path: join(out, 'none.tar') }
  })
  const path = join(out, 'text.tar')
  await writeFile(path, 'x'.repeat(2_000))
  await expect(withRestore(path, archive, start)).rejects.toMatchObject({
    code: 'backupInvalid',
    params: { path, reason: 'notABackup' }
  })
})

it.each([
  [[], 'Where to? Give --out FILE.'],
  [['--out', 'x.tar', '--fast'], "Unknown option '--fast'"],
  [['--out', '/no/such/x.tar'], 'There is no folder /no/such.'],
  [['--out', '/tmp/virthelm-none.tar', '--data-dir', '/no/such'], 'There is no data folder /no/such.']
])('%j is refused in words, with code 2', async (args, words) => {
  const { code, errors } = await run(args)
  expect(errors).toContain(words)
  expect(code).toBe(2)
})

it('never writes over a file unasked, and leaves nothing when it is interrupted', async () => {
  const path = join(out, 'b.tar')
  await writeFile(path, 'mine')
  expect(await run(['--out', path])).toMatchObject({ code: 2 })
  const controller = new AbortController()
  controller.abort()
  const stopped = await run(['--out', path, '--force'], controller.signal)
  expect(stopped).toMatchObject({ code: 1, errors: 'Interrupted; nothing was written.\n' })
  expect(await readFile(path, 'utf8')).toBe('mine')
  expect(await readdir(out)).toEqual(['b.tar'])
  expect(await run(['--help'])).toEqual({ code: 0, output: BACKUP_USAGE, errors: '' })
})

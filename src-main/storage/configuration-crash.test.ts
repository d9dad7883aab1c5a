import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { fillBefore, idOf, OPENED_AT_MS } from './configuration-case.ts'
import { ConsoleFile } from './console-file.ts'
import { dataFiles, makeFolder, removeTemporaryFiles } from './files.ts'
import { makeTemporaryFolder, removeFolder } from './test-support.ts'

const victim = fileURLToPath(new URL('./configuration-victim.ts', import.meta.url))
/** Every step, or one of five: each costs the start of a process. */
const STRIDE = process.env['VIRTHELM_LONG'] === '1' ? 1 : 5

let folder: string
let model: string
beforeEach(() => {
  folder = makeTemporaryFolder()
  model = makeTemporaryFolder()
  makeFolder(dataFiles(model).backups)
})
afterEach(() => {
  removeFolder(folder)
  removeFolder(model)
})

const open = (at: string): ConsoleFile =>
  ConsoleFile.open({
    files: dataFiles(at),
    open: (path) => new BetterSqlite3(path),
    nowMs: OPENED_AT_MS,
    report: () => undefined
  })

function contentOf(console: ConsoleFile): unknown {
  const { blobs, ...rest } = console.configuration.read(['alert-channels', 'options/'])
  const text = [...blobs].map(([name, value]) => [name, Buffer.from(value).toString()])
  return { ...rest, text, secret: console.blobs.get(`secret:${idOf(2)}`) !== null }
}

it('whichever step of an import the console is killed before, the next start has all of it or nothing, and no half copy', () => {
  const first = open(model)
  fillBefore(first)
  const before = contentOf(first)
  first.close()
  cpSync(model, folder, { recursive: true })
  const whole = spawnSync(process.execPath, [victim, folder, '0'], { encoding: 'utf8' })
  expect(whole.status, whole.stderr).toBe(0)
  const done = open(folder)
  const after = contentOf(done)
  done.close()
  expect(after).not.toEqual(before)

  const seen = { before: 0, after: 0 }
  for (let step = 1; ; step += STRIDE) {
    rmSync(folder, { recursive: true })
    cpSync(model, folder, { recursive: true })
    const { signal, status, stderr } = spawnSync(process.execPath, [victim, folder, String(step)], {
      encoding: 'utf8'
    })
    if (signal === null) {
      expect(status, stderr).toBe(0)
      break
    }
    const files = dataFiles(folder)
    removeTemporaryFiles(files)
    const opened = open(folder)
    const content = JSON.stringify(contentOf(opened))
    const isBefore = content === JSON.stringify(before)
    if (!isBefore) expect(content, `before step ${String(step)}`).toBe(JSON.stringify(after))
    seen[isBefore ? 'before' : 'after']++
    // The list for the worst case follows at the next start, whatever it was.
    const listed = JSON.parse(readFileSync(files.serversJson, 'utf8')) as {
      servers: { record: { name: string } }[]
    }
    expect(listed.servers.map(({ record }) => record.name)).toEqual(
      opened.servers.list().map(({ record }) => record.name)
    )
    opened.close()
    const copies = readdirSync(files.backups).filter((name) => name.startsWith('configuration-'))
    for (const copy of copies)
      expect(readFileSync(join(files.backups, copy), 'utf8')).toBe('{"before":true}\n')
  }
  expect(seen.before).toBeGreaterThan(15 / STRIDE)
  expect(seen.after).toBeGreaterThan(0)
}, 300_000)

it('one statement that fails takes all others back', () => {
  const console = open(folder)
  fillBefore(console)
  const before = contentOf(console)
  const [alpha] = console.servers.list()
  if (alpha === undefined) throw new Error('no server')
  const twice = { ...alpha.record, id: idOf(9) as never }
  const nothing = {
    removedServers: [],
    hostKeys: [],
    unpinned: [{ host: 'a.example', port: 22 }],
    settings: null
  }
  const apply = (): void =>
    console.configuration.apply(
      {
        ...nothing,
        servers: [twice],
        alerts: {},
        blobs: new Map([['alert-channels', null]]),
        forgotten: [idOf(2)]
      },
      OPENED_AT_MS
    )
  expect(apply).toThrow(expect.objectContaining({ code: 'conflict' }))
  expect(contentOf(console)).toEqual(before)
  console.close()
})

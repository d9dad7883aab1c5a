import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { dataFiles } from '../files.ts'
import { makeTemporaryFolder, removeFolder, START_MS } from '../test-support.ts'
import {
  applyPendingRestore,
  armRestore,
  disarmRestore,
  isArmed,
  putAsideFolders
} from './pending-restore.ts'

const victim = fileURLToPath(new URL('./restore-victim.ts', import.meta.url))
/** Every step, or one of four: each costs the start of a process. */
const STRIDE = process.env['VIRTHELM_LONG'] === '1' ? 1 : 4
const OLD = {
  'console.sqlite': 'old console',
  'console.sqlite-wal': 'old console wal',
  'history.sqlite': 'old history',
  'history.sqlite-wal': 'old history wal',
  'servers.json': 'old servers',
  'backups/console-1.sqlite': 'old backup'
}
const NEW = {
  'console.sqlite': 'new console!',
  'history.sqlite': 'new history!',
  'servers.json': 'new servers!'
}

let folder: string
beforeEach(() => {
  folder = makeTemporaryFolder()
})
afterEach(() => removeFolder(folder))

const write = (under: string, files: Readonly<Record<string, string>>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, under, name), text)
}
const read = (under: string, names: readonly string[]): (string | null)[] =>
  names.map((name) => {
    const path = join(folder, under, name)
    return existsSync(path) ? readFileSync(path, 'utf8') : null
  })

/** A data folder with a checked backup that was armed. */
function prepare(): void {
  rmSync(folder, { recursive: true })
  for (const under of ['', 'backups', 'restore']) mkdirSync(join(folder, under))
  write('', { ...OLD, 'console.sqlite-shm': 'old index', 'log.txt': 'stays' })
  write('restore', NEW)
  const files = Object.entries(NEW).map(([name, text]) => ({
    name,
    sizeBytes: text.length,
    sha256: '0'.repeat(64)
  }))
  const manifest = {
    format: 'virthelm-backup',
    formatVersion: 1,
    madeAtMs: 1,
    consoleVersion: '1',
    serverCount: 1,
    files
  }
  write('restore', { 'manifest.json': JSON.stringify(manifest) })
  armRestore(folder, START_MS)
}
const apply = (): string | null => applyPendingRestore(dataFiles(folder), () => undefined)
/** As the storage engine does before it applies a restore. */
const startAgain = (): string | null => {
  mkdirSync(join(folder, 'backups'), { recursive: true })
  return apply()
}

function expectRestored(): void {
  expect(read('', Object.keys(NEW))).toEqual(Object.values(NEW))
  expect(read('', ['console.sqlite-wal', 'console.sqlite-shm', 'history.sqlite-wal', 'log.txt'])).toEqual([
    null,
    null,
    null,
    'stays'
  ])
  const [aside = '', ...more] = putAsideFolders(folder)
  expect(more).toEqual([])
  expect(read(aside, Object.keys(OLD))).toEqual(Object.values(OLD))
  expect([isArmed(folder), existsSync(join(folder, 'restore'))]).toEqual([false, false])
}

describe('a restore at the start', () => {
  it('puts everything aside and moves the backup in', () => {
    prepare()
    expect(apply()).toBe('replaced-2026-01-05T10-00-00-000Z')
    expectRestored()
    expect(apply()).toBeNull()
  })

  it('loses nothing, whichever step the console is killed before', () => {
    let kills = 0
    for (let step = 1; ; step += STRIDE) {
      prepare()
      const { signal, status, stderr } = spawnSync(process.execPath, [victim, folder, String(step)], {
        encoding: 'utf8'
      })
      if (signal === null) {
        expect([status, stderr.replaceAll(/.*ExperimentalWarning.*\n.*\n/g, '')]).toEqual([0, ''])
        break
      }
      kills++
      // Old and new are both still there, each in one piece or another.
      const [aside = ''] = putAsideFolders(folder)
      for (const [name, text] of Object.entries(OLD))
        expect([...read('', [name]), ...read(aside, [name])], `${name} before step ${step}`).toContain(text)
      for (const [name, text] of Object.entries(NEW))
        expect([...read('', [name]), ...read('restore', [name])], `${name} before step ${step}`).toContain(
          text
        )
      startAgain()
      expectRestored()
    }
    // Eleven renames, two markers and their flushes: if this were few, the steps would not be seen.
    expect(kills).toBeGreaterThan(25 / STRIDE)
  }, 300_000)

  it('keeps the old data when the backup is not whole any more, also when some of it was aside already', () => {
    for (const step of [0, 8, 12]) {
      prepare()
      if (step > 0) spawnSync(process.execPath, [victim, folder, String(step)])
      writeFileSync(join(folder, 'restore', 'history.sqlite'), 'half')
      expect(startAgain()).toBeNull()
      expect(read('', Object.keys(OLD))).toEqual(Object.values(OLD))
      expect(putAsideFolders(folder)).toEqual([])
      expect(isArmed(folder)).toBe(false)
    }
  })

  it('stops where the marker says nothing, instead of starting empty', () => {
    prepare()
    writeFileSync(join(folder, 'restore.json'), '{"phase":')
    expect(apply).toThrow('databaseDamaged')
  })

  it('cannot be called off once the backup is on its way in', () => {
    prepare()
    writeFileSync(join(folder, 'restore.json'), JSON.stringify({ phase: 'moveIn', aside: 'replaced-1' }))
    expect(() => disarmRestore(folder)).toThrow('conflict')
  })
})

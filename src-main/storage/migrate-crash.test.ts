import { spawnSync } from 'node:child_process'
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import BetterSqlite3 from 'better-sqlite3'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { dataFiles, makeFolder, removeTemporaryFiles } from './files.ts'
import { MADE_UP_ROWS, MIGRATION_CASES, migrationCase, openCase } from './migrate-cases.ts'
import { userVersion } from './migrate.ts'
import { makeTemporaryFolder, removeFolder } from './test-support.ts'

const victim = fileURLToPath(new URL('./migrate-victim.ts', import.meta.url))
/** Every step, or one of twelve: each costs the start of a process. */
const STRIDE = process.env['VIRTHELM_LONG'] === '1' ? 1 : 12

/** Every version that a file of the field may have, to the newest. */
const paths = Object.entries(MIGRATION_CASES).flatMap(([name, { migrations }]) =>
  migrations.slice(0, -1).map(({ version }) => [name, version, migrations.length] as const)
)

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

const open = (path: string) => new BetterSqlite3(path)

/** Table names and row counts, and the rows of the made-up file whichever table they are in. */
function contentOf(db: BetterSqlite3.Database): unknown {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[]
  const notes = tables.find((table) => table === 'note' || table === 'moved')
  if (notes === undefined)
    return tables.map((table) => db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get())
  return db.prepare(`SELECT id, text FROM ${notes} ORDER BY id`).all()
}

it.each(paths)(
  '%s from version %i to %i: whichever step the console is killed before, the next start ends there with all rows and a backup',
  (name, from, to) => {
    const file = migrationCase(name)
    const made = openCase(file, model, from, open)
    const before = contentOf(made.db)
    made.db.close()
    if (name === 'madeUp') expect(before).toHaveLength(MADE_UP_ROWS)

    let kills = 0
    for (let step = 1; ; step += STRIDE) {
      rmSync(folder, { recursive: true })
      cpSync(model, folder, { recursive: true })
      const args = [victim, folder, name, String(to), String(step)]
      const { signal, status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
      if (signal === null) {
        expect(status, stderr).toBe(0)
        break
      }
      kills++
      removeTemporaryFiles(dataFiles(folder))
      const opened = openCase(file, folder, to, open)
      expect([opened.recoveredFrom, userVersion(opened.db)], `before step ${step}`).toEqual([null, to])
      if (name === 'madeUp') expect(contentOf(opened.db)).toEqual(before)
      expect(opened.db.pragma('integrity_check', { simple: true })).toBe('ok')
      opened.db.close()

      const { backups } = dataFiles(folder)
      const oldest = readdirSync(backups).filter((backup) => backup.includes(`-v${from}`))
      expect(oldest.length, `before step ${step}`).toBeGreaterThan(0)
      for (const backup of oldest) {
        const copy = open(join(backups, backup))
        expect([userVersion(copy), contentOf(copy)]).toEqual([from, before])
        copy.close()
      }
    }
    expect(kills).toBeGreaterThan(15 / STRIDE)
  },
  300_000
)

/**
 * The victim of configuration-crash.test.ts: takes in a change of the configuration and is killed before the given step. Steps are
 * the changes to the file system and the statements of SQLite. Arguments: data folder, step.
 */
import BetterSqlite3 from 'better-sqlite3'
import { killAtStep } from './kill-at.ts'

const [folder = '', step = '0'] = process.argv.slice(2)
let next = (): void => undefined
const { ConsoleFile } = await import('./console-file.ts')
const { configurationCopies } = await import('./configuration-copies.ts')
const { dataFiles } = await import('./files.ts')
const { CHANGE, OPENED_AT_MS } = await import('./configuration-case.ts')

/** Counts each statement that runs, and BEGIN and COMMIT between them. */
function counted(path: string): BetterSqlite3.Database {
  const db = new BetterSqlite3(path)
  for (const method of ['exec', 'prepare', 'pragma'] as const) {
    const original = db[method].bind(db) as (...args: unknown[]) => unknown
    Object.assign(db, {
      [method]: (...args: unknown[]): unknown => {
        next()
        return original(...args)
      }
    })
  }
  return db
}

const console = ConsoleFile.open({
  files: dataFiles(folder),
  open: counted,
  nowMs: OPENED_AT_MS,
  report: () => undefined
})
next = killAtStep(Number(step))
await configurationCopies(folder, () => OPENED_AT_MS).write('{"before":true}\n')
console.changed(() => console.configuration.apply(CHANGE, OPENED_AT_MS))
process.exit(0)

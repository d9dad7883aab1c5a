/**
 * The victim of migrate-crash.test.ts: opens one file, which migrates it, and is killed before the given step. Steps are
 * the changes to the file system and the statements of SQLite. Arguments: data folder, case, version to lead to, step.
 */
import BetterSqlite3 from 'better-sqlite3'
import { killAtStep } from './kill-at.ts'

const [folder = '', name = '', version = '0', step = '0'] = process.argv.slice(2)
const next = killAtStep(Number(step))
const { migrationCase, openCase } = await import('./migrate-cases.ts')

/** Counts each statement; `transaction` runs its BEGIN and COMMIT between them. */
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

openCase(migrationCase(name), folder, Number(version), counted).db.close()

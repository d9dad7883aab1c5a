/** Configuration files in the data folder's backups: what was here before each import, the newest five. */
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ConfigurationCopies } from '../application/configuration-file/configuration-store.ts'
import { dataFiles, makeFolder, writeFileAtomically } from './files.ts'
import { asAppError } from './sqlite.ts'

const KEPT = 5
const NAME = /^configuration-\d{4}-.*\.json$/

/** Small files, and rarely: written without leaving the thread. */
export function configurationCopies(dataFolder: string, nowMs: () => number): ConfigurationCopies {
  const { backups } = dataFiles(dataFolder)
  return {
    async write(text) {
      const stamp = new Date(nowMs()).toISOString().replaceAll(/[:.]/g, '-')
      let path = join(backups, `configuration-${stamp}.json`)
      for (let again = 2; existsSync(path); again++)
        path = join(backups, `configuration-${stamp}-${String(again)}.json`)
      try {
        makeFolder(backups)
        writeFileAtomically(path, text)
        // By their names, in order of time; this one stays whatever the clock says.
        const others = readdirSync(backups).filter((name) => NAME.test(name) && join(backups, name) !== path)
        for (const old of others
          .toSorted()
          .toReversed()
          .slice(KEPT - 1))
          rmSync(join(backups, old), { force: true })
      } catch (error) {
        throw asAppError(error, { path })
      }
      return path
    }
  }
}

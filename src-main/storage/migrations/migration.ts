import type { Database } from '../sqlite.ts'

/**
 * One step of a file's schema. Runs in one transaction together with its user_version; never edited once released.
 * The file name's number is the user_version that it leads to.
 */
export interface Migration {
  readonly version: number
  readonly what: string
  up(db: Database): void
}

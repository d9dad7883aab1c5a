import type { Migration } from '../migration.ts'

/** The archive of reports. */
export const reports: Migration = {
  version: 3,
  what: 'reports',
  up(db) {
    db.exec(`
      CREATE TABLE report (
        id TEXT PRIMARY KEY,
        -- kind and first day of a scheduled one: made once, whatever the clock does; null = asked for
        schedule_key TEXT UNIQUE,
        -- Report of the contract as JSON; fields that come later have defaults there
        record TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;
    `)
  }
}

import type { Migration } from '../migration.ts'

/** Access logs with the place up to which each was read, and what was counted of them by the day. */
export const webTraffic: Migration = {
  version: 5,
  what: 'web-traffic',
  up(db) {
    db.exec(`
      -- state: how far it was read, as JSON of the application; written in the transaction that adds what was read.
      -- revision goes up with each: whoever writes says on which one it is based.
      CREATE TABLE web_log (
        id INTEGER PRIMARY KEY,
        server INTEGER NOT NULL,
        path TEXT NOT NULL,
        revision INTEGER NOT NULL,
        state TEXT NOT NULL,
        UNIQUE (server, path)
      ) STRICT;

      -- kind: domain, client, status, result (Squid's word), hour (00 to 23). key '' = folded, because the day had too many.
      -- day: of web servers' logs the log's own date, of Squid's the operator's.
      CREATE TABLE web_total (
        log INTEGER NOT NULL,
        kind TEXT NOT NULL,
        day TEXT NOT NULL,
        key TEXT NOT NULL,
        visits INTEGER NOT NULL,
        judged INTEGER NOT NULL,
        hits INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        timed INTEGER NOT NULL,
        response_ms REAL NOT NULL,
        status_1xx INTEGER NOT NULL,
        status_2xx INTEGER NOT NULL,
        status_3xx INTEGER NOT NULL,
        status_4xx INTEGER NOT NULL,
        status_5xx INTEGER NOT NULL,
        status_other INTEGER NOT NULL,
        PRIMARY KEY (log, kind, day, key)
      ) STRICT, WITHOUT ROWID;
    `)
  }
}

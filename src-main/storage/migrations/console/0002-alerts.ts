import type { Migration } from '../migration.ts'

/**
 * Rules, alerts, what keeps quiet. The contract's objects stand as JSON, as servers do: fields that come later have defaults
 * there; beside it stands what is asked for.
 */
export const alerts: Migration = {
  version: 2,
  what: 'alerts',
  up(db) {
    db.exec(`
      -- AlertRule
      CREATE TABLE alert_rule (id TEXT PRIMARY KEY, rule TEXT NOT NULL) STRICT;

      CREATE TABLE alert (
        id TEXT PRIMARY KEY,
        rule_id TEXT NOT NULL,
        server_id TEXT NOT NULL,
        vm_uuid TEXT,
        level TEXT NOT NULL CHECK (level IN ('RED', 'AMBER')),
        raised_at_ms INTEGER NOT NULL,
        -- NULL = it lasts
        ended_at_ms INTEGER,
        -- 1 = over, and nothing more is to be told of it
        settled INTEGER NOT NULL CHECK (settled IN (0, 1)),
        -- Alert
        alert TEXT NOT NULL,
        -- what the console needs to go on with it: application/alerts/alert-store.ts
        going_on TEXT
      ) STRICT;
      CREATE INDEX alert_by_time ON alert (raised_at_ms, id);
      CREATE INDEX alert_by_server ON alert (server_id, raised_at_ms, id);
      CREATE INDEX alert_by_vm ON alert (vm_uuid, raised_at_ms, id) WHERE vm_uuid IS NOT NULL;
      CREATE INDEX alert_by_rule ON alert (rule_id, raised_at_ms, id);
      CREATE INDEX alert_by_end ON alert (ended_at_ms) WHERE ended_at_ms IS NOT NULL;
      CREATE INDEX alert_not_settled ON alert (id) WHERE settled = 0;

      -- Silence, Maintenance
      CREATE TABLE alert_silence (id TEXT PRIMARY KEY, silence TEXT NOT NULL) STRICT;
      CREATE TABLE alert_maintenance (id TEXT PRIMARY KEY, maintenance TEXT NOT NULL) STRICT;

      -- which presets were brought, when the console last looked, which VMs should run
      CREATE TABLE alert_memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    `)
  }
}

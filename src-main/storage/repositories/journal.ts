/** The operation journal. A row stands before the command is sent (synchronous=FULL), its end after the answer. */
import { JournalEntry } from '#contract/activity.ts'
import { AppError } from '#contract/errors.ts'
import type { JournalStore } from '../../application/storage.ts'
import type { Database } from '../sqlite.ts'

interface SqlRow {
  id: number
  at_ms: number
  server_id: string
  server_name: string
  vm_uuid: string | null
  vm_name: string | null
  action: string
  command: string
  outcome: string
  exit_code: number | null
  stderr: string
  duration_ms: number | null
}

export class JournalRepository {
  private readonly db: Database

  constructor(db: Database) {
    this.db = db
  }

  /** What a former run sent and never heard the end of. Returns how many there were. */
  markPendingUnknown(): number {
    return this.db.prepare("UPDATE journal SET outcome = 'unknown' WHERE outcome = 'pending'").run().changes
  }

  begin(entry: Parameters<JournalStore['begin']>[0]): JournalEntry {
    const done = this.db
      .prepare(
        `INSERT INTO journal (at_ms, server_id, server_name, vm_uuid, vm_name, action, command, outcome)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'pending')`
      )
      .run(
        entry.atMs,
        entry.serverId,
        entry.serverName,
        entry.vmUuid,
        entry.vmName,
        entry.action,
        entry.command
      )
    return this.get(Number(done.lastInsertRowid))
  }

  /** Throws notFound. */
  end(id: number, result: Parameters<JournalStore['end']>[1]): JournalEntry {
    this.db
      .prepare('UPDATE journal SET outcome = ?, exit_code = ?, stderr = ?, duration_ms = ? WHERE id = ?')
      .run(result.outcome, result.exitCode, result.stderr, result.durationMs, id)
    return this.get(id)
  }

  /** Newest first. */
  list(query: Parameters<JournalStore['list']>[0]): JournalEntry[] {
    const conditions = ['id < ?']
    const values: (string | number)[] = [query.beforeId ?? Number.MAX_SAFE_INTEGER]
    if (query.serverId !== undefined) {
      conditions.push('server_id = ?')
      values.push(query.serverId)
    }
    if (query.vmUuid !== undefined) {
      conditions.push('vm_uuid = ?')
      values.push(query.vmUuid)
    }
    return this.db
      .prepare<(string | number)[], SqlRow>(
        `SELECT * FROM journal WHERE ${conditions.join(' AND ')} ORDER BY id DESC LIMIT ?`
      )
      .all(...values, query.limit)
      .map(fromRow)
  }

  private get(id: number): JournalEntry {
    const row = this.db.prepare<[number], SqlRow>('SELECT * FROM journal WHERE id = ?').get(id)
    if (row === undefined) throw new AppError('notFound', { params: { journalId: id } })
    return fromRow(row)
  }
}

function fromRow(row: SqlRow): JournalEntry {
  return JournalEntry.parse({
    id: row.id,
    atMs: row.at_ms,
    serverId: row.server_id,
    serverName: row.server_name,
    vmUuid: row.vm_uuid,
    vmName: row.vm_name,
    action: row.action,
    command: row.command,
    outcome: row.outcome,
    exitCode: row.exit_code,
    stderr: row.stderr,
    durationMs: row.duration_ms
  })
}

/** The server list. Kept twice: in the console database and, after every change, in servers.json. */
import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { ServerFacts, ServerRecord } from '#contract/servers.ts'
import { AtMs } from '#contract/units.ts'
import { writeFileAtomically } from '../files.ts'
import { DamagedContent } from '../open-file.ts'
import type { Report } from '../protocol.ts'
import type { Database } from '../sqlite.ts'

/** A server without its newest values, which are in the history file. */
export interface ServerRow {
  readonly record: ServerRecord
  readonly facts: ServerFacts | null
  readonly factsAtMs: number | null
  readonly lastGoodAddress: string | null
}

interface SqlRow {
  record: string
  facts: string | null
  facts_at_ms: number | null
  last_good_address: string | null
}

const ServersFile = z.object({
  format: z.literal('virthelm-servers'),
  version: z.literal(1),
  servers: z.array(
    z.object({
      record: ServerRecord,
      facts: ServerFacts.nullable().catch(null),
      factsAtMs: AtMs.nullable().catch(null),
      lastGoodAddress: z.string().nullable().catch(null)
    })
  )
})

/** Names are unique whatever their case and however their letters are composed. */
function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase()
}

export class ServerRepository {
  private readonly db: Database
  private readonly jsonPath: string
  private readonly report: Report

  constructor(db: Database, jsonPath: string, report: Report) {
    this.db = db
    this.jsonPath = jsonPath
    this.report = report
  }

  /** In order of adding. Throws DamagedContent when a record cannot be read. */
  list(): ServerRow[] {
    const rows = this.db
      .prepare<[], SqlRow>('SELECT record, facts, facts_at_ms, last_good_address FROM server ORDER BY rowid')
      .all()
    return rows.map((row) => ({
      record: parseRecord(row.record),
      facts: row.facts === null ? null : (ServerFacts.safeParse(json(row.facts)).data ?? null),
      factsAtMs: row.facts_at_ms,
      lastGoodAddress: row.last_good_address
    }))
  }

  /** Throws conflict (`field`: name or id). */
  insert(record: ServerRecord): void {
    this.refuseTakenName(record)
    const known = this.db.prepare('SELECT 1 FROM server WHERE id = ?').get(record.id)
    if (known !== undefined) throw new AppError('conflict', { params: { field: 'id', value: record.id } })
    this.db
      .prepare('INSERT INTO server (id, name_key, record) VALUES (?, ?, ?)')
      .run(record.id, nameKey(record.name), JSON.stringify(record))
    this.exportJson()
  }

  /** All of them or none. Throws notFound, conflict. */
  update(records: readonly ServerRecord[]): void {
    const write = this.db.prepare('UPDATE server SET name_key = ?, record = ? WHERE id = ?')
    const updateAll = this.db.transaction(() => {
      for (const record of records) {
        this.refuseTakenName(record)
        const done = write.run(nameKey(record.name), JSON.stringify(record), record.id)
        if (done.changes === 0) throw new AppError('notFound', { params: { serverId: record.id } })
      }
    })
    updateAll.immediate()
    this.exportJson()
  }

  /** All of them or none. Throws notFound. */
  remove(serverIds: readonly ServerId[]): void {
    const erase = this.db.prepare('DELETE FROM server WHERE id = ?')
    const removeAll = this.db.transaction(() => {
      for (const serverId of serverIds) {
        if (erase.run(serverId).changes === 0) throw new AppError('notFound', { params: { serverId } })
      }
    })
    removeAll.immediate()
    this.exportJson()
  }

  /**
   * Puts some and removes some; within a transaction of the caller, who exports the JSON after it. Names may change hands among
   * them. Throws conflict (`field`: name).
   */
  replaceSome(put: readonly ServerRecord[], removed: readonly ServerId[]): void {
    const remove = this.db.prepare('DELETE FROM server WHERE id = ?')
    for (const id of removed) remove.run(id)
    // No name has a line break: nothing can be in the way of these.
    const vacate = this.db.prepare('UPDATE server SET name_key = char(10) || id WHERE id = ?')
    for (const { id } of put) vacate.run(id)
    const write = this.db.prepare(
      `INSERT INTO server (id, name_key, record) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET name_key = excluded.name_key, record = excluded.record`
    )
    for (const record of put) {
      this.refuseTakenName(record)
      write.run(record.id, nameKey(record.name), JSON.stringify(record))
    }
  }

  /** Facts of a server that is gone meanwhile are dropped. */
  saveFacts(serverId: ServerId, facts: ServerFacts, atMs: number): void {
    const done = this.db
      .prepare('UPDATE server SET facts = ?, facts_at_ms = ? WHERE id = ?')
      .run(JSON.stringify(facts), atMs, serverId)
    if (done.changes > 0) this.exportJson()
  }

  saveLastGoodAddress(serverId: ServerId, address: string): void {
    const done = this.db
      .prepare('UPDATE server SET last_good_address = ? WHERE id = ? AND last_good_address IS NOT ?')
      .run(address, serverId, address)
    if (done.changes > 0) this.exportJson()
  }

  /**
   * Makes the list what servers.json says: it is written after every change, so it is at least as new as any backup.
   * Returns the number of servers, or null when there is no readable file.
   */
  restoreFromJson(): number | null {
    if (!existsSync(this.jsonPath)) return null
    const file = ServersFile.safeParse(json(readFileSync(this.jsonPath, 'utf8')))
    if (!file.success) {
      this.report('warn', 'storage.serversJsonUnreadable', {}, file.error)
      return null
    }
    const insert = this.db.prepare(
      `INSERT OR IGNORE INTO server (id, name_key, record, facts, facts_at_ms, last_good_address)
       VALUES (?, ?, ?, ?, ?, ?)`
    )
    const replace = this.db.transaction(() => {
      this.db.exec('DELETE FROM server')
      for (const { record, facts, factsAtMs, lastGoodAddress } of file.data.servers) {
        const factsText = facts === null ? null : JSON.stringify(facts)
        insert.run(
          record.id,
          nameKey(record.name),
          JSON.stringify(record),
          factsText,
          factsAtMs,
          lastGoodAddress
        )
      }
    })
    replace.immediate()
    return file.data.servers.length
  }

  /** The database has the change already; a JSON file that cannot be written is reported, not thrown. */
  exportJson(): void {
    const content: z.infer<typeof ServersFile> = {
      format: 'virthelm-servers',
      version: 1,
      servers: this.list()
    }
    try {
      writeFileAtomically(this.jsonPath, `${JSON.stringify(content, null, 2)}\n`)
    } catch (error) {
      this.report('warn', 'storage.serversJsonNotWritten', {}, error)
    }
  }

  private refuseTakenName(record: ServerRecord): void {
    const taken = this.db
      .prepare('SELECT 1 FROM server WHERE name_key = ? AND id <> ?')
      .get(nameKey(record.name), record.id)
    if (taken !== undefined) throw new AppError('conflict', { params: { field: 'name', value: record.name } })
  }
}

function json(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function parseRecord(text: string): ServerRecord {
  const record = ServerRecord.safeParse(json(text))
  if (!record.success) throw new DamagedContent('a server record is unreadable', { cause: record.error })
  return record.data
}

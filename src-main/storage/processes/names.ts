/** Who the processes of the history were: one row for each name that a process had. */
import type { PastProcess, ProcessRef } from '#contract/processes.ts'
import type { Database } from '../sqlite.ts'
import type { ProcessNames } from './values.ts'

/** Rows kept in memory; they are asked for with every reading. */
const MAX_KEPT = 20_000
/** How far a row's last time may lie behind: it is for retention, which counts in hours. */
const LAST_STEP_MS = 600_000

export interface NamedProcess extends ProcessNames {
  readonly id: number
}

interface NameRow {
  id: number
  pid: number
  start_ticks: number
  started_at_ms: number
  name: string
  command_line: string | null
  user_name: string | null
  last_at_ms: number
}

const COLUMNS = 'id, pid, start_ticks, started_at_ms, name, command_line, user_name, last_at_ms'

export class ProcessNamesTable {
  private readonly db: Database
  private readonly ids = new Map<string, { readonly id: number; lastAtMs: number }>()

  constructor(db: Database) {
    this.db = db
  }

  /** Within a transaction: the id of the process under this name, made when it is new. */
  idOf(server: number, process: PastProcess, atMs: number): number {
    const { pid, startTicks, name, commandLine, user } = process
    const key = JSON.stringify([server, pid, startTicks, name, commandLine, user])
    const known = this.ids.get(key) ?? this.find(server, process)
    if (known !== null) {
      if (atMs - known.lastAtMs >= LAST_STEP_MS) {
        this.db.prepare('UPDATE process SET last_at_ms = ? WHERE id = ?').run(atMs, known.id)
        known.lastAtMs = atMs
      }
      this.keep(key, known)
      return known.id
    }
    const done = this.db
      .prepare(
        `INSERT INTO process (server, pid, start_ticks, started_at_ms, name, command_line, user_name, last_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`
      )
      .run(server, pid, startTicks, process.startedAtMs, name, commandLine, user, atMs)
    const made = { id: Number(done.lastInsertRowid), lastAtMs: atMs }
    this.keep(key, made)
    return made.id
  }

  get(id: number): NamedProcess | null {
    const row = this.db.prepare<[number], NameRow>(`SELECT ${COLUMNS} FROM process WHERE id = ?`).get(id)
    return row === undefined ? null : namesOf(row)
  }

  /** All that one process was called. */
  ofProcess(server: number, { pid, startTicks }: ProcessRef): NamedProcess[] {
    return this.db
      .prepare<[number, number, number], NameRow>(
        `SELECT ${COLUMNS} FROM process WHERE server = ? AND pid = ? AND start_ticks = ? ORDER BY id`
      )
      .all(server, pid, startTicks)
      .map(namesOf)
  }

  /** What is in memory may not be in the file any more. */
  forget(): void {
    this.ids.clear()
  }

  private find(server: number, process: PastProcess): { id: number; lastAtMs: number } | null {
    const { pid, startTicks, name, commandLine, user } = process
    const row = this.db
      .prepare<[number, number, number, string, string | null, string | null], NameRow>(
        `SELECT ${COLUMNS} FROM process
         WHERE server = ? AND pid = ? AND start_ticks = ? AND name = ? AND command_line IS ? AND user_name IS ?`
      )
      .get(server, pid, startTicks, name, commandLine, user)
    return row === undefined ? null : { id: row.id, lastAtMs: row.last_at_ms }
  }

  private keep(key: string, entry: { readonly id: number; lastAtMs: number }): void {
    if (this.ids.size >= MAX_KEPT) this.ids.clear()
    this.ids.set(key, entry)
  }
}

const namesOf = (row: NameRow): NamedProcess => ({
  id: row.id,
  pid: row.pid,
  startTicks: row.start_ticks,
  startedAtMs: row.started_at_ms,
  name: row.name,
  commandLine: row.command_line,
  user: row.user_name
})

/**
 * Where raw ticks are read from. Today: the tail, its newest part from memory. When hours are sealed into chunks, a
 * reader over chunks and tail takes this place; nothing else reads raw rows.
 */
import type { Database, Statement } from '../sqlite.ts'
import { isSoundRow } from './codec.ts'
import { tailAtMs, tailKey } from './keys.ts'
import type { Mirror } from './mirror.ts'

export interface RawRow {
  readonly atMs: number
  /** As packed by codec.ts; sound. */
  readonly data: Uint8Array
}

export interface RawReader {
  /** Rows of one server with fromMs ≤ atMs < toMs in order of time, at most `limit`. */
  read(serverNumber: number, fromMs: number, toMs: number, limit: number): RawRow[]
  /** The newest rows of one server, newest first. */
  newest(serverNumber: number, limit: number): RawRow[]
}

interface TailRow {
  id: number
  data: Buffer
}

export class TailReader implements RawReader {
  private readonly mirror: Mirror
  private readonly range: Statement<[number, number, number, number], TailRow>
  private readonly last: Statement<[number, number], TailRow>
  private readonly onDamagedRow: () => void

  constructor(db: Database, mirror: Mirror, onDamagedRow: () => void) {
    this.mirror = mirror
    this.onDamagedRow = onDamagedRow
    this.range = db.prepare(
      `SELECT id, data FROM tail INDEXED BY tail_by_server
       WHERE server = ? AND id >= ? AND id < ? ORDER BY id LIMIT ?`
    )
    this.last = db.prepare(
      'SELECT id, data FROM tail INDEXED BY tail_by_server WHERE server = ? ORDER BY id DESC LIMIT ?'
    )
  }

  read(serverNumber: number, fromMs: number, toMs: number, limit: number): RawRow[] {
    const coveredFromMs = this.mirror.coveredFromMs
    if (fromMs >= coveredFromMs) return this.mirror.read(serverNumber, fromMs, toMs, limit)
    const diskToMs = Math.min(toMs, coveredFromMs)
    const stored = this.range.all(
      serverNumber,
      tailKey(0, fromMs),
      tailKey(0, diskToMs),
      Math.min(limit, 2 ** 31)
    )
    const found = this.sound(stored)
    // A damaged row was left out above; the limit counts rows that were read.
    if (stored.length < limit && toMs > coveredFromMs) {
      for (const row of this.mirror.read(serverNumber, coveredFromMs, toMs, limit - stored.length))
        found.push(row)
    }
    return found
  }

  newest(serverNumber: number, limit: number): RawRow[] {
    const recent = this.mirror.newest(serverNumber, limit)
    return recent.length > 0 ? recent : this.sound(this.last.all(serverNumber, limit))
  }

  private sound(stored: readonly TailRow[]): RawRow[] {
    const found: RawRow[] = []
    for (const row of stored) {
      if (isSoundRow(row.data)) found.push({ atMs: tailAtMs(row.id), data: row.data })
      else this.onDamagedRow()
    }
    return found
  }
}

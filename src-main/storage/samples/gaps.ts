/** Why a series has no values for a while. At most one gap per server is open. */
import type { HistoryGap } from '#contract/history.ts'
import { ServerId } from '#contract/ids.ts'
import { GapReason } from '#contract/vocabulary.ts'
import type { Database, Statement } from '../sqlite.ts'
import type { Registry, ServerEntry } from './registry.ts'

interface GapRow {
  id: number
  from_ms: number
  to_ms: number | null
  reason: string
}

export class Gaps {
  private readonly db: Database
  private readonly openOf: Statement<[number], GapRow>
  private readonly registry: Registry
  private readonly openedAtMs: number
  /** Servers whose ticks were refused because the disk was full. */
  private readonly refused = new Set<number>()

  constructor(db: Database, registry: Registry, openedAtMs: number) {
    this.db = db
    this.registry = registry
    this.openedAtMs = openedAtMs
    this.openOf = db.prepare('SELECT id, from_ms, to_ms, reason FROM gap WHERE server = ? AND to_ms IS NULL')
  }

  /**
   * At start: from each server's last tick on the console was closed, until its first new tick (or the application says
   * otherwise). A gap that was open when the console ended is closed where the console is last known to have run.
   */
  consoleWasClosed(aliveUntilMs: number): void {
    const write = this.db.transaction(() => {
      for (const server of this.registry.all()) {
        const open = this.openOf.get(server.number)
        if (open === undefined) {
          if (server.lastAtMs !== null) this.insert(server.number, server.lastAtMs, null, 'consoleClosed')
        } else if (open.reason !== 'consoleClosed') {
          const endMs = Math.max(open.from_ms, aliveUntilMs)
          this.close(open, endMs)
          this.insert(server.number, endMs, null, 'consoleClosed')
        }
      }
    })
    write.immediate()
  }

  /**
   * Idempotent; the open gap keeps its start and changes its reason. But the time for which the console was closed stays
   * that: the new reason holds from when this console was opened.
   */
  begin(server: ServerEntry, fromAtMs: number, reason: GapReason): void {
    const open = this.openOf.get(server.number)
    if (open === undefined) {
      this.insert(server.number, fromAtMs, null, reason)
    } else if (open.reason === 'consoleClosed' && reason !== 'consoleClosed') {
      const startMs = Math.max(fromAtMs, this.openedAtMs, open.from_ms)
      this.close(open, startMs)
      this.insert(server.number, startMs, null, reason)
    } else if (open.reason !== reason) {
      this.db.prepare('UPDATE gap SET reason = ? WHERE id = ?').run(reason, open.id)
    }
  }

  end(server: ServerEntry, toAtMs: number): void {
    const open = this.openOf.get(server.number)
    if (open !== undefined) this.close(open, toAtMs)
  }

  /** In the transaction of a tick: ends what only a tick can end. */
  onTick(server: ServerEntry, atMs: number): void {
    if (this.refused.size > 0 && this.refused.delete(server.number)) this.diskWasFull(server, atMs)
    const open = this.openOf.get(server.number)
    if (open?.reason !== 'consoleClosed') return
    // A restart between two ticks is no gap.
    const shortMs = 2.5 * Math.max(server.spacingMs ?? 0, 2_000)
    this.close(open, atMs - open.from_ms <= shortMs ? open.from_ms : atMs)
  }

  onRefused(server: ServerEntry): void {
    this.refused.add(server.number)
  }

  /** Gaps that touch the range, in order of time. */
  list(server: ServerEntry, fromAtMs: number, toAtMs: number): HistoryGap[] {
    const rows = this.db
      .prepare<[number, number, number], GapRow>(
        `SELECT id, from_ms, to_ms, reason FROM gap
         WHERE server = ? AND from_ms < ? AND (to_ms IS NULL OR to_ms > ?) ORDER BY from_ms`
      )
      .all(server.number, toAtMs, fromAtMs)
    return rows.flatMap((row) => {
      const reason = GapReason.safeParse(row.reason)
      if (!reason.success) return []
      const serverId = ServerId.parse(server.serverId)
      return [{ serverId, vmUuid: null, fromAtMs: row.from_ms, toAtMs: row.to_ms, reason: reason.data }]
    })
  }

  private diskWasFull(server: ServerEntry, atMs: number): void {
    if (server.lastAtMs === null || server.lastAtMs >= atMs) return
    const open = this.openOf.get(server.number)
    if (open !== undefined && open.reason !== 'consoleClosed') return
    const startMs = open === undefined ? server.lastAtMs : Math.max(open.from_ms, this.openedAtMs)
    if (startMs >= atMs) return
    if (open !== undefined) this.close(open, startMs)
    this.insert(server.number, startMs, atMs, 'storageFull')
  }

  private insert(serverNumber: number, fromMs: number, toMs: number | null, reason: GapReason): void {
    this.db
      .prepare('INSERT INTO gap (server, from_ms, to_ms, reason) VALUES (?, ?, ?, ?)')
      .run(serverNumber, fromMs, toMs, reason)
  }

  /** An empty gap is dropped. */
  private close(gap: GapRow, toMs: number): void {
    if (toMs <= gap.from_ms) this.db.prepare('DELETE FROM gap WHERE id = ?').run(gap.id)
    else this.db.prepare('UPDATE gap SET to_ms = ? WHERE id = ?').run(toMs, gap.id)
  }
}

/** Why a series has no values for a while. At most one gap is open of each server, and of each of its VMs. */
import type { HistoryGap } from '#contract/history.ts'
import { ServerId, VmUuid } from '#contract/ids.ts'
import { GapReason } from '#contract/vocabulary.ts'
import type { Database, Statement } from '../sqlite.ts'
import { entityName } from './catalogue.ts'
import type { Registry, ServerEntry } from './registry.ts'

interface GapRow {
  id: number
  server: number
  entity: number | null
  from_ms: number
  to_ms: number | null
  reason: string
}

/** The open gap of a server, or of one of its VMs. */
function ownerKey(serverNumber: number, entityId: number | null): string {
  return `${serverNumber} ${entityId ?? 0}`
}

export class Gaps {
  private readonly db: Database
  private readonly registry: Registry
  private readonly openedAtMs: number
  private readonly inRange: Statement<[number, number, number], GapRow & { key: string | null }>
  /** Asked at every tick, so in memory. */
  private readonly open = new Map<string, GapRow>()
  /** Servers whose ticks were refused because the disk was full. */
  private readonly refused = new Set<number>()

  constructor(db: Database, registry: Registry, openedAtMs: number) {
    this.db = db
    this.registry = registry
    this.openedAtMs = openedAtMs
    this.inRange = db.prepare(
      `SELECT gap.*, entity.key FROM gap LEFT JOIN entity ON entity.id = gap.entity
       WHERE gap.server = ? AND from_ms < ? AND (to_ms IS NULL OR to_ms > ?) ORDER BY from_ms`
    )
    this.load()
  }

  /** Reads open gaps anew: at start, and when a transaction that changed some was taken back. */
  load(): void {
    this.open.clear()
    for (const row of this.db.prepare<[], GapRow>('SELECT * FROM gap WHERE to_ms IS NULL').all())
      this.open.set(ownerKey(row.server, row.entity), row)
  }

  /**
   * At start: from each server's last tick on the console was closed, until its first new tick (or the application says
   * otherwise). A gap that was open when the console ended is closed where the console is last known to have run; of a
   * VM that was not collected it stays open, since what the operator stopped stays stopped.
   */
  consoleWasClosed(aliveUntilMs: number): void {
    const write = this.db.transaction(() => {
      for (const server of this.registry.all()) {
        const open = this.openOf(server)
        if (open === undefined) {
          if (server.lastAtMs !== null) this.insert(server, null, server.lastAtMs, null, 'consoleClosed')
        } else if (open.reason !== 'consoleClosed') {
          const endMs = Math.max(open.from_ms, aliveUntilMs)
          this.close(open, endMs)
          this.insert(server, null, endMs, null, 'consoleClosed')
        }
      }
      for (const gap of [...this.open.values()]) {
        if (gap.entity !== null && gap.reason !== 'collectionStopped')
          this.close(gap, Math.max(gap.from_ms, aliveUntilMs))
      }
    })
    write.immediate()
  }

  /**
   * Idempotent; the open gap keeps its start and changes its reason. But the time for which the console was closed stays
   * that: the new reason holds from when this console was opened. A VM without any values has no gap.
   */
  begin(server: ServerEntry, fromAtMs: number, reason: GapReason, vmUuid: VmUuid | null): void {
    const entityId = this.entityOf(server, vmUuid)
    if (entityId === undefined) return
    const open = this.open.get(ownerKey(server.number, entityId))
    if (open === undefined) {
      this.insert(server, entityId, fromAtMs, null, reason)
    } else if (open.reason === 'consoleClosed' && reason !== 'consoleClosed') {
      const startMs = Math.max(fromAtMs, this.openedAtMs, open.from_ms)
      this.close(open, startMs)
      this.insert(server, entityId, startMs, null, reason)
    } else if (open.reason !== reason) {
      this.db.prepare('UPDATE gap SET reason = ? WHERE id = ?').run(reason, open.id)
      open.reason = reason
    }
  }

  end(server: ServerEntry, toAtMs: number, vmUuid: VmUuid | null): void {
    const entityId = this.entityOf(server, vmUuid)
    const open = entityId === undefined ? undefined : this.open.get(ownerKey(server.number, entityId))
    if (open !== undefined) this.close(open, toAtMs)
  }

  /** In the transaction of a tick: ends what only a tick can end. */
  onTick(server: ServerEntry, atMs: number): void {
    if (this.refused.size > 0 && this.refused.delete(server.number)) this.diskWasFull(server, atMs)
    const open = this.openOf(server)
    if (open?.reason !== 'consoleClosed') return
    // A restart between two ticks is no gap.
    const shortMs = 2.5 * Math.max(server.spacingMs ?? 0, 2_000)
    this.close(open, atMs - open.from_ms <= shortMs ? open.from_ms : atMs)
  }

  onRefused(server: ServerEntry): void {
    this.refused.add(server.number)
  }

  /** The server is being deleted. */
  forget(serverNumber: number): void {
    for (const [key, { server }] of this.open) if (server === serverNumber) this.open.delete(key)
  }

  /** Gaps that touch the range, of the server and its VMs, in order of time. */
  list(server: ServerEntry, fromAtMs: number, toAtMs: number): HistoryGap[] {
    const rows = this.inRange.all(server.number, toAtMs, fromAtMs)
    return rows.flatMap((row) => {
      const reason = GapReason.safeParse(row.reason)
      const vmUuid = VmUuid.nullable().safeParse(row.key)
      if (!reason.success || !vmUuid.success || (row.entity !== null && vmUuid.data === null)) return []
      const serverId = ServerId.parse(server.serverId)
      return [
        { serverId, vmUuid: vmUuid.data, fromAtMs: row.from_ms, toAtMs: row.to_ms, reason: reason.data }
      ]
    })
  }

  private openOf(server: ServerEntry): GapRow | undefined {
    return this.open.get(ownerKey(server.number, null))
  }

  /** null = the whole server; undefined = a VM that never had a value. */
  private entityOf(server: ServerEntry, vmUuid: VmUuid | null): number | null | undefined {
    return vmUuid === null ? null : server.entities.get(entityName('vm', vmUuid))?.id
  }

  private diskWasFull(server: ServerEntry, atMs: number): void {
    if (server.lastAtMs === null || server.lastAtMs >= atMs) return
    const open = this.openOf(server)
    if (open !== undefined && open.reason !== 'consoleClosed') return
    const startMs = open === undefined ? server.lastAtMs : Math.max(open.from_ms, this.openedAtMs)
    if (startMs >= atMs) return
    if (open !== undefined) this.close(open, startMs)
    this.insert(server, null, startMs, atMs, 'storageFull')
  }

  private insert(
    { number: server }: ServerEntry,
    entity: number | null,
    from_ms: number,
    to_ms: number | null,
    reason: GapReason
  ): void {
    const done = this.db
      .prepare('INSERT INTO gap (server, entity, from_ms, to_ms, reason) VALUES (?, ?, ?, ?, ?)')
      .run(server, entity, from_ms, to_ms, reason)
    if (to_ms !== null) return
    const id = Number(done.lastInsertRowid)
    this.open.set(ownerKey(server, entity), { id, server, entity, from_ms, to_ms, reason })
  }

  /** An empty gap is dropped. */
  private close(gap: GapRow, toMs: number): void {
    if (toMs <= gap.from_ms) this.db.prepare('DELETE FROM gap WHERE id = ?').run(gap.id)
    else this.db.prepare('UPDATE gap SET to_ms = ? WHERE id = ?').run(toMs, gap.id)
    this.open.delete(ownerKey(gap.server, gap.entity))
  }
}

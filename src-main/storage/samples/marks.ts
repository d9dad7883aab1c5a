/** What happened when: events for the time axis, one row each. */
import { HistoryEvent, type HistoryMark } from '#contract/history.ts'
import { ServerId } from '#contract/ids.ts'
import type { HistoryStore } from '../../application/storage.ts'
import type { Database } from '../sqlite.ts'
import type { Registry } from './registry.ts'

interface MarkRow {
  server: number
  at_ms: number
  event: string
}

export class Marks {
  private readonly db: Database
  private readonly registry: Registry

  constructor(db: Database, registry: Registry) {
    this.db = db
    this.registry = registry
  }

  /** Throws notFound for a server whose history is being deleted. */
  add({ serverId, atMs, event }: HistoryMark): void {
    const write = this.db.transaction(() => {
      const { number } = this.registry.ensureServer(serverId)
      this.db
        .prepare('INSERT INTO mark (server, at_ms, event) VALUES (?, ?, ?)')
        .run(number, atMs, JSON.stringify(event))
    })
    this.registry.inTransaction(() => write.immediate())
  }

  /** In order of time; of more than `limit` the newest. */
  list({ serverIds, fromAtMs, toAtMs, limit }: Parameters<HistoryStore['marks']>[0]): HistoryMark[] {
    const numbers = serverIds.flatMap((serverId) => this.registry.find(serverId)?.number ?? [])
    const rows = this.db
      .prepare<[string, number, number, number], MarkRow>(
        `SELECT server, at_ms, event FROM mark
         WHERE server IN (SELECT value FROM json_each(?)) AND at_ms >= ? AND at_ms < ?
         ORDER BY at_ms DESC, id DESC LIMIT ?`
      )
      .all(JSON.stringify(numbers), fromAtMs, toAtMs, limit)
    return rows.toReversed().flatMap((row) => {
      const server = this.registry.numbered(row.server)
      // An event of another version of the console that this one does not know.
      const event = HistoryEvent.safeParse(JSON.parse(row.event))
      if (server === undefined || !event.success) return []
      return [{ serverId: ServerId.parse(server.serverId), atMs: row.at_ms, event: event.data }]
    })
  }
}

/** Sums by the day: one row per thing, name and date of the operator. Added to, never rewritten. */
import { ServerId } from '#contract/ids.ts'
import type { DayTotal, DayTotalsQuery } from '../../application/storage.ts'
import type { Database } from '../sqlite.ts'
import type { Registry } from './registry.ts'

interface TotalRow {
  server: number
  kind: DayTotal['kind']
  key: string
  name: string
  day: string
  total: number
}

export class DayTotals {
  private readonly db: Database
  private readonly registry: Registry

  constructor(db: Database, registry: Registry) {
    this.db = db
    this.registry = registry
  }

  /** Adds each to its day's sum. Throws notFound for a server whose history is being deleted. */
  add(totals: readonly DayTotal[]): void {
    const write = this.db.transaction(() => this.addIn(totals))
    this.registry.inTransaction(() => write.immediate())
  }

  /** As `add`, in a transaction of the caller's. */
  addIn(totals: readonly DayTotal[]): void {
    const insert = this.db.prepare(
      `INSERT INTO day_total (server, kind, key, name, day, total) VALUES (?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET total = total + excluded.total`
    )
    for (const { serverId, kind, key, name, day, total } of totals)
      insert.run(this.registry.ensureServer(serverId).number, kind, key, name, day, total)
  }

  /** In order of server, key, name and day. */
  list({ serverIds, kind, names, fromDay, toDay }: DayTotalsQuery): DayTotal[] {
    const numbers = serverIds.flatMap((serverId) => this.registry.find(serverId)?.number ?? [])
    return this.db
      .prepare<[string, string, string, string, string], TotalRow>(
        `SELECT server, kind, key, name, day, total FROM day_total
         WHERE server IN (SELECT value FROM json_each(?)) AND kind = ?
           AND name IN (SELECT value FROM json_each(?)) AND day BETWEEN ? AND ?
         ORDER BY server, key, name, day`
      )
      .all(JSON.stringify(numbers), kind, JSON.stringify(names), fromDay, toDay)
      .flatMap(({ server, ...row }) => {
        const serverId = this.registry.numbered(server)?.serverId
        return serverId === undefined ? [] : [{ ...row, serverId: ServerId.parse(serverId) }]
      })
  }
}

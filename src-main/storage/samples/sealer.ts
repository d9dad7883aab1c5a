/**
 * Seals hours: writes the rollups of one server and hour, computed whole from its raw rows, in one transaction. A crash
 * before it leaves the hour in `unsealed`, and it is done at the next start; so a rollup always equals its raw rows.
 * (Chunks will be written in the same transaction.)
 */
import type { Database, Statement } from '../sqlite.ts'
import { codedKind } from './catalogue.ts'
import { HOUR_MS, MINUTE_MS, rollupKey, type RollupLevel } from './keys.ts'
import { lastNowOf } from './last-now.ts'
import type { RawReader } from './raw-reader.ts'
import type { EntityEntry, Registry, ServerEntry } from './registry.ts'
import { emptySlot, mergeRollup, rollUp, type SlotRollup } from './rollup.ts'

/** Ticks that are this late still find their hour open. */
const GRACE_MS = 60_000

export class Sealer {
  private readonly db: Database
  private readonly raw: RawReader
  private readonly registry: Registry
  private readonly hours = new Map<number, Set<number>>()
  private readonly statements = new Map<string, Statement>()

  constructor(db: Database, raw: RawReader, registry: Registry) {
    this.db = db
    this.raw = raw
    this.registry = registry
    const rows = db.prepare<[], { server: number; hour: number }>('SELECT server, hour FROM unsealed').all()
    for (const row of rows) this.noted(row.server, row.hour)
  }

  isUnsealed(serverNumber: number, hour: number): boolean {
    return this.hours.get(serverNumber)?.has(hour) ?? false
  }

  /** Hours of a server without (or with old) rollups. */
  unsealedHours(serverNumber: number): ReadonlySet<number> {
    return this.hours.get(serverNumber) ?? new Set()
  }

  /** Writes that the hour has new rows; in the caller's transaction. Call `noted` after its commit. */
  note(serverNumber: number, hour: number): void {
    if (this.isUnsealed(serverNumber, hour)) return
    this.db.prepare('INSERT OR IGNORE INTO unsealed (server, hour) VALUES (?, ?)').run(serverNumber, hour)
  }

  noted(serverNumber: number, hour: number): void {
    const hours = this.hours.get(serverNumber)
    if (hours === undefined) this.hours.set(serverNumber, new Set([hour]))
    else hours.add(hour)
  }

  forget(serverNumber: number): void {
    this.hours.delete(serverNumber)
  }

  /** The next hour that is over at `nowMs`, the oldest of its server first; null when none is. */
  nextDue(nowMs: number): { serverNumber: number; hour: number } | null {
    for (const [serverNumber, hours] of this.hours) {
      const hour = Math.min(...hours)
      if (hours.size > 0 && (hour + 1) * HOUR_MS + GRACE_MS <= nowMs) return { serverNumber, hour }
    }
    return null
  }

  /** Takes some 20 ms for a server with 20 VMs. */
  seal(serverNumber: number, hour: number): void {
    const server = this.registry.numbered(serverNumber)
    if (server === undefined) {
      this.forget(serverNumber)
      return
    }
    const rows = this.raw.read(serverNumber, hour * HOUR_MS, (hour + 1) * HOUR_MS, Infinity)
    const entities = new Map([...server.entities.values()].map((entity) => [entity.id, entity]))
    const codesOf = (id: number): number => {
      const entity = entities.get(id)
      return entity === undefined ? 0 : codedKind(entity.kind).maxCode + 1
    }
    const write = this.db.transaction(() => {
      const hours = new Map<EntityEntry, SlotRollup>()
      rollUp(rows, MINUTE_MS, codesOf, (id, minute) => {
        const entity = entities.get(id)
        if (entity === undefined) return
        this.insert('minute', entity, minute)
        const whole = hours.get(entity) ?? emptySlot(minute.count.length, hour)
        mergeRollup(whole, minute)
        hours.set(entity, whole)
      })
      for (const [entity, whole] of hours) this.insert('hour', entity, whole)
      this.db.prepare('DELETE FROM unsealed WHERE server = ? AND hour = ?').run(serverNumber, hour)
      this.registry.saveLastSeen(server)
      this.saveLastNow(server)
    })
    write.immediate()
    this.hours.get(serverNumber)?.delete(hour)
  }

  private saveLastNow(server: ServerEntry): void {
    const now = lastNowOf(server, this.raw)
    if (now === null) return
    this.db.prepare('UPDATE server SET last_now = ? WHERE number = ?').run(JSON.stringify(now), server.number)
  }

  private insert(level: RollupLevel, entity: EntityEntry, rollup: SlotRollup): void {
    const { metrics } = codedKind(entity.kind)
    const row: (number | null)[] = [rollupKey(entity.id, rollup.slot), rollup.samples]
    for (const { code } of metrics) {
      const count = rollup.count[code] ?? 0
      const sum = rollup.sum[code] ?? 0
      const min = rollup.min[code] ?? 0
      const max = rollup.max[code] ?? 0
      // NULL where it can be told from the others: most metrics are constant for a minute, and have all samples.
      const constant = min === max
      if (count === 0) row.push(null, null, null, null)
      else
        row.push(sum, constant ? null : min, constant ? null : max, count === rollup.samples ? null : count)
    }
    this.insertStatement(level, entity.kind).run(...row)
  }

  private insertStatement(level: RollupLevel, kind: EntityEntry['kind']): Statement {
    const table = `${level}_${kind}`
    const known = this.statements.get(table)
    if (known !== undefined) return known
    const columns = codedKind(kind).metrics.flatMap(({ code }) =>
      ['sum', 'min', 'max', 'count'].map((part) => `m${code}_${part}`)
    )
    const names = ['id', 'samples', ...columns]
    const statement = this.db.prepare(
      `INSERT OR REPLACE INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    )
    this.statements.set(table, statement)
    return statement
  }
}

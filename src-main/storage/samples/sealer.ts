/**
 * Seals hours: writes the chunk and the rollup of one server and hour in one transaction, from the columns in memory. A
 * crash before it leaves the hour in `unsealed`, and it is done at the next start; so a rollup always equals its samples.
 * Rows of the tail are removed later, all servers at once: they lie in order of time.
 */
import type { Database, Statement } from '../sqlite.ts'
import { ChunkWriter, type EntityHour } from './chunk-codec.ts'
import { CHUNK_PARTS, chunkKey, dayOf, HOUR_MS, SERVERS, tailAtMs, tailKey } from './keys.ts'
import { lastNowOf } from './last-now.ts'
import type { Pace } from './pace.ts'
import type { RawHours } from './raw-hours.ts'
import type { RecentHours } from './recent-hours.ts'
import type { EntityEntry, Registry, ServerEntry } from './registry.ts'
import { hourOfEntity, type SlotRollup } from './rollup.ts'
import type { RollupTables } from './rollup-tables.ts'

/** Ticks that are this late still find their hour open. */
const GRACE_MS = 60_000
/** A chunk is cut here: reading one entity reads its chunk whole. Much smaller ones would leave pages half empty. */
const CHUNK_BYTES = 16 * 1024
const TRIM_STEP_MS = 120_000

export interface Due {
  readonly serverNumber: number
  readonly hour: number
}

interface SealedPart {
  readonly firstEntity: number
  readonly lastEntity: number
  readonly samples: number
  readonly data: Uint8Array
}

export interface SealerParts {
  readonly db: Database
  readonly raw: RawHours
  readonly registry: Registry
  readonly tables: RollupTables
  readonly recent: RecentHours
}

export class Sealer {
  private readonly parts: SealerParts
  private readonly hours = new Map<number, Set<number>>()
  /** Days by server that have hours sealed after their own rollups were written. */
  readonly days = new Map<number, Set<number>>()
  /** Pages that the last trimmed part of the tail took. */
  tailPages = 0
  private readonly noteStatement: Statement<[number, number]>
  private readonly statements: Readonly<Record<'insert' | 'remove' | 'sealed' | 'day' | 'lastNow', Statement>>

  constructor(parts: SealerParts) {
    this.parts = parts
    this.noteStatement = parts.db.prepare('INSERT OR IGNORE INTO unsealed (server, hour) VALUES (?, ?)')
    for (const { server, hour } of this.stored()) this.noted(server, hour)
    const days = parts.db.prepare<[], { server: number; day: number }>('SELECT server, day FROM unsealed_day')
    for (const { server, day } of days.all()) this.dayChanged(server, day)
    this.statements = {
      insert: parts.db.prepare(
        'INSERT INTO chunk (id, first_entity, last_entity, samples, data) VALUES (?, ?, ?, ?, ?)'
      ),
      remove: parts.db.prepare('DELETE FROM chunk WHERE id >= ? AND id < ?'),
      sealed: parts.db.prepare('DELETE FROM unsealed WHERE server = ? AND hour = ?'),
      day: parts.db.prepare('INSERT OR IGNORE INTO unsealed_day (server, day) VALUES (?, ?)'),
      lastNow: parts.db.prepare('UPDATE server SET last_now = ? WHERE number = ?')
    }
  }

  daysOf(serverNumber: number): ReadonlySet<number> {
    return this.days.get(serverNumber) ?? new Set()
  }

  daySealed(serverNumber: number, day: number): void {
    this.days.get(serverNumber)?.delete(day)
  }

  isUnsealed(serverNumber: number, hour: number): boolean {
    return this.hours.get(serverNumber)?.has(hour) ?? false
  }

  /** All unsealed hours. */
  unsealed(): Due[] {
    return [...this.hours].flatMap(([serverNumber, hours]) =>
      [...hours].map((hour) => ({ serverNumber, hour }))
    )
  }

  unsealedHours(serverNumber: number): number[] {
    return [...(this.hours.get(serverNumber) ?? [])]
  }

  /** Writes that the hour has new rows; in the caller's transaction. Call `noted` after its commit. */
  note(serverNumber: number, hour: number): void {
    if (!this.isUnsealed(serverNumber, hour)) this.noteStatement.run(serverNumber, hour)
  }

  noted(serverNumber: number, hour: number): void {
    const hours = this.hours.get(serverNumber)
    if (hours === undefined) this.hours.set(serverNumber, new Set([hour]))
    else hours.add(hour)
  }

  forget(serverNumber: number): void {
    this.hours.delete(serverNumber)
    this.days.delete(serverNumber)
  }

  /**
   * The newest hour that is over at `nowMs`; null when none is. Newest first: where many are due (samples of an older
   * file), what has chunks then is always the newest part of the history, and what has not is read from rollups.
   */
  nextDue(nowMs: number): Due | null {
    let due: Due | null = null
    for (const [serverNumber, hours] of this.hours) {
      for (const hour of hours)
        if ((hour + 1) * HOUR_MS + GRACE_MS <= nowMs && hour > (due?.hour ?? -1)) due = { serverNumber, hour }
    }
    return due
  }

  /** In slices: some 25 ms for a server with 20 VMs. A tick that comes meanwhile leaves the hour unsealed. Throws cancelled. */
  async seal({ serverNumber, hour }: Due, pace: Pace): Promise<void> {
    const { raw, registry } = this.parts
    const server = registry.numbered(serverNumber)
    if (server === undefined) {
      this.forget(serverNumber)
      return
    }
    const open = raw.open.get(serverNumber, hour) ?? raw.reopen(serverNumber, hour)
    const { changes } = open
    const entries = new Map([...server.entities.values()].map((entity) => [entity.id, entity]))
    const chunks: SealedPart[] = []
    const rollups: { entity: EntityEntry; rollup: SlotRollup }[] = []
    let writer = new ChunkWriter(hour * HOUR_MS)
    for (const entity of [...open.entities.values()].toSorted((a, b) => a.entityId - b.entityId)) {
      const entry = entries.get(entity.entityId)
      if (entry === undefined) continue
      writer = addTo(writer, entity, chunks)
      const rollup = hourOfEntity(entity, hour)
      if (rollup !== null) rollups.push({ entity: entry, rollup })
      await pace.rest()
    }
    if (writer.bytes > 0) chunks.push(partOf(writer))
    if (open.changes !== changes || !this.isUnsealed(serverNumber, hour)) return
    this.write(server, hour, chunks, rollups)
  }

  /** Rows with a smaller key stand in chunks: those before the oldest unsealed hour. */
  private trimTo(): number {
    return tailKey(0, Math.min(Infinity, ...this.unsealed().map(({ hour }) => hour)) * HOUR_MS)
  }

  /** Rows of the tail that stand in chunks now, in steps: all that is older than the oldest unsealed hour. */
  async trimTail(pace: Pace): Promise<void> {
    const { db } = this.parts
    const first = db.prepare<[], number | null>('SELECT min(id) FROM tail').pluck()
    const remove = db.prepare('DELETE FROM tail WHERE id < ?')
    const before = freePages(db)
    // By spans of time: a LIMIT would look every row up once more. Asked anew at each step: a tick may have opened an hour.
    for (let id = first.get(); typeof id === 'number' && id < this.trimTo(); id = first.get()) {
      remove.run(Math.min(this.trimTo(), tailKey(0, tailAtMs(id) + TRIM_STEP_MS)))
      await pace.rest()
    }
    const freed = freePages(db) - before
    // What an hour of the tail takes: the next one takes it again.
    if (freed > 0) this.tailPages = freed
  }

  private write(
    server: ServerEntry,
    hour: number,
    chunks: readonly SealedPart[],
    rollups: readonly { entity: EntityEntry; rollup: SlotRollup }[]
  ): void {
    const { db, raw, registry, tables, recent } = this.parts
    const first = chunkKey(hour, server.number, 0)
    const day = dayOf(hour * HOUR_MS)
    const { insert, remove, sealed, ...others } = this.statements
    const write = db.transaction(() => {
      remove.run(first, first + CHUNK_PARTS)
      for (const [part, { firstEntity, lastEntity, samples, data }] of chunks.entries())
        insert.run(first + part, firstEntity, lastEntity, samples, data)
      for (const { entity, rollup } of rollups) tables.write('hour', entity, rollup)
      sealed.run(server.number, hour)
      others.day.run(server.number, day)
      registry.saveLastSeen(server)
      this.saveLastNow(server)
    })
    write.immediate()
    this.dayChanged(server.number, day)
    this.hours.get(server.number)?.delete(hour)
    raw.open.close(server.number, hour)
    raw.forgetKept()
    for (const { entity, rollup } of rollups) recent.note(entity, rollup)
  }

  private dayChanged(serverNumber: number, day: number): void {
    const days = this.days.get(serverNumber)
    if (days === undefined) this.days.set(serverNumber, new Set([day]))
    else days.add(day)
  }

  private saveLastNow(server: ServerEntry): void {
    const now = lastNowOf(server, this.parts.raw)
    if (now === null) return
    this.statements.lastNow.run(JSON.stringify(now), server.number)
  }

  private stored(): { server: number; hour: number }[] {
    return this.parts.db
      .prepare<[], { server: number; hour: number }>('SELECT server, hour FROM unsealed')
      .all()
      .filter(({ server }) => server > 0 && server < SERVERS)
  }
}

export function freePages(db: Database): number {
  return Number(db.pragma('freelist_count', { simple: true }))
}

function partOf(writer: ChunkWriter): SealedPart {
  const { firstEntity, lastEntity, samples } = writer
  return { firstEntity, lastEntity, samples, data: writer.finish() }
}

/** Adds an entity; begins another chunk when this one is large enough. */
function addTo(writer: ChunkWriter, entity: EntityHour, done: SealedPart[]): ChunkWriter {
  writer.add(entity)
  if (writer.bytes < CHUNK_BYTES) return writer
  done.push(partOf(writer))
  return new ChunkWriter(writer.hourMs)
}

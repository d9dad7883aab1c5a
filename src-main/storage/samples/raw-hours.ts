/** Raw samples by entity and hour: open ones from memory, sealed ones from their chunks. */
import type { Database, Statement } from '../sqlite.ts'
import { Chunk, type EntityHour } from './chunk-codec.ts'
import { isSoundRow } from './codec.ts'
import { CHUNK_PARTS, chunkHour, chunkKey, HOUR_MS, tailAtMs, tailKey } from './keys.ts'
import type { OpenHour, OpenHours } from './open-hours.ts'

interface ChunkRow {
  id: number
  data: Buffer
}

/** Hours whose chunks stay opened: a day or two of an entity that is looked at, some 20 KB each. */
const KEPT_CHUNKS = 64

export class RawHours {
  readonly open: OpenHours
  private readonly onDamaged: () => void
  private readonly part: Statement<[number, number, number, number], ChunkRow>
  private readonly parts: Statement<[number, number], ChunkRow>
  private readonly firstId: Statement<[], number | null>
  private readonly tail: Statement<[number, number, number], ChunkRow>
  private readonly kept = new Map<
    number,
    { readonly chunk: Chunk; readonly first: number; readonly last: number }[]
  >()

  constructor(db: Database, open: OpenHours, onDamaged: () => void) {
    this.open = open
    this.onDamaged = onDamaged
    this.part = db.prepare(
      'SELECT id, data FROM chunk WHERE id >= ? AND id < ? AND first_entity <= ? AND last_entity >= ?'
    )
    this.parts = db.prepare('SELECT id, data FROM chunk WHERE id >= ? AND id < ? ORDER BY id')
    this.tail = db.prepare('SELECT id, data FROM tail WHERE id >= ? AND id < ? AND server = ? ORDER BY id')
    this.firstId = db.prepare<[], number | null>('SELECT min(id) FROM chunk').pluck()
  }

  /** null: the entity has nothing in this hour. */
  hour(serverNumber: number, entityId: number, hour: number): EntityHour | null {
    const open = this.open.get(serverNumber, hour)
    if (open !== undefined) return open.entities.get(entityId) ?? null
    const key = chunkKey(hour, serverNumber, 0)
    const known = this.kept.get(key)?.find(({ first, last }) => first <= entityId && entityId <= last)
    if (known !== undefined) return known.chunk.hour(entityId)
    for (const row of this.part.all(key, key + CHUNK_PARTS, entityId, entityId)) {
      const chunk = this.unpack(row)
      if (chunk === null) continue
      this.keep(key, chunk)
      return chunk.hour(entityId)
    }
    return null
  }

  /** Brings an hour into memory: what is sealed of it, and what the tail has. */
  reopen(serverNumber: number, hour: number): OpenHour {
    const open = this.open.open(serverNumber, hour, this.sealed(serverNumber, hour))
    const rows = this.tail.iterate(tailKey(0, hour * HOUR_MS), tailKey(0, (hour + 1) * HOUR_MS), serverNumber)
    for (const { id, data } of rows) {
      // A copy: rows from SQLite may share a larger buffer.
      if (isSoundRow(data)) open.add(tailAtMs(id), Uint8Array.from(data))
      else this.onDamaged()
    }
    return open
  }

  /** The sealed parts of an hour. */
  *sealed(serverNumber: number, hour: number): Generator<Chunk> {
    const key = chunkKey(hour, serverNumber, 0)
    for (const row of this.parts.all(key, key + CHUNK_PARTS)) {
      const chunk = this.unpack(row)
      if (chunk !== null) yield chunk
    }
  }

  /** All that this server has of an hour. */
  *entities(serverNumber: number, hour: number): Generator<EntityHour> {
    const open = this.open.get(serverNumber, hour)
    if (open !== undefined) {
      yield* open.entities.values()
      return
    }
    for (const chunk of this.sealed(serverNumber, hour)) {
      for (const id of chunk.entityIds()) {
        const entity = chunk.hour(id)
        if (entity !== null) yield entity
      }
    }
  }

  /** The oldest hour that any server has sealed; what is older stands in rollups only. null: none is. */
  firstSealedHour(): number | null {
    const id = this.firstId.get()
    return typeof id === 'number' ? chunkHour(id) : null
  }

  /** Chunks have changed. */
  forgetKept(): void {
    this.kept.clear()
  }

  private keep(key: number, chunk: Chunk): void {
    const ids = chunk.entityIds()
    const part = { chunk, first: ids[0] ?? 0, last: ids.at(-1) ?? 0 }
    const parts = this.kept.get(key)
    if (parts !== undefined) {
      parts.push(part)
      return
    }
    if (this.kept.size >= KEPT_CHUNKS) {
      const [oldest] = this.kept.keys()
      if (oldest !== undefined) this.kept.delete(oldest)
    }
    this.kept.set(key, [part])
  }

  /** A damaged chunk is left out: the rest of the history stays readable. */
  private unpack({ id, data }: ChunkRow): Chunk | null {
    const chunk = Chunk.open(data, chunkHour(id) * HOUR_MS)
    if (chunk === null) this.onDamaged()
    return chunk
  }
}

/** Servers and entities of the history file, by id and by number, held in memory. */
import { AppError } from '#contract/errors.ts'
import type { EntityInfo } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { EntityKind } from '#contract/metric-catalogue.ts'
import type { Database, Statement } from '../sqlite.ts'
import { entityName, isKind, parseEntityName } from './catalogue.ts'
import { SERVERS } from './keys.ts'

/** A server that names ever new things (hostile, or broken) is cut off here. */
const MAX_ENTITIES_PER_SERVER = 10_000
const MAX_TEXT_CHARACTERS = 1024

export interface EntityEntry {
  readonly id: number
  readonly kind: EntityKind
  readonly key: string
  label: string
  firstAtMs: number
  lastAtMs: number
}

export interface ServerEntry {
  readonly number: number
  readonly serverId: string
  readonly entities: Map<string, EntityEntry>
  /** Of the newest tick kept; null when there is none. */
  lastAtMs: number | null
  /** Between the two newest ticks. */
  spacingMs: number | null
}

interface EntityRow {
  id: number
  server: number
  kind: string
  key: string
  label: string
  first_at_ms: number
  last_at_ms: number
}

export class Registry {
  private readonly db: Database
  private readonly servers = new Map<string, ServerEntry>()
  private readonly byNumber = new Map<number, ServerEntry>()
  /** Ids of servers whose history is being deleted. */
  private readonly deleting = new Map<string, number>()
  private undo: (() => void)[] = []
  private update: Statement | null = null

  constructor(db: Database) {
    this.db = db
    const rows = db
      .prepare<[], { number: number; server_id: string; deleting: number }>('SELECT * FROM server')
      .all()
    for (const row of rows) {
      if (row.deleting === 1) {
        this.deleting.set(row.server_id, row.number)
        continue
      }
      this.add({
        number: row.number,
        serverId: row.server_id,
        entities: new Map(),
        lastAtMs: null,
        spacingMs: null
      })
    }
    for (const row of db.prepare<[], EntityRow>('SELECT * FROM entity').all()) {
      if (!isKind(row.kind)) continue
      const server = this.byNumber.get(row.server)
      if (server !== undefined) server.lastAtMs = Math.max(server.lastAtMs ?? 0, row.last_at_ms)
      server?.entities.set(entityName(row.kind, row.key), {
        id: row.id,
        kind: row.kind,
        key: row.key,
        label: row.label,
        firstAtMs: row.first_at_ms,
        lastAtMs: row.last_at_ms
      })
    }
  }

  all(): Iterable<ServerEntry> {
    return this.servers.values()
  }

  find(serverId: string): ServerEntry | undefined {
    return this.servers.get(serverId)
  }

  numbered(number: number): ServerEntry | undefined {
    return this.byNumber.get(number)
  }

  /** Numbers of servers whose history is still to be deleted. */
  deletingNumbers(): number[] {
    return [...this.deleting.values()]
  }

  /** Call at the start of a transaction that may add servers or entities. */
  begin(): void {
    this.undo = []
  }

  /** Takes back what was added since `begin`, when its transaction failed. */
  rollBack(): void {
    for (const step of this.undo.toReversed()) step()
    this.undo = []
  }

  /** Runs a transaction that may add servers or entities; what it added is taken back when it throws. */
  inTransaction(write: () => void): void {
    this.begin()
    try {
      write()
    } catch (error) {
      this.rollBack()
      throw error
    }
  }

  /** Finds or adds a server. Throws notFound for one that is being deleted, overflow when all numbers are taken. */
  ensureServer(serverId: string): ServerEntry {
    const known = this.servers.get(serverId)
    if (known !== undefined) return known
    if (this.deleting.has(serverId)) throw new AppError('notFound', { params: { serverId } })
    const number = this.freeNumber()
    this.db.prepare('INSERT INTO server (number, server_id) VALUES (?, ?)').run(number, serverId)
    const entry: ServerEntry = { number, serverId, entities: new Map(), lastAtMs: null, spacingMs: null }
    this.add(entry)
    this.undo.push(() => {
      this.servers.delete(serverId)
      this.byNumber.delete(number)
    })
    return entry
  }

  /** Finds or adds an entity by its `entityName`. null: no such kind, a key that is too long, or too many entities. */
  ensureEntity(server: ServerEntry, name: string, atMs: number): EntityEntry | null {
    const known = server.entities.get(name)
    if (known !== undefined) return known
    const parsed = parseEntityName(name)
    if (parsed === null || parsed.key.length > MAX_TEXT_CHARACTERS) return null
    if (server.entities.size >= MAX_ENTITIES_PER_SERVER) return null
    const done = this.db
      .prepare('INSERT INTO entity (server, kind, key, first_at_ms, last_at_ms) VALUES (?, ?, ?, ?, ?)')
      .run(server.number, parsed.kind, parsed.key, atMs, atMs)
    const id = Number(done.lastInsertRowid)
    const entry: EntityEntry = { id, ...parsed, label: '', firstAtMs: atMs, lastAtMs: atMs }
    server.entities.set(name, entry)
    this.undo.push(() => server.entities.delete(name))
    return entry
  }

  /** A tick from before all that the entity has: whoever asks for a range is answered from there on. In a transaction. */
  seenFrom(entity: EntityEntry, atMs: number): void {
    const { firstAtMs } = entity
    if (atMs >= firstAtMs) return
    this.db.prepare('UPDATE entity SET first_at_ms = ? WHERE id = ?').run(atMs, entity.id)
    entity.firstAtMs = atMs
    this.undo.push(() => (entity.firstAtMs = firstAtMs))
  }

  setLabel(server: ServerEntry, kind: EntityKind, key: string, label: string): void {
    const entry = server.entities.get(entityName(kind, key))
    const capped = label.slice(0, MAX_TEXT_CHARACTERS).toWellFormed()
    if (entry === undefined || entry.label === capped) return
    const before = entry.label
    this.db.prepare('UPDATE entity SET label = ? WHERE id = ?').run(capped, entry.id)
    entry.label = capped
    this.undo.push(() => {
      entry.label = before
    })
  }

  /** Writes when each entity was last seen; in the caller's transaction. */
  saveLastSeen(server: ServerEntry): void {
    this.update ??= this.db.prepare('UPDATE entity SET last_at_ms = ? WHERE id = ? AND last_at_ms <> ?')
    const { update } = this
    for (const entity of server.entities.values()) update.run(entity.lastAtMs, entity.id, entity.lastAtMs)
  }

  /** From here on the server's history is not seen any more; its rows go in steps. Returns its number. */
  markDeleting(serverId: string): number | null {
    const entry = this.servers.get(serverId)
    if (entry === undefined) return null
    this.db.prepare('UPDATE server SET deleting = 1 WHERE number = ?').run(entry.number)
    this.servers.delete(serverId)
    this.byNumber.delete(entry.number)
    this.deleting.set(serverId, entry.number)
    return entry.number
  }

  forgetDeleted(number: number): void {
    this.db.prepare('DELETE FROM server WHERE number = ?').run(number)
    for (const [serverId, deleted] of this.deleting) if (deleted === number) this.deleting.delete(serverId)
  }

  /** Drops an entity whose last rows are gone. */
  forgetEntity(server: ServerEntry, entity: EntityEntry): void {
    this.db.prepare('DELETE FROM entity WHERE id = ?').run(entity.id)
    server.entities.delete(entityName(entity.kind, entity.key))
  }

  private add(entry: ServerEntry): void {
    this.servers.set(entry.serverId, entry)
    this.byNumber.set(entry.number, entry)
  }

  private freeNumber(): number {
    const taken = new Set([...this.byNumber.keys(), ...this.deleting.values()])
    for (let number = 1; number < SERVERS; number++) if (!taken.has(number)) return number
    throw new AppError('overflow', { params: { what: 'servers', limit: SERVERS - 1 } })
  }
}

/** What a server has (or had) values of; empty for one that is not known. */
export function entitiesOf(registry: Registry, serverId: ServerId): EntityInfo[] {
  const entities = registry.find(serverId)?.entities.values() ?? []
  return [...entities].map(({ kind, key, label, firstAtMs, lastAtMs }) => ({
    entity: { serverId, kind, key },
    label,
    firstAtMs,
    lastAtMs
  }))
}

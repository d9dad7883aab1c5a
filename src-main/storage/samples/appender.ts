/** Takes ticks in and commits what came together in one transaction; the client lets ticks wait for each other a moment. */
import { AppError } from '#contract/errors.ts'
import type { PackedTick } from '../protocol.ts'
import type { Space } from '../space.ts'
import { asAppError, type Database, isDiskFull, type Statement } from '../sqlite.ts'
import { ByteWriter } from './bytes.ts'
import { packRow } from './codec.ts'
import type { Gaps } from './gaps.ts'
import { hourOf, LATEST_MS, tailKey } from './keys.ts'
import type { RawHours } from './raw-hours.ts'
import { lowerBound } from './open-hours.ts'
import type { EntityEntry, Registry, ServerEntry } from './registry.ts'
import type { Sealer } from './sealer.ts'

/**
 * How long a tick waits for others to be committed with: 400 ms for each tick that comes in a second, so a moment when one
 * server is watched and four seconds for a large fleet. A commit writes whole pages, whether they are full or not. Readers
 * wait for none of this: what is queued is committed before they are answered.
 */
const WAIT_PER_TICK_MS = 400
const LEAST_WAIT_MS = 10
const MOST_WAIT_MS = 4_000
/** Weight of the newest tick in the running mean of the time between two. */
const SPACING_SHARE = 1 / 32
const BATCH_TICKS = 256

interface Waiting {
  readonly tick: PackedTick
  readonly names: readonly string[]
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

interface Written {
  readonly waiting: Waiting
  readonly server: ServerEntry
  readonly entities: readonly EntityEntry[]
  readonly row: Uint8Array
}

/** How long to wait for other ticks that come every `spacingMs`. */
export function waitMs(spacingMs: number): number {
  return Math.min(MOST_WAIT_MS, Math.max(LEAST_WAIT_MS, (WAIT_PER_TICK_MS * 1_000) / Math.max(1, spacingMs)))
}

interface Resolved {
  readonly names: readonly string[]
  readonly entities: readonly { readonly name: string; readonly entry: EntityEntry }[]
  /** In the order of the names; 0 = left out. */
  readonly ids: readonly number[]
}

export interface AppenderParts {
  readonly db: Database
  readonly registry: Registry
  readonly raw: RawHours
  readonly sealer: Sealer
  readonly gaps: Gaps
  readonly space: Space
  /** Ticks before it are refused: their raw rows are gone, so their rollups could not be computed again. */
  rawFromMs(): number
  /** Called after each commit with the time of its newest tick. */
  onCommitted(atMs: number): void
}

export class Appender {
  private readonly parts: AppenderParts
  private readonly insert: Statement<[number, number, Uint8Array]>
  private readonly out = new ByteWriter(64 * 1024)
  private readonly lastNames = new Map<string, readonly string[]>()
  private readonly resolved = new Map<number, Resolved>()
  private queue: Waiting[] = []
  private timer: NodeJS.Timeout | null = null
  private spacingMs = 60_000
  private lastTickMs = performance.now()

  constructor(parts: AppenderParts) {
    this.parts = parts
    this.insert = parts.db.prepare('INSERT OR IGNORE INTO tail (id, server, data) VALUES (?, ?, ?)')
  }

  /** Resolves when the tick is committed. Rejects with diskFull, conflict (same server and time), invalidInput. */
  append(tick: PackedTick): Promise<void> {
    const names = tick.names ?? this.lastNames.get(tick.serverId) ?? []
    this.lastNames.set(tick.serverId, names)
    return new Promise((resolve, reject) => {
      this.queue.push({ tick, names, resolve, reject })
      const spacingMs = this.noteSpacing()
      if (this.queue.length >= BATCH_TICKS) this.flush()
      else this.timer ??= setTimeout(() => this.flush(), waitMs(spacingMs))
    })
  }

  /** Mean time between two ticks of late, in ms. */
  private noteSpacing(): number {
    const nowMs = performance.now()
    this.spacingMs += (Math.min(nowMs - this.lastTickMs, 60_000) - this.spacingMs) * SPACING_SHARE
    this.lastTickMs = nowMs
    return this.spacingMs
  }

  /** Commits what is queued. */
  flush(): void {
    if (this.timer !== null) clearTimeout(this.timer)
    this.timer = null
    const batch = this.queue
    this.queue = []
    if (batch.length === 0) return
    if (!this.parts.space.mayWrite()) {
      this.refuse(batch, new AppError('diskFull', { retryable: true }))
      return
    }
    this.commit(batch)
  }

  private commit(batch: readonly Waiting[]): void {
    const written: Written[] = []
    const refused: { waiting: Waiting; error: AppError }[] = []
    const write = this.parts.db.transaction(() => {
      for (const waiting of batch) {
        const outcome = this.write(waiting)
        if (outcome instanceof AppError) refused.push({ waiting, error: outcome })
        else written.push(outcome)
      }
    })
    this.parts.registry.begin()
    try {
      write.immediate()
    } catch (error) {
      this.parts.registry.rollBack()
      this.parts.gaps.load()
      this.failed(batch, error)
      return
    }
    this.parts.space.noteWritten()
    for (const one of written) this.committed(one)
    for (const { waiting, error } of refused) waiting.reject(error)
    const newest = written.at(-1)
    if (newest !== undefined) this.parts.onCommitted(newest.waiting.tick.atMs)
  }

  private failed(batch: readonly Waiting[], error: unknown): void {
    if (isDiskFull(error)) this.parts.space.noteFull()
    const reason = asAppError(error)
    // One tick that cannot be written must not take those of other servers with it.
    if (reason.code === 'internal' && batch.length > 1) for (const waiting of batch) this.commit([waiting])
    else this.refuse(batch, reason)
  }

  private refuse(batch: readonly Waiting[], error: AppError): void {
    for (const { tick, reject } of batch) {
      const server = this.parts.registry.find(tick.serverId)
      if (server !== undefined && error.code === 'diskFull') this.parts.gaps.onRefused(server)
      reject(error)
    }
  }

  private write(waiting: Waiting): Written | AppError {
    const { tick, names } = waiting
    const { registry } = this.parts
    if (!Number.isSafeInteger(tick.atMs) || tick.atMs < 0 || tick.atMs > LATEST_MS)
      return new AppError('invalidInput', { params: { field: 'atMs' } })
    if (tick.atMs < this.parts.rawFromMs())
      return new AppError('invalidInput', { params: { field: 'atMs', oldestAtMs: this.parts.rawFromMs() } })
    const server = this.serverOf(tick)
    if (server instanceof AppError) return server
    const { entities, ids } = this.resolve(server, names, tick.atMs)
    const row = packRow(ids, tick.lengths, tick.bodies, this.out)
    if (this.isKept(server, ids, tick.atMs) || !this.insertRow(server, tick.atMs, row))
      return new AppError('conflict', { params: { field: 'atMs', value: tick.atMs } })
    if (server.lastAtMs !== null && tick.atMs < server.lastAtMs)
      for (const { entry } of entities) registry.seenFrom(entry, tick.atMs)
    this.parts.sealer.note(server.number, hourOf(tick.atMs))
    this.parts.gaps.onTick(server, tick.atMs)
    for (const { kind, key, label } of tick.labels) registry.setLabel(server, kind, key, label)
    return { waiting, server, entities: entities.map(({ entry }) => entry), row }
  }

  /** Entities by name. Mostly they are the same as in the server's tick before. */
  private resolve(server: ServerEntry, names: readonly string[], atMs: number): Resolved {
    const known = this.resolved.get(server.number)
    if (known?.names === names && known.entities.every((entity) => server.entities.has(entity.name)))
      return known
    const found = names.map((name) => ({ name, entry: this.parts.registry.ensureEntity(server, name, atMs) }))
    // The first of an entity that comes twice counts.
    const ids = found.map(({ entry }, index) =>
      entry === null || found.findIndex((other) => other.entry === entry) < index ? 0 : entry.id
    )
    const entities = found.flatMap(({ name, entry }) => (entry === null ? [] : [{ name, entry }]))
    const resolved = { names, entities, ids }
    this.resolved.set(server.number, resolved)
    return resolved
  }

  /** False when the tail has this very tick. */
  private insertRow(server: ServerEntry, atMs: number, row: Uint8Array): boolean {
    return this.insert.run(tailKey(server.number, atMs), server.number, row).changes > 0
  }

  /** A late tick may be in a chunk already. */
  private isKept(server: ServerEntry, ids: readonly number[], atMs: number): boolean {
    if (server.lastAtMs === null || atMs > server.lastAtMs) return false
    const { raw } = this.parts
    return ids.some((id) => {
      const times = raw.hour(server.number, id, hourOf(atMs))?.atMs
      return times !== undefined && times[lowerBound(times, atMs)] === atMs
    })
  }

  private serverOf(tick: PackedTick): ServerEntry | AppError {
    try {
      return this.parts.registry.ensureServer(tick.serverId)
    } catch (error) {
      if (error instanceof AppError) return error
      throw error
    }
  }

  private committed({ waiting, server, entities, row }: Written): void {
    const { atMs } = waiting.tick
    const { raw, sealer } = this.parts
    const hour = hourOf(atMs)
    // A late tick opens its hour again: with this row, which the tail has by now.
    const open = raw.open.get(server.number, hour)
    if (open === undefined) raw.reopen(server.number, hour)
    else open.add(atMs, row)
    sealer.noted(server.number, hour)
    for (const entity of entities) if (atMs > entity.lastAtMs) entity.lastAtMs = atMs
    if (server.lastAtMs === null || atMs > server.lastAtMs) {
      server.spacingMs = server.lastAtMs === null ? null : atMs - server.lastAtMs
      server.lastAtMs = atMs
    }
    waiting.resolve()
  }
}

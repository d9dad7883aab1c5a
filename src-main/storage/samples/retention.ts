/** Removes what is too old or too much, and the history of removed servers, in small transactions. */
import type { Settings } from '#contract/settings.ts'
import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import { deleteProcessesOf, expireProcesses } from '../processes/retention.ts'
import type { Database } from '../sqlite.ts'
import type { Days } from './days.ts'
import {
  CHUNK_PARTS,
  chunkHour,
  chunkKey,
  chunkServer,
  DAY_MS,
  HOUR_MS,
  hourOf,
  LEVELS,
  MINUTE_MS,
  SLOTS,
  spanMs,
  tailAtMs,
  tailKey
} from './keys.ts'
import type { Pace } from './pace.ts'
import type { RawHours } from './raw-hours.ts'
import type { KeptFrom } from './read.ts'
import type { RecentHours } from './recent-hours.ts'
import type { Registry } from './registry.ts'
import { minutesOf } from './rollup.ts'
import type { RollupTables } from './rollup-tables.ts'
import { freePages, type Sealer } from './sealer.ts'
import type { WebTraffic } from './web-traffic.ts'

const ROWS_PER_STEP = 1_000
/** Pages given back to the file system per step. */
const PAGES_PER_STEP = 64
/** What may stay free for new rows at least, and of what the tail takes in an hour. */
const FREE_PAGES_KEPT = 512
const FREE_TAILS_KEPT = 1.25
/** Raw samples that no budget takes away: the newest day. */
const RAW_ALWAYS_MS = DAY_MS

export interface RetentionParts {
  readonly db: Database
  readonly raw: RawHours
  readonly registry: Registry
  readonly tables: RollupTables
  readonly sealer: Sealer
  readonly days: Days
  readonly recent: RecentHours
  readonly webTraffic: WebTraffic
}

/** What each level keeps from, at `nowMs`. Whole hours, so that an hour either has all its raw rows or none. */
export function keptFrom(retention: Settings['retention'], nowMs: number): KeptFrom {
  const from = (days: number): number => Math.max(0, Math.floor((nowMs - days * DAY_MS) / HOUR_MS) * HOUR_MS)
  return {
    raw: from(retention.rawDays),
    minute: from(retention.minuteDays),
    hour: from(retention.hourDays),
    day: 0
  }
}

/**
 * What to keep when the file is larger than its budget: a day of minutes less, or when there are none older than the
 * samples, a day of samples less (as no minutes either). null: hours and days alone are too much; these stay.
 */
export function squeezed(kept: KeptFrom, nowMs: number): KeptFrom | null {
  if (kept.minute < kept.raw) return { ...kept, minute: Math.min(kept.raw, kept.minute + DAY_MS) }
  const raw = Math.min(kept.raw + DAY_MS, Math.floor((nowMs - RAW_ALWAYS_MS) / HOUR_MS) * HOUR_MS)
  return raw <= kept.raw ? null : { ...kept, raw, minute: Math.max(kept.minute, raw) }
}

/** Bytes of the pages in use. */
export function usedBytes(db: Database): number {
  const page = (name: string): number => Number(db.pragma(name, { simple: true }))
  return (page('page_count') - page('freelist_count')) * page('page_size')
}

/** Seals what is over at `nowMs`: rollups outlive samples, and are made of them. */
export async function sealDue({ sealer, days }: RetentionParts, nowMs: number, pace: Pace): Promise<void> {
  for (let due = sealer.nextDue(nowMs); due !== null; due = sealer.nextDue(nowMs))
    await sealer.seal(due, pace)
  for (let due = days.nextDue(nowMs); due !== null; due = days.nextDue(nowMs)) await days.seal(due, pace)
}

/** Deletes what is older than kept. */
export async function deleteOld(parts: RetentionParts, kept: KeptFrom, pace: Pace): Promise<void> {
  const { db, registry, sealer, tables } = parts
  await expireSamples(parts, kept, pace)
  await sealer.trimTail(pace)
  const hasDays = ENTITY_KINDS.map((kind) => {
    const statement = db.prepare<[number, number]>(
      `SELECT 1 FROM day_${kind} WHERE id >= ? AND id < ? LIMIT 1`
    )
    return [kind, statement] as const
  })
  const hasDaysOf = new Map(hasDays)
  for (const server of registry.all()) {
    for (const entity of [...server.entities.values()]) {
      for (const level of LEVELS) {
        const slots = { from: 0, to: Math.floor(kept[level] / spanMs(level)) }
        while (slots.to > 0 && tables.remove(level, entity, slots, ROWS_PER_STEP) === ROWS_PER_STEP)
          await pace.rest()
      }
      await pace.rest()
      if (entity.lastAtMs >= kept.hour) continue
      const first = entity.id * SLOTS
      if (hasDaysOf.get(entity.kind)?.get(first, first + SLOTS) === undefined)
        registry.forgetEntity(server, entity)
    }
  }
  for (const table of ['gap WHERE to_ms < ?', 'mark WHERE at_ms < ?'])
    await inSteps(db, `DELETE FROM ${table} LIMIT ?`, [kept.hour], pace)
  await expireProcesses(db, kept, pace)
  await giveBackPages(parts, pace)
}

/** Samples go hour by hour; their minutes take their place in the same transaction. */
async function expireSamples(parts: RetentionParts, kept: KeptFrom, pace: Pace): Promise<void> {
  const { db, raw, registry, tables } = parts
  const toHour = hourOf(kept.raw)
  const next = db.prepare<[number], number>('SELECT id FROM chunk WHERE id < ? ORDER BY id LIMIT 1').pluck()
  const remove = db.prepare('DELETE FROM chunk WHERE id >= ? AND id < ?')
  for (;;) {
    const id = next.get(chunkKey(toHour, 0, 0))
    if (id === undefined) return
    const hour = chunkHour(id)
    const server = registry.numbered(chunkServer(id))
    const first = chunkKey(hour, chunkServer(id), 0)
    const byId = new Map([...(server?.entities.values() ?? [])].map((entity) => [entity.id, entity]))
    const expire = db.transaction(() => {
      if (server !== undefined && hour * HOUR_MS >= kept.minute) {
        for (const samples of raw.entities(server.number, hour)) {
          const entity = byId.get(samples.entityId)
          if (entity === undefined) continue
          for (const minute of minutesOf(samples, MINUTE_MS)) tables.write('minute', entity, minute)
        }
      }
      remove.run(first, first + CHUNK_PARTS)
    })
    expire.immediate()
    raw.forgetKept()
    await pace.rest()
  }
}

const COUNTERS = ['counter_reading', 'interface_counter']

/** Removes all rows of servers that are marked as deleting. Goes on at the next start when it is cut off. */
export async function deleteServers(parts: RetentionParts, pace: Pace): Promise<void> {
  const { db, registry } = parts
  for (const number of registry.deletingNumbers()) {
    await deleteSamples(parts, number, pace)
    await deleteProcessesOf(db, number, pace)
    const ids = db.prepare<[number], number>('SELECT id FROM entity WHERE server = ?').pluck().all(number)
    for (const id of ids) {
      for (const level of LEVELS) {
        for (const kind of ENTITY_KINDS) {
          const sql = `DELETE FROM ${level}_${kind} WHERE id >= ? AND id < ? LIMIT ?`
          await inSteps(db, sql, [id * SLOTS, (id + 1) * SLOTS], pace)
        }
      }
    }
    await parts.webTraffic.removeServer(number, pace)
    const finish = db.transaction(() => {
      for (const table of ['entity', 'gap', 'mark', 'day_total', 'unsealed', 'unsealed_day', ...COUNTERS])
        db.prepare(`DELETE FROM ${table} WHERE server = ?`).run(number)
      registry.forgetDeleted(number)
    })
    finish.immediate()
  }
  parts.recent.forget()
  await giveBackPages(parts, pace)
}

/** Chunks and tail are in order of time first: gone through hour by hour. */
async function deleteSamples({ db, raw, sealer }: RetentionParts, number: number, pace: Pace): Promise<void> {
  raw.open.forget(number)
  sealer.forget(number)
  const ends = (table: string): { first: number | null; last: number | null } | undefined =>
    db
      .prepare<[], { first: number | null; last: number | null }>(
        `SELECT min(id) AS first, max(id) AS last FROM ${table}`
      )
      .get()
  const chunks = ends('chunk')
  const removeChunks = db.prepare('DELETE FROM chunk WHERE id >= ? AND id < ?')
  for (let hour = chunkHour(chunks?.first ?? 0); hour <= chunkHour(chunks?.last ?? -1); hour++) {
    const first = chunkKey(hour, number, 0)
    removeChunks.run(first, first + CHUNK_PARTS)
    await pace.rest()
  }
  const tail = ends('tail')
  const stepMs = 10 * MINUTE_MS
  const removeRows = db.prepare('DELETE FROM tail WHERE id >= ? AND id < ? AND server = ?')
  for (let at = tailAtMs(tail?.first ?? 0); at <= tailAtMs(tail?.last ?? -1); at += stepMs) {
    removeRows.run(tailKey(0, at), tailKey(0, at + stepMs), number)
    await pace.rest()
  }
  raw.forgetKept()
}

async function inSteps(db: Database, sql: string, range: readonly number[], pace: Pace): Promise<void> {
  const statement = db.prepare(sql)
  for (;;) {
    const { changes } = statement.run(...range, ROWS_PER_STEP)
    await pace.rest()
    if (changes < ROWS_PER_STEP) return
  }
}

/** Free pages are used again by new rows; only what is clearly too much goes back to the file system. */
async function giveBackPages({ db, sealer }: RetentionParts, pace: Pace): Promise<void> {
  const kept = Math.max(FREE_PAGES_KEPT, sealer.tailPages * FREE_TAILS_KEPT)
  while (freePages(db) > kept) {
    db.pragma(`incremental_vacuum(${PAGES_PER_STEP})`)
    await pace.rest()
  }
}

/** Removes what is too old, and the history of removed servers, in small transactions. */
import type { Settings } from '#contract/settings.ts'
import type { Database } from '../sqlite.ts'
import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import { HOUR_MS, LEVELS, rollupKey, SLOTS, spanMs, tailKey } from './keys.ts'
import type { Mirror } from './mirror.ts'
import { Pace } from './pace.ts'
import type { KeptFrom } from './read.ts'
import type { Registry } from './registry.ts'
import type { Sealer } from './sealer.ts'

const DAY_MS = 86_400_000
const ROWS_PER_STEP = 1_000
/** Pages given back to the file system per step, and what may stay free for new rows. */
const PAGES_PER_STEP = 64
const FREE_PAGES_KEPT = 4_096

export interface RetentionParts {
  readonly db: Database
  readonly registry: Registry
  readonly sealer: Sealer
  readonly mirror: Mirror
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

/** Seals every hour that is over at `nowMs` (rollups outlive raw rows), then deletes what is older than kept. */
export async function deleteOld(
  parts: RetentionParts,
  kept: KeptFrom,
  nowMs: number,
  signal: AbortSignal
): Promise<void> {
  const { db, registry, sealer } = parts
  const pace = new Pace(signal)
  for (let due = sealer.nextDue(nowMs); due !== null; due = sealer.nextDue(nowMs)) {
    sealer.seal(due.serverNumber, due.hour)
    await pace.rest()
  }
  await deleteInSteps(db, 'DELETE FROM tail WHERE id < ? LIMIT ?', [tailKey(0, kept.raw)], pace)
  for (const server of registry.all()) {
    for (const entity of [...server.entities.values()]) {
      for (const level of LEVELS) {
        const cut = Math.floor(kept[level] / spanMs(level))
        await deleteInSteps(
          db,
          `DELETE FROM ${level}_${entity.kind} WHERE id >= ? AND id < ? LIMIT ?`,
          [rollupKey(entity.id, 0), rollupKey(entity.id, cut)],
          pace
        )
      }
      if (entity.lastAtMs < kept.hour) registry.forgetEntity(server, entity)
    }
  }
  await deleteInSteps(db, 'DELETE FROM gap WHERE to_ms < ? LIMIT ?', [kept.hour], pace)
  await giveBackPages(db, pace)
}

/** Removes all rows of servers that are marked as deleting. Goes on at the next start when it is cut off. */
export async function deleteServers(parts: RetentionParts, signal: AbortSignal): Promise<void> {
  const { db, registry, sealer, mirror } = parts
  const pace = new Pace(signal)
  for (const number of registry.deletingNumbers()) {
    mirror.forget(number)
    sealer.forget(number)
    await deleteInSteps(
      db,
      'DELETE FROM tail INDEXED BY tail_by_server WHERE server = ? LIMIT ?',
      [number],
      pace
    )
    const ids = db.prepare<[number], number>('SELECT id FROM entity WHERE server = ?').pluck().all(number)
    for (const id of ids) {
      for (const level of LEVELS) {
        for (const kind of ENTITY_KINDS) {
          const range = [rollupKey(id, 0), rollupKey(id, SLOTS - 1)]
          await deleteInSteps(
            db,
            `DELETE FROM ${level}_${kind} WHERE id >= ? AND id <= ? LIMIT ?`,
            range,
            pace
          )
        }
      }
    }
    const finish = db.transaction(() => {
      for (const table of ['entity', 'gap', 'unsealed'])
        db.prepare(`DELETE FROM ${table} WHERE server = ?`).run(number)
      registry.forgetDeleted(number)
    })
    finish.immediate()
  }
  await giveBackPages(db, pace)
}

async function deleteInSteps(db: Database, sql: string, range: readonly number[], pace: Pace): Promise<void> {
  const statement = db.prepare(sql)
  for (;;) {
    const { changes } = statement.run(...range, ROWS_PER_STEP)
    await pace.rest()
    if (changes < ROWS_PER_STEP) return
  }
}

/** Free pages are used again by new rows; only what is clearly too much goes back to the file system. */
async function giveBackPages(db: Database, pace: Pace): Promise<void> {
  for (;;) {
    const free = Number(db.pragma('freelist_count', { simple: true }))
    if (free <= FREE_PAGES_KEPT) return
    db.pragma(`incremental_vacuum(${PAGES_PER_STEP})`)
    await pace.rest()
  }
}

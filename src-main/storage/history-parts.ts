/** The parts of samples/ put together for reading: what the console's own file and a read-only view of it share. */
import type { Report } from './protocol.ts'
import { Days } from './samples/days.ts'
import { Gaps } from './samples/gaps.ts'
import { OpenHours } from './samples/open-hours.ts'
import { RawHours } from './samples/raw-hours.ts'
import type { KeptFrom, ReadContext } from './samples/read.ts'
import { RecentHours } from './samples/recent-hours.ts'
import { Registry } from './samples/registry.ts'
import { RollupBlocks } from './samples/rollup-blocks.ts'
import { RollupTables } from './samples/rollup-tables.ts'
import { Sealer } from './samples/sealer.ts'
import type { Database } from './sqlite.ts'

/** Hours up to so old are in memory from the start on. */
const OPEN_HOURS_AT_START = 3
/**
 * And as many older ones: a console that was killed again and again may have left some. An older version's file has
 * thousands; those are brought in one by one as they are sealed, and read from their rollups until then.
 */
const MOST_OLDER_HOURS = 100

/** What changes while the file is open. */
export interface HistoryState {
  readonly nowMs: number
  readonly report: Report
  kept(): KeptFrom
  newestAtMs(): number
}

export interface HistoryParts extends ReadContext {
  readonly db: Database
  readonly sealer: Sealer
}

export function openHistoryParts(db: Database, state: HistoryState): HistoryParts {
  let damaged = 0
  const registry = new Registry(db)
  const tables = new RollupTables(db)
  const raw = new RawHours(db, new OpenHours(), () => damaged++)
  const recent = new RecentHours(registry, tables)
  const sealer = new Sealer({ db, raw, registry, tables, recent })
  const rawFromMs = (): number => state.kept().raw
  const days = new Days({ db, raw, registry, tables, sealer, rawFromMs })
  fillOpenHours({ registry, raw, sealer })
  if (damaged > 0) state.report('warn', 'storage.damagedRows', { rows: damaged })
  return {
    db,
    registry,
    tables,
    // Who only reads is beside a console that writes.
    blocks: new RollupBlocks(tables, db.readonly),
    raw,
    recent,
    sealer,
    days,
    gaps: new Gaps(db, registry, state.nowMs),
    keptFromMs: () => state.kept(),
    newestAtMs: () => state.newestAtMs()
  }
}

/** What was kept from, as the file says. */
export function readKept(db: Database): KeptFrom {
  const text = db.prepare("SELECT value FROM meta WHERE name = 'kept_from'").pluck().get()
  const kept: Partial<KeptFrom> = typeof text === 'string' ? (JSON.parse(text) as Partial<KeptFrom>) : {}
  return { raw: kept.raw ?? 0, minute: kept.minute ?? 0, hour: kept.hour ?? 0, day: 0 }
}

/** Unsealed hours into memory; servers' and entities' last times with them (a crash left those on the disk behind). */
function fillOpenHours(parts: Pick<HistoryParts, 'registry' | 'raw' | 'sealer'>): void {
  const { registry, raw, sealer } = parts
  const unsealed = sealer.unsealed()
  const oldest = Math.max(0, ...unsealed.map(({ hour }) => hour)) - OPEN_HOURS_AT_START
  const isOld = ({ hour }: { readonly hour: number }): boolean => hour <= oldest
  const skipsOld = unsealed.filter(isOld).length > MOST_OLDER_HOURS
  for (const { serverNumber, hour } of unsealed) {
    const server = registry.numbered(serverNumber)
    if (server === undefined || (skipsOld && isOld({ hour }))) continue
    const open = raw.reopen(serverNumber, hour)
    const byId = new Map([...server.entities.values()].map((entity) => [entity.id, entity]))
    for (const { entityId, atMs } of open.entities.values()) {
      const [before, last] = [atMs.at(-2), atMs.at(-1) ?? 0]
      const entity = byId.get(entityId)
      if (entity !== undefined) entity.lastAtMs = Math.max(entity.lastAtMs, last)
      if (last < (server.lastAtMs ?? 0)) continue
      server.lastAtMs = last
      if (before !== undefined) server.spacingMs = last - before
    }
  }
}

/** Collects the points of a plan: raw ones, or rollups (from the tables, and from raw rows where an hour is unsealed). */
import type { Database, Statement } from '../sqlite.ts'
import { RowReader } from './codec.ts'
import { HOUR_MS, rollupKey, type RollupLevel, rollupSlot, spanMs } from './keys.ts'
import type { Column, EntityPlan, ServerPlan } from './plan.ts'
import type { RawReader } from './raw-reader.ts'
import { rollUp } from './rollup.ts'
import type { Sealer } from './sealer.ts'

/** Takes one point of one column. Values are scaled integers; raw points have count 1 and sum = min = max. */
export type TakePoint = (
  column: Column,
  atMs: number,
  sum: number,
  min: number,
  max: number,
  count: number
) => void

/** Raw points of one server with fromMs ≤ atMs < toMs, at most `limit` rows. Returns where to go on, or null at the end. */
export function gatherRaw(
  raw: RawReader,
  plan: ServerPlan,
  range: { readonly fromMs: number; readonly toMs: number; readonly limit: number },
  take: TakePoint
): number | null {
  const rows = raw.read(plan.server.number, range.fromMs, range.toMs, range.limit)
  const reader = new RowReader()
  const buffers = new Map([...plan.entities].map(([id, entity]) => [id, new Float64Array(entity.codes)]))
  for (const row of rows) {
    reader.open(row.data)
    let left = plan.entities.size
    while (left > 0 && reader.next()) {
      const entity = plan.entities.get(reader.entityId)
      const values = buffers.get(reader.entityId)
      if (entity === undefined || values === undefined) continue
      left--
      reader.values(values)
      for (const column of entity.columns) {
        const value = values[column.code] ?? NaN
        if (!Number.isNaN(value)) take(column, row.atMs, value, value, value, 1)
      }
    }
  }
  const last = rows.at(-1)
  return last === undefined || rows.length < range.limit ? null : last.atMs + 1
}

export interface RollupSource {
  readonly raw: RawReader
  readonly sealer: Sealer
  statement(sql: string): Statement
}

/**
 * Rollups of one server whose slot starts at fromMs ≤ start < toMs (both multiples of the level's span). Reads all of it
 * at once, so that no hour is sealed in between: callers go in slices.
 */
export function gatherRollups(
  source: RollupSource,
  plan: ServerPlan,
  level: RollupLevel,
  range: { readonly fromMs: number; readonly toMs: number },
  take: TakePoint
): void {
  const unsealed = source.sealer.unsealedHours(plan.server.number)
  for (const entity of plan.entities.values()) gatherStored(source, entity, level, range, unsealed, take)
  for (const hour of [...unsealed].toSorted((a, b) => a - b)) {
    const fromMs = Math.max(range.fromMs, hour * HOUR_MS)
    const toMs = Math.min(range.toMs, (hour + 1) * HOUR_MS)
    if (fromMs >= toMs) continue
    const rows = source.raw.read(plan.server.number, fromMs, toMs, Infinity)
    const codesOf = (id: number): number => plan.entities.get(id)?.codes ?? 0
    rollUp(rows, spanMs(level), codesOf, (id, rollup) => {
      for (const column of plan.entities.get(id)?.columns ?? []) {
        const count = rollup.count[column.code] ?? 0
        if (count === 0) continue
        const [sum, min, max] = [rollup.sum, rollup.min, rollup.max].map((values) => values[column.code] ?? 0)
        take(column, rollup.slot * spanMs(level), sum ?? 0, min ?? 0, max ?? 0, count)
      }
    })
  }
}

function gatherStored(
  source: RollupSource,
  entity: EntityPlan,
  level: RollupLevel,
  range: { readonly fromMs: number; readonly toMs: number },
  unsealed: ReadonlySet<number>,
  take: TakePoint
): void {
  const span = spanMs(level)
  const columns = entity.columns.flatMap(({ code }) =>
    ['sum', 'min', 'max', 'count'].map((part) => `m${code}_${part}`)
  )
  const rows = source
    .statement(
      `SELECT id, samples, ${columns.join(', ')} FROM ${level}_${entity.kind} WHERE id >= ? AND id < ? ORDER BY id`
    )
    .all(rollupKey(entity.entityId, range.fromMs / span), rollupKey(entity.entityId, range.toMs / span)) as (
    number | null
  )[][]
  for (const row of rows) {
    const atMs = rollupSlot(row[0] ?? 0) * span
    // Rows of an hour that got late ticks since are old.
    if (unsealed.size > 0 && unsealed.has(Math.floor(atMs / HOUR_MS))) continue
    for (const [index, column] of entity.columns.entries()) {
      const sum = row[2 + index * 4]
      if (sum === null || sum === undefined) continue
      const count = row[5 + index * 4] ?? row[1] ?? 1
      const constant = sum / count
      take(column, atMs, sum, row[3 + index * 4] ?? constant, row[4 + index * 4] ?? constant, count)
    }
  }
}

/** Prepared statements by their text; arrays as rows. */
export class StatementCache {
  private readonly db: Database
  private readonly statements = new Map<string, Statement>()

  constructor(db: Database) {
    this.db = db
  }

  get(sql: string): Statement {
    let statement = this.statements.get(sql)
    if (statement === undefined) {
      if (this.statements.size >= 200) this.statements.clear()
      statement = this.db.prepare(sql).raw(true)
      this.statements.set(sql, statement)
    }
    return statement
  }
}

/** The tables of rollups: minute_vm, hour_server, day_disk, … One row per entity and slot; see docs/storage.md. */
import { ENTITY_KINDS, type EntityKind } from '#contract/metric-catalogue.ts'
import type { Database, Statement } from '../sqlite.ts'
import { codedKind } from './catalogue.ts'
import { rollupKey, type RollupLevel, rollupSlot } from './keys.ts'
import type { EntityEntry } from './registry.ts'
import type { MetricRollup, SlotRollup } from './rollup.ts'

const PARTS = ['sum', 'min', 'max', 'count'] as const
const WHOLE_PARTS = [...PARTS, 'median', 'p95'] as const

/** Columns of one metric: m7_sum, m7_min, …; of hours and days also m7_median and m7_p95. */
export function partsOf(level: RollupLevel): readonly string[] {
  return level === 'minute' ? PARTS : WHOLE_PARTS
}

export function columnsOf(level: RollupLevel, code: number): string[] {
  return partsOf(level).map((part) => `m${code}_${part}`)
}

/** Of one metric in one row, as the reader of a chart takes it. */
export type TakeStored = (code: number, slot: number, rollup: MetricRollup) => void

export class RollupTables {
  /** A row of the entity was written or removed (perhaps in a transaction that fails). */
  onChanged: (entityId: number) => void = () => undefined
  private readonly db: Database
  private readonly statements = new Map<string, Statement>()
  private readonly inserts = new Map<string, Statement>()

  constructor(db: Database) {
    this.db = db
  }

  write(level: RollupLevel, entity: EntityEntry, { slot, metrics }: SlotRollup): void {
    let samples = 0
    for (const { count } of metrics.values()) samples = Math.max(samples, count)
    const row: (number | null)[] = [rollupKey(entity.id, slot), samples]
    for (const { code } of codedKind(entity.kind).metrics) pushParts(row, level, metrics.get(code), samples)
    this.insertInto(level, entity.kind).run(...row)
    this.onChanged(entity.id)
  }

  /** Reads the metrics of one entity with from ≤ slot < to, in order of time; metrics without values are left out. */
  read(
    level: RollupLevel,
    entity: { readonly id: number; readonly kind: EntityKind },
    codes: readonly number[],
    slots: { readonly from: number; readonly to: number },
    take: TakeStored
  ): void {
    const statement = this.selectFrom(level, entity.kind, codes)
    const rows = statement.all(rollupKey(entity.id, slots.from), rollupKey(entity.id, slots.to)) as (
      number | null
    )[][]
    for (const row of rows) {
      const slot = rollupSlot(row[0] ?? 0)
      const samples = row[1] ?? 1
      for (let index = 0; index < codes.length; index++) {
        const at = 2 + index * 4
        const sum = row[at]
        if (sum === null || sum === undefined) continue
        const count = row[at + 3] ?? samples
        const min = row[at + 1] ?? sum / count
        const max = row[at + 2] ?? sum / count
        take(codes[index] ?? 0, slot, { count, sum, min, max, median: null, p95: null })
      }
    }
  }

  /** Removes rows of one entity with from ≤ slot < to, at most `limit`. Returns how many. */
  remove(
    level: RollupLevel,
    entity: { readonly id: number; readonly kind: EntityKind },
    slots: { readonly from: number; readonly to: number },
    limit: number
  ): number {
    const statement = this.statement(
      `DELETE FROM ${level}_${entity.kind} WHERE id >= ? AND id < ? LIMIT ?`,
      (sql) => this.db.prepare(sql)
    )
    this.onChanged(entity.id)
    return statement.run(rollupKey(entity.id, slots.from), rollupKey(entity.id, slots.to), limit).changes
  }

  private insertInto(level: RollupLevel, kind: EntityKind): Statement {
    const known = this.inserts.get(`${level} ${kind}`)
    if (known !== undefined) return known
    const columns = codedKind(kind).metrics.flatMap(({ code }) => columnsOf(level, code))
    const names = ['id', 'samples', ...columns]
    const statement = this.db.prepare(
      `INSERT OR REPLACE INTO ${level}_${kind} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`
    )
    this.inserts.set(`${level} ${kind}`, statement)
    return statement
  }

  private selectFrom(level: RollupLevel, kind: EntityKind, codes: readonly number[]): Statement {
    const columns = codes.flatMap((code) => PARTS.map((part) => `m${code}_${part}`))
    return this.statement(
      `SELECT ${['id', 'samples', ...columns].join(', ')} FROM ${level}_${kind} WHERE id >= ? AND id < ? ORDER BY id`,
      (sql) => this.db.prepare(sql).raw(true)
    )
  }

  private statement(sql: string, prepare: (sql: string) => Statement): Statement {
    let statement = this.statements.get(sql)
    if (statement === undefined) {
      // Choices of metrics are many; those of the kinds and levels are few.
      if (this.statements.size >= 200 + ENTITY_KINDS.length * 9) this.statements.clear()
      statement = prepare(sql)
      this.statements.set(sql, statement)
    }
    return statement
  }
}

/** NULL where it can be told from the others: most metrics are constant for a minute, and have all samples. */
function pushParts(
  row: (number | null)[],
  level: RollupLevel,
  metric: MetricRollup | undefined,
  samples: number
): void {
  const isWhole = level !== 'minute'
  if (metric === undefined || metric.count === 0) {
    row.push(null, null, null, null)
    if (isWhole) row.push(null, null)
    return
  }
  const { count, sum, min, max, median, p95 } = metric
  const isConstant = min === max
  row.push(sum, isConstant ? null : min, isConstant ? null : max, count === samples ? null : count)
  if (isWhole) row.push(isConstant ? null : median, isConstant ? null : p95)
}

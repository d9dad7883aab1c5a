/**
 * Rollups by the hour and the day that were looked at, kept as arrays: a chart asks for the same months again with every
 * zoom, and taking a row out of SQLite costs more than all that is done with it. A block is dropped when any row of its
 * entity is written or removed.
 */
import type { EntityKind } from '#contract/metric-catalogue.ts'
import type { RollupLevel } from './keys.ts'
import type { RollupTables } from './rollup-tables.ts'

/** One metric in one slot: scaled integers, as in the tables. */
export type TakeRollup = (
  code: number,
  slot: number,
  sum: number,
  min: number,
  max: number,
  count: number
) => void

/** Three weeks of hours; a chart of a month touches two or three blocks. */
const BLOCK_SLOTS = 512
/** Some 20 KB each. */
const KEPT_BLOCKS = 512

/** The slots of one metric that have values, in order of time: slot, sum, min, max, count of each. */
type Block = Float64Array
const WIDTH = 5

export interface BlockEntity {
  readonly id: number
  readonly kind: EntityKind
}

export class RollupBlocks {
  private readonly tables: RollupTables
  private readonly keep: number
  /** By entity, then `level code block`. In order of use, the latest last. */
  private readonly kept = new Map<number, Map<string, Block>>()
  private count = 0

  /** `isShared`: another process may write the file; nothing is kept then. */
  constructor(tables: RollupTables, isShared: boolean) {
    this.tables = tables
    this.keep = isShared ? 0 : KEPT_BLOCKS
    tables.onChanged = (entityId) => this.forget(entityId)
  }

  /** Metrics of one entity with from ≤ slot < to, each in order of time; what has no values is left out. */
  read(
    level: Exclude<RollupLevel, 'minute'>,
    entity: BlockEntity,
    codes: readonly number[],
    slots: { readonly from: number; readonly to: number },
    take: TakeRollup
  ): void {
    for (let block = Math.floor(slots.from / BLOCK_SLOTS); block * BLOCK_SLOTS < slots.to; block++) {
      for (const [code, values] of this.block(level, entity, codes, block)) {
        for (let at = 0; at < values.length; at += WIDTH) {
          const slot = values[at] ?? 0
          if (slot < slots.from) continue
          if (slot >= slots.to) break
          take(code, slot, values[at + 1] ?? 0, values[at + 2] ?? 0, values[at + 3] ?? 0, values[at + 4] ?? 0)
        }
      }
    }
  }

  private block(
    level: RollupLevel,
    entity: BlockEntity,
    codes: readonly number[],
    block: number
  ): [code: number, values: Block][] {
    const ofEntity = this.kept.get(entity.id)
    const keyOf = (code: number): string => `${level} ${code} ${block}`
    const missing = codes.filter((code) => ofEntity?.has(keyOf(code)) !== true)
    const read = missing.length === 0 ? null : this.load(level, entity, missing, block)
    return codes.map((code) => [code, read?.get(code) ?? ofEntity?.get(keyOf(code)) ?? new Float64Array(0)])
  }

  private load(
    level: RollupLevel,
    entity: BlockEntity,
    codes: readonly number[],
    block: number
  ): Map<number, Block> {
    const rows = new Map<number, number[]>(codes.map((code) => [code, []]))
    const slots = { from: block * BLOCK_SLOTS, to: (block + 1) * BLOCK_SLOTS }
    this.tables.read(level, entity, codes, slots, (code, slot, { sum, min, max, count }) =>
      rows.get(code)?.push(slot, sum, min, max, count)
    )
    const read = new Map([...rows].map(([code, values]) => [code, Float64Array.from(values)]))
    for (const [code, values] of read) this.put(entity.id, `${level} ${code} ${block}`, values)
    return read
  }

  private put(entityId: number, key: string, values: Block): void {
    if (this.keep === 0) return
    const ofEntity = this.kept.get(entityId) ?? new Map<string, Block>()
    // The entity goes to the end of those that are dropped for want of room.
    this.kept.delete(entityId)
    this.kept.set(entityId, ofEntity)
    ofEntity.set(key, values)
    this.count++
    while (this.count > this.keep) {
      const [oldest] = this.kept.keys()
      if (oldest === undefined || oldest === entityId) return
      this.forget(oldest)
    }
  }

  private forget(entityId: number): void {
    this.count -= this.kept.get(entityId)?.size ?? 0
    this.kept.delete(entityId)
  }
}

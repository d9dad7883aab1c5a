/** Minimum, sum, maximum and count of every metric per minute or hour. Integers as the tail keeps them: sums are exact. */
import { type RawRow } from './raw-reader.ts'
import { RowReader } from './codec.ts'

/** One entity in one slot (a minute or an hour). Arrays are indexed by metric code. */
export interface SlotRollup {
  slot: number
  /** The largest count of all metrics. */
  samples: number
  readonly count: Float64Array
  readonly sum: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

export function emptySlot(codes: number, slot: number): SlotRollup {
  return {
    slot,
    samples: 0,
    count: new Float64Array(codes),
    sum: new Float64Array(codes),
    min: new Float64Array(codes),
    max: new Float64Array(codes)
  }
}

function addValues(into: SlotRollup, values: Float64Array, lastCode: number): void {
  const { count, sum, min, max } = into
  for (let code = 1; code <= lastCode; code++) {
    const value = values[code] ?? NaN
    if (Number.isNaN(value)) continue
    const before = count[code] ?? 0
    count[code] = before + 1
    if (before + 1 > into.samples) into.samples = before + 1
    sum[code] = (sum[code] ?? 0) + value
    if (before === 0 || value < (min[code] ?? 0)) min[code] = value
    if (before === 0 || value > (max[code] ?? 0)) max[code] = value
  }
}

/**
 * Rolls rows (in order of time) up into slots of `spanMs`, for the entities that `codesOf` gives a number of codes for
 * (1 + the largest code wanted; 0 = leave it out). `emit` is called once per entity and slot, in order of time per entity.
 */
export function rollUp(
  rows: readonly RawRow[],
  spanMs: number,
  codesOf: (entityId: number) => number,
  emit: (entityId: number, rollup: SlotRollup) => void
): void {
  const open = new Map<number, { codes: number; values: Float64Array; current: SlotRollup | null }>()
  const reader = new RowReader()
  for (const row of rows) {
    const slot = Math.floor(row.atMs / spanMs)
    reader.open(row.data)
    while (reader.next()) {
      let state = open.get(reader.entityId)
      if (state === undefined) {
        const codes = codesOf(reader.entityId)
        state = { codes, values: new Float64Array(codes), current: null }
        open.set(reader.entityId, state)
      }
      if (state.codes === 0) continue
      if (state.current?.slot !== slot) {
        if (state.current !== null) emit(reader.entityId, state.current)
        state.current = emptySlot(state.codes, slot)
      }
      addValues(state.current, state.values, reader.values(state.values))
    }
  }
  for (const [entityId, state] of open) if (state.current !== null) emit(entityId, state.current)
}

/** Adds a rollup of a shorter slot to that of a longer one. */
export function mergeRollup(into: SlotRollup, from: SlotRollup): void {
  for (let code = 1; code < from.count.length; code++) {
    const more = from.count[code] ?? 0
    if (more === 0) continue
    const before = into.count[code] ?? 0
    const min = from.min[code] ?? 0
    const max = from.max[code] ?? 0
    into.count[code] = before + more
    into.samples = Math.max(into.samples, before + more)
    into.sum[code] = (into.sum[code] ?? 0) + (from.sum[code] ?? 0)
    if (before === 0 || min < (into.min[code] ?? 0)) into.min[code] = min
    if (before === 0 || max > (into.max[code] ?? 0)) into.max[code] = max
  }
}

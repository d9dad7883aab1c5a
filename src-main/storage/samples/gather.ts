/** Collects the points of a plan: raw ones, or rollups (from the tables, and from samples where they are not written yet). */
import { HOUR_MS, hourOf, type RollupLevel, spanMs } from './keys.ts'
import { lowerBound } from './open-hours.ts'
import type { Column, EntityPlan, ServerPlan } from './plan.ts'
import type { Days } from './days.ts'
import type { RawHours } from './raw-hours.ts'
import { mergeMetric, type MetricRollup, rollUpSlots, rollUpValues } from './rollup.ts'
import type { RollupBlocks, TakeRollup } from './rollup-blocks.ts'
import type { RollupTables } from './rollup-tables.ts'

/** Takes one point of one column. Values are scaled integers; raw points have count 1 and sum = min = max. */
export type TakePoint = (
  column: Column,
  atMs: number,
  sum: number,
  min: number,
  max: number,
  count: number
) => void

export interface Range {
  readonly fromMs: number
  readonly toMs: number
}

export interface GatherSource {
  readonly raw: RawHours
  readonly days: Days
  readonly tables: RollupTables
  readonly blocks: RollupBlocks
}

/** One column's samples in one hour: `atMs[i]` is the time of `values[i]` (NaN = none), for from ≤ i < to. */
export type TakeColumn = (
  column: Column,
  atMs: Float64Array,
  values: Float64Array,
  from: number,
  to: number
) => void

/** Samples with fromMs ≤ atMs < toMs, hour by hour, column by column. */
export function gatherColumns(raw: RawHours, plan: ServerPlan, range: Range, take: TakeColumn): void {
  for (let hour = hourOf(range.fromMs); hour * HOUR_MS < range.toMs; hour++) {
    for (const entity of plan.entities.values()) {
      const stored = raw.hour(plan.server.number, entity.entityId, hour)
      if (stored === null) continue
      const { atMs } = stored
      const from = lowerBound(atMs, range.fromMs)
      const to = lowerBound(atMs, range.toMs)
      if (from >= to) continue
      for (const column of entity.columns) {
        const values = stored.column(column.code)
        if (values !== null) take(column, atMs, values, from, to)
      }
    }
  }
}

/** As `gatherColumns`, sample by sample. */
export function gatherRaw(raw: RawHours, plan: ServerPlan, range: Range, take: TakePoint): void {
  gatherColumns(raw, plan, range, (column, atMs, values, from, to) => {
    for (let at = from; at < to; at++) {
      const value = values[at] ?? NaN
      if (!Number.isNaN(value)) take(column, atMs[at] ?? 0, value, value, value, 1)
    }
  })
}

/**
 * Rollups of one server whose slot starts at fromMs ≤ start < toMs (both multiples of the level's span). Reads all of it
 * at once, so that no hour is sealed in between: callers go in slices.
 */
export function gatherRollups(
  source: GatherSource,
  plan: ServerPlan,
  level: RollupLevel,
  range: Range,
  take: TakePoint
): void {
  if (level === 'minute') gatherMinutes(source, plan, range, take)
  else if (level === 'hour') gatherHours(source, plan, range, take)
  else gatherDays(source, plan, range, take)
}

/** Minutes are written when their samples go; until then they are told from these. */
function gatherMinutes(source: GatherSource, plan: ServerPlan, range: Range, take: TakePoint): void {
  const { raw } = source
  const open = raw.open.hoursOf(plan.server.number)
  const boundary = Math.min(raw.firstSealedHour() ?? Infinity, ...open)
  const stored = { fromMs: range.fromMs, toMs: Math.min(range.toMs, boundary * HOUR_MS) }
  if (stored.fromMs < stored.toMs)
    for (const entity of plan.entities.values())
      gatherStored(source, entity, 'minute', stored, () => true, take)
  const slotMs = spanMs('minute')
  for (let hour = Math.max(boundary, hourOf(range.fromMs)); hour * HOUR_MS < range.toMs; hour++) {
    const part = {
      fromMs: Math.max(range.fromMs, hour * HOUR_MS),
      toMs: Math.min(range.toMs, (hour + 1) * HOUR_MS)
    }
    for (const entity of plan.entities.values()) {
      const samples = raw.hour(plan.server.number, entity.entityId, hour)
      if (samples === null) {
        // The oldest hour may be half way from samples to minutes.
        if (hour === boundary) gatherStored(source, entity, 'minute', part, () => true, take)
        continue
      }
      for (const column of entity.columns) {
        const values = samples.column(column.code)
        if (values === null) continue
        rollUpSlots(samples, values, slotMs, part, (slot, { sum, min, max, count }) =>
          take(column, slot * slotMs, sum, min, max, count)
        )
      }
    }
  }
}

function gatherHours(source: GatherSource, plan: ServerPlan, range: Range, take: TakePoint): void {
  const open = new Set(source.raw.open.hoursOf(plan.server.number))
  // Rows of an hour that got late ticks since are old.
  const isSealed = (hour: number): boolean => !open.has(hour)
  for (const entity of plan.entities.values()) gatherStored(source, entity, 'hour', range, isSealed, take)
  for (const hour of [...open].toSorted((a, b) => a - b)) {
    if (hour * HOUR_MS < range.fromMs || hour * HOUR_MS >= range.toMs) continue
    for (const entity of plan.entities.values()) {
      const samples = source.raw.hour(plan.server.number, entity.entityId, hour)
      for (const column of entity.columns) {
        const values = samples?.column(column.code) ?? null
        const rollup = values === null ? null : rollUpValues(values)
        if (rollup === null || rollup.count === 0) continue
        take(column, hour * HOUR_MS, rollup.sum, rollup.min, rollup.max, rollup.count)
      }
    }
  }
}

function gatherDays(source: GatherSource, plan: ServerPlan, range: Range, take: TakePoint): void {
  const unsealed = source.days.unsealed(plan.server.number)
  const dayMs = spanMs('day')
  const isSealed = (day: number): boolean => !unsealed.has(day)
  for (const entity of plan.entities.values()) gatherStored(source, entity, 'day', range, isSealed, take)
  for (const day of [...unsealed].toSorted((a, b) => a - b)) {
    if (day * dayMs < range.fromMs || day * dayMs >= range.toMs) continue
    const totals = new Map<Column, MetricRollup>()
    const hours = { fromMs: day * dayMs, toMs: (day + 1) * dayMs }
    gatherHours(source, plan, hours, (column, _atMs, sum, min, max, count) => {
      const part = { sum, min, max, count, median: null, p95: null }
      const total = totals.get(column)
      if (total === undefined) totals.set(column, part)
      else mergeMetric(total, part)
    })
    for (const [column, { sum, min, max, count }] of totals) take(column, day * dayMs, sum, min, max, count)
  }
}

function gatherStored(
  source: GatherSource,
  entity: EntityPlan,
  level: RollupLevel,
  range: Range,
  isWanted: (slot: number) => boolean,
  take: TakePoint
): void {
  const slotMs = spanMs(level)
  const slots = { from: Math.ceil(range.fromMs / slotMs), to: Math.ceil(range.toMs / slotMs) }
  const codes = entity.columns.map((column) => column.code)
  const byCode = new Map(entity.columns.map((column) => [column.code, column]))
  const { entityId: id, kind } = entity
  const takeStored: TakeRollup = (code, slot, sum, min, max, count) => {
    const column = byCode.get(code)
    if (column !== undefined && isWanted(slot)) take(column, slot * slotMs, sum, min, max, count)
  }
  if (level !== 'minute') source.blocks.read(level, { id, kind }, codes, slots, takeStored)
  else
    source.tables.read(level, { id, kind }, codes, slots, (code, slot, { sum, min, max, count }) =>
      takeStored(code, slot, sum, min, max, count)
    )
}

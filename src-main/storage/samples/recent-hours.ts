/**
 * The rollups by the hour of the last day and a bit, in memory: who has the most of something is asked over all VMs of the
 * fleet at once, which would be thousands of short reads. Filled per kind when first asked; kept up to date by the sealer.
 */
import type { EntityKind } from '#contract/metric-catalogue.ts'
import { codedKind } from './catalogue.ts'
import type { EntityEntry, Registry } from './registry.ts'
import type { MetricRollup, SlotRollup } from './rollup.ts'
import type { RollupTables } from './rollup-tables.ts'

/** A day, and the hours at its ends. */
export const RECENT_HOURS = 26
const PARTS = 4

/** One entity: a ring of hours; per hour and metric sum, count, min, max. */
interface Ring {
  readonly hours: Float64Array
  readonly values: Float64Array
}

export class RecentHours {
  private readonly registry: Registry
  private readonly tables: RollupTables
  private readonly kinds = new Map<EntityKind, Map<number, Ring>>()

  constructor(registry: Registry, tables: RollupTables) {
    this.registry = registry
    this.tables = tables
  }

  /** Takes a newly sealed hour. */
  note(entity: EntityEntry, rollup: SlotRollup): void {
    const rings = this.kinds.get(entity.kind)
    if (rings !== undefined) this.put(rings, entity, rollup)
  }

  /** Hours were changed or removed: they are read anew when next asked for. */
  forget(): void {
    this.kinds.clear()
  }

  /** Reads hours into memory unless they are there. `toHour` is the first hour after them. */
  load(kind: EntityKind, toHour: number): void {
    if (this.kinds.has(kind)) return
    const rings = new Map<number, Ring>()
    const codes = codedKind(kind).metrics.map(({ code }) => code)
    const slots = { from: toHour - RECENT_HOURS, to: toHour }
    for (const server of this.registry.all()) {
      for (const entity of server.entities.values()) {
        if (entity.kind !== kind) continue
        this.tables.read('hour', entity, codes, slots, (code, slot, rollup) => {
          this.put(rings, entity, { slot, metrics: new Map([[code, rollup]]) })
        })
      }
    }
    this.kinds.set(kind, rings)
  }

  /** Adds the stored hours from ≤ hour < to of one metric to `into`, but for the open ones. Load the kind before. */
  add(
    entity: EntityEntry,
    code: number,
    slots: { readonly from: number; readonly to: number },
    open: ReadonlySet<number>,
    into: MetricRollup
  ): void {
    const ring = this.kinds.get(entity.kind)?.get(entity.id)
    if (ring === undefined) return
    const width = (codedKind(entity.kind).maxCode + 1) * PARTS
    for (let hour = slots.from; hour < slots.to; hour++) {
      const place = hour % RECENT_HOURS
      if (ring.hours[place] !== hour || open.has(hour)) continue
      const at = place * width + code * PARTS
      const count = ring.values[at + 1] ?? 0
      if (count === 0) continue
      into.sum += ring.values[at] ?? 0
      into.count += count
      into.min = Math.min(into.min, ring.values[at + 2] ?? Infinity)
      into.max = Math.max(into.max, ring.values[at + 3] ?? -Infinity)
    }
  }

  private put(rings: Map<number, Ring>, entity: EntityEntry, { slot, metrics }: SlotRollup): void {
    const width = (codedKind(entity.kind).maxCode + 1) * PARTS
    let ring = rings.get(entity.id)
    if (ring === undefined) {
      ring = {
        hours: new Float64Array(RECENT_HOURS).fill(-1),
        values: new Float64Array(RECENT_HOURS * width)
      }
      rings.set(entity.id, ring)
    }
    const place = slot % RECENT_HOURS
    // An old hour that is sealed again must not take the place of a new one.
    if ((ring.hours[place] ?? -1) > slot) return
    if (ring.hours[place] !== slot) {
      ring.hours[place] = slot
      ring.values.fill(0, place * width, (place + 1) * width)
    }
    for (const [code, { sum, count, min, max }] of metrics)
      ring.values.set([sum, count, min, max], place * width + code * PARTS)
  }
}

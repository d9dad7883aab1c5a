/**
 * Rolls up days that are over: from the samples of their 24 hours, so that median and p95 are those of the day. Where the
 * samples are gone already (days of an older file) the hours are merged, and median and p95 stay unknown.
 */
import type { Database } from '../sqlite.ts'
import { codedKind } from './catalogue.ts'
import { DAY_MS, dayOf, HOUR_MS, HOURS_PER_DAY } from './keys.ts'
import type { Pace } from './pace.ts'
import type { RawHours } from './raw-hours.ts'
import type { EntityEntry, Registry } from './registry.ts'
import { mergeMetric, type MetricRollup, rollUpWhole, type SlotRollup } from './rollup.ts'
import type { RollupTables } from './rollup-tables.ts'
import type { Sealer } from './sealer.ts'

export interface DayParts {
  readonly db: Database
  readonly raw: RawHours
  readonly registry: Registry
  readonly tables: RollupTables
  readonly sealer: Sealer
  /** Samples before it are gone. */
  rawFromMs(): number
}

export interface DueDay {
  readonly serverNumber: number
  readonly day: number
}

export class Days {
  private readonly parts: DayParts

  constructor(parts: DayParts) {
    this.parts = parts
  }

  /** Days of a server whose rollup is missing or old, that of today among them. */
  unsealed(serverNumber: number): ReadonlySet<number> {
    const { sealer } = this.parts
    const open = sealer.unsealedHours(serverNumber).map((hour) => dayOf(hour * HOUR_MS))
    return new Set([...sealer.daysOf(serverNumber), ...open])
  }

  /** A day that is over at `nowMs` and has no unsealed hour; null when none is. */
  nextDue(nowMs: number): DueDay | null {
    const today = dayOf(nowMs)
    for (const [serverNumber, days] of this.parts.sealer.days) {
      for (const day of days)
        if (day < today && !this.hasOpenHour(serverNumber, day)) return { serverNumber, day }
    }
    return null
  }

  /** In slices. A tick that comes meanwhile leaves the day as it was. Throws cancelled. */
  async seal({ serverNumber, day }: DueDay, pace: Pace): Promise<void> {
    const { db, registry, tables } = this.parts
    const server = registry.numbered(serverNumber)
    const hasSamples = this.parts.rawFromMs() <= day * DAY_MS
    const rollups: { entity: EntityEntry; rollup: SlotRollup }[] = []
    for (const entity of server?.entities.values() ?? []) {
      if (entity.lastAtMs < day * DAY_MS || entity.firstAtMs >= (day + 1) * DAY_MS) continue
      const rollup = hasSamples
        ? await this.ofSamples(serverNumber, entity, day, pace)
        : this.ofHours(entity, day)
      if (rollup.metrics.size > 0) rollups.push({ entity, rollup })
      await pace.rest()
    }
    if (this.hasOpenHour(serverNumber, day)) return
    const write = db.transaction(() => {
      for (const { entity, rollup } of rollups) tables.write('day', entity, rollup)
      db.prepare('DELETE FROM unsealed_day WHERE server = ? AND day = ?').run(serverNumber, day)
    })
    write.immediate()
    this.parts.sealer.daySealed(serverNumber, day)
  }

  private hasOpenHour(serverNumber: number, day: number): boolean {
    return this.parts.sealer.unsealedHours(serverNumber).some((hour) => dayOf(hour * HOUR_MS) === day)
  }

  private async ofSamples(
    serverNumber: number,
    entity: EntityEntry,
    day: number,
    pace: Pace
  ): Promise<SlotRollup> {
    const columns = new Map<number, Float64Array[]>()
    for (let hour = day * HOURS_PER_DAY; hour < (day + 1) * HOURS_PER_DAY; hour++) {
      const stored = this.parts.raw.hour(serverNumber, entity.id, hour)
      if (stored === null) continue
      for (const code of stored.codes()) {
        const values = stored.column(code)
        if (values === null) continue
        const known = columns.get(code)
        if (known === undefined) columns.set(code, [values])
        else known.push(values)
      }
      await pace.rest()
    }
    const metrics = new Map<number, MetricRollup>()
    for (const [code, parts] of columns) {
      const rollup = rollUpWhole(joined(parts))
      if (rollup.count > 0) metrics.set(code, rollup)
      await pace.rest()
    }
    return { slot: day, metrics }
  }

  private ofHours(entity: EntityEntry, day: number): SlotRollup {
    const metrics = new Map<number, MetricRollup>()
    const codes = codedKind(entity.kind).metrics.map(({ code }) => code)
    const slots = { from: day * HOURS_PER_DAY, to: (day + 1) * HOURS_PER_DAY }
    this.parts.tables.read('hour', entity, codes, slots, (code, _slot, rollup) => {
      const known = metrics.get(code)
      if (known === undefined) metrics.set(code, { ...rollup })
      else mergeMetric(known, rollup)
    })
    return { slot: day, metrics }
  }
}

function joined(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

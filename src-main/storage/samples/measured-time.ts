/**
 * For how long a series was measured: the minutes with a value. Of rollups by the hour, an hour with as many samples as any
 * and without a gap counts as whole; the others are looked into, by sample or by minute.
 */
import type { Range } from './gather.ts'
import { HOUR_MS, hourOf, MINUTE_MS, type RollupLevel, spanMs } from './keys.ts'
import type { ReadContext } from './read.ts'
import type { ServerEntry } from './registry.ts'

/** Ticks come at their interval within a little: an hour may have a sample more or less than another. */
const WHOLE_SHARE = 0.98

export interface MeasuredEntity {
  readonly server: ServerEntry
  readonly entityId: number
  readonly code: number
}

interface Slot {
  readonly atMs: number
  readonly spanMs: number
  readonly count: number
}

export class MeasuredTime {
  private readonly range: Range
  private minutesMs = 0
  private lastMinute = -1
  private readonly slots: Slot[] = []

  constructor(range: Range) {
    this.range = range
  }

  /** A value at this time; in order of time. */
  addMinute(atMs: number): void {
    const minute = Math.floor(atMs / MINUTE_MS)
    if (minute === this.lastMinute) return
    this.lastMinute = minute
    this.minutesMs += this.within(minute * MINUTE_MS, MINUTE_MS)
  }

  /** So many values in this slot. */
  addSlot(atMs: number, level: RollupLevel, count: number): void {
    this.slots.push({ atMs, spanMs: spanMs(level), count })
  }

  total(context: ReadContext, entity: MeasuredEntity): number {
    const { fromMs, toMs } = this.range
    const most = this.slots.reduce((highest, { count }) => Math.max(highest, count), 0)
    const gaps = this.slots.length === 0 ? [] : context.gaps.list(entity.server, fromMs, toMs)
    let totalMs = this.minutesMs
    for (const slot of this.slots) {
      const endMs = slot.atMs + slot.spanMs
      const isBroken = gaps.some(
        (gap) => gap.vmUuid === null && gap.fromAtMs < endMs && (gap.toAtMs ?? Infinity) > slot.atMs
      )
      const isWhole = !isBroken && slot.count >= most * WHOLE_SHARE
      totalMs += isWhole
        ? this.within(slot.atMs, slot.spanMs)
        : (minutesIn(context, entity, slot) ?? Math.min(1, slot.count / most) * slot.spanMs)
    }
    return Math.min(totalMs, toMs - fromMs)
  }

  private within(atMs: number, spanMs: number): number {
    return Math.max(0, Math.min(atMs + spanMs, this.range.toMs) - Math.max(atMs, this.range.fromMs))
  }
}

/** null: neither its samples nor its minutes are kept. */
function minutesIn(context: ReadContext, entity: MeasuredEntity, slot: Slot): number | null {
  if (slot.spanMs !== HOUR_MS) return null
  const { server, entityId, code } = entity
  const hour = context.raw.hour(server.number, entityId, hourOf(slot.atMs))
  const values = hour?.column(code) ?? null
  let minutes = 0
  if (hour !== null && values !== null) {
    let last = -1
    for (let at = 0; at < values.length; at++) {
      if (Number.isNaN(values[at] ?? NaN)) continue
      const minute = Math.floor((hour.atMs[at] ?? 0) / MINUTE_MS)
      if (minute !== last) minutes++
      last = minute
    }
    return minutes * MINUTE_MS
  }
  if (slot.atMs < context.keptFromMs().minute) return null
  const kind = [...server.entities.values()].find(({ id }) => id === entityId)?.kind
  if (kind === undefined) return null
  const from = slot.atMs / MINUTE_MS
  context.tables.read('minute', { id: entityId, kind }, [code], { from, to: from + 60 }, () => minutes++)
  return minutes * MINUTE_MS
}

/**
 * Which share of a series is above or below a bound, right to the sample where samples are kept. An hour whose minimum and
 * maximum lie on one side of the bound needs no closer look; the others are read by sample, else by minute (each on the side
 * of its ends, else of its mean), else they lie on the side of their mean.
 */
import type { SeriesShare, ShareBound, SharesQuery } from '../../application/storage.ts'
import { gatherRollups, type Range, type TakePoint } from './gather.ts'
import { gatherPart, gatherSlots, hourParts } from './gather-range.ts'
import { HOUR_MS, hourOf } from './keys.ts'
import { Pace } from './pace.ts'
import { type Column, type EntityPlan, planRead, type ServerPlan } from './plan.ts'
import type { ReadContext } from './read.ts'

/** Throws cancelled. */
export async function sharesOf(
  context: ReadContext,
  { bounds, fromAtMs, toAtMs }: SharesQuery,
  signal: AbortSignal
): Promise<SeriesShare[]> {
  const plan = planRead(
    context.registry,
    bounds.map(({ entity, metric }) => ({ entity, metrics: [metric] }))
  )
  const shares = plan.columns.map((column, index) => new Share(bounds[index], column.scale))
  const seen = {
    fromMs: Math.max(fromAtMs, plan.seen?.firstAtMs ?? toAtMs),
    toMs: Math.min(toAtMs, (plan.seen?.lastAtMs ?? 0) + 1)
  }
  if (seen.fromMs < seen.toMs) {
    const pace = new Pace(signal)
    for (const server of plan.servers) await addServer(context, server, seen, pace, shares)
  }
  return shares.map(({ count, inside }) => ({ count, inside }))
}

class Share implements SeriesShare {
  count = 0
  inside = 0
  private readonly limit: number
  private readonly isAbove: boolean

  constructor(bound: ShareBound | undefined, scale: number) {
    this.isAbove = bound?.above !== undefined
    this.limit = (bound?.above ?? bound?.below ?? 0) * scale
  }

  has(value: number): boolean {
    return this.isAbove ? value > this.limit : value < this.limit
  }

  /** false: it lies on both sides and is not counted. */
  addIfClear(min: number, max: number, count: number): boolean {
    const all = this.has(this.isAbove ? min : max)
    if (!all && this.has(this.isAbove ? max : min)) return false
    this.count += count
    if (all) this.inside += count
    return true
  }

  /** All on the side of their mean. */
  addByMean(sum: number, count: number): void {
    this.count += count
    if (this.has(sum / count)) this.inside += count
  }
}

async function addServer(
  context: ReadContext,
  server: ServerPlan,
  seen: Range,
  pace: Pace,
  shares: readonly Share[]
): Promise<void> {
  const takeFine: TakePoint = (column, _atMs, sum, min, max, count) => {
    const share = shares[column.index]
    if (share?.addIfClear(min, max, count) === false) share.addByMean(sum, count)
  }
  const unclear = new Map<Column, Range[]>()
  const takeSlot: TakePoint = (column, atMs, sum, min, max, count) => {
    const share = shares[column.index]
    if (share === undefined || share.addIfClear(min, max, count)) return
    if (atMs < context.keptFromMs().minute) share.addByMean(sum, count)
    else addRun(unclear, column, atMs)
  }
  if (seen.fromMs < context.keptFromMs().hour) {
    await gatherSlots(context, server, 'day', seen, pace, takeFine)
    return
  }
  const { before, whole, after } = hourParts(seen)
  for (const part of [before, after]) if (part !== null) gatherPart(context, server, part, takeFine)
  await gatherSlots(context, server, 'hour', whole, pace, takeSlot)
  for (const [column, runs] of unclear) {
    const only = planOf(server, column)
    for (const run of runs) await addClosely(context, only, run, pace, takeFine)
  }
}

/** Hours that follow each other are read together. */
function addRun(unclear: Map<Column, Range[]>, column: Column, atMs: number): void {
  const runs = unclear.get(column) ?? []
  unclear.set(column, runs)
  const last = runs.at(-1)
  if (last?.toMs === atMs) runs[runs.length - 1] = { fromMs: last.fromMs, toMs: atMs + HOUR_MS }
  else runs.push({ fromMs: atMs, toMs: atMs + HOUR_MS })
}

async function addClosely(
  context: ReadContext,
  plan: ServerPlan,
  run: Range,
  pace: Pace,
  takeFine: TakePoint
): Promise<void> {
  let hourMs = run.fromMs
  while (hourMs < run.toMs) {
    let endMs = hourMs + HOUR_MS
    if (!addSamples(context, plan, hourOf(hourMs), takeFine)) {
      // A whole day of minutes is one question to the table.
      while (endMs < run.toMs && endMs - hourMs < 24 * HOUR_MS && !hasSamples(context, plan, hourOf(endMs)))
        endMs += HOUR_MS
      gatherRollups(context, plan, 'minute', { fromMs: hourMs, toMs: endMs }, takeFine)
    }
    hourMs = endMs
    await pace.rest()
  }
}

function hasSamples(context: ReadContext, { server, entities }: ServerPlan, hour: number): boolean {
  return [...entities.keys()].some((entityId) => context.raw.hour(server.number, entityId, hour) !== null)
}

/** false: the hour's samples are gone. */
function addSamples(
  context: ReadContext,
  { server, entities }: ServerPlan,
  hour: number,
  take: TakePoint
): boolean {
  let found = false
  for (const { entityId, columns } of entities.values()) {
    const stored = context.raw.hour(server.number, entityId, hour)
    if (stored === null) continue
    found = true
    for (const column of columns)
      for (const value of stored.column(column.code) ?? [])
        if (!Number.isNaN(value)) take(column, 0, value, value, value, 1)
  }
  return found
}

function planOf({ server, entities }: ServerPlan, column: Column): ServerPlan {
  const only = new Map<number, EntityPlan>()
  for (const [id, entity] of entities)
    if (entity.columns.includes(column)) only.set(id, { ...entity, columns: [column] })
  return { server, entities: only }
}

/** A range as whole hours and what is left over at its two ends, so that figures over hours are right to the sample. */
import { gatherRaw, gatherRollups, type Range, type TakePoint } from './gather.ts'
import { HOUR_MS, MINUTE_MS, type RollupLevel, spanMs } from './keys.ts'
import type { Pace } from './pace.ts'
import type { ServerPlan } from './plan.ts'
import type { ReadContext } from './read.ts'

const SLOTS_PER_SLICE = 720

export interface HourParts {
  /** Part of the hour in which the range begins; of a range within one hour all of it. */
  readonly before: Range | null
  /** Begins and ends on the hour; empty where from = to. */
  readonly whole: Range
  readonly after: Range | null
}

export function hourParts({ fromMs, toMs }: Range): HourParts {
  const firstMs = Math.ceil(fromMs / HOUR_MS) * HOUR_MS
  const lastMs = Math.floor(toMs / HOUR_MS) * HOUR_MS
  if (firstMs > lastMs)
    return { before: { fromMs, toMs }, whole: { fromMs: firstMs, toMs: firstMs }, after: null }
  return {
    before: fromMs < firstMs ? { fromMs, toMs: firstMs } : null,
    whole: { fromMs: firstMs, toMs: lastMs },
    after: lastMs < toMs ? { fromMs: lastMs, toMs } : null
  }
}

/** Slots that start within the range: one that it cuts belongs to where it starts, and to no other range. */
function slotsWithin({ fromMs, toMs }: Range, level: RollupLevel): Range {
  const span = spanMs(level)
  return { fromMs: Math.ceil(fromMs / span) * span, toMs: Math.ceil(toMs / span) * span }
}

/** Rollups whose slot starts within the range, in slices. */
export async function gatherSlots(
  context: ReadContext,
  plan: ServerPlan,
  level: RollupLevel,
  range: Range,
  pace: Pace,
  take: TakePoint
): Promise<void> {
  const { fromMs, toMs } = slotsWithin(range, level)
  const sliceMs = SLOTS_PER_SLICE * spanMs(level)
  for (let at = fromMs; at < toMs; at += sliceMs) {
    gatherRollups(context, plan, level, { fromMs: at, toMs: Math.min(toMs, at + sliceMs) }, take)
    await pace.rest()
  }
}

/** Part of an hour, as finely as it is kept: by sample, by minute, else the hour that starts in it. */
export function gatherPart(context: ReadContext, plan: ServerPlan, part: Range, take: TakePoint): void {
  const kept = context.keptFromMs()
  if (part.fromMs >= kept.raw) {
    gatherRaw(context.raw, plan, part, take)
    return
  }
  const level = Math.floor(part.fromMs / MINUTE_MS) * MINUTE_MS >= kept.minute ? 'minute' : 'hour'
  gatherRollups(context, plan, level, slotsWithin(part, level), take)
}

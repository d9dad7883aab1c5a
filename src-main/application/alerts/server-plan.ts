/** What rules look at on one server, and what of it is gone. */
import type { EntityKind } from '#contract/metric-catalogue.ts'
import type { Tracked } from './tracked.ts'

export interface Bound {
  readonly metric: string
  readonly tracked: Tracked
}

/** One server as its ticks see it. Times are of the monotonic clock. */
export interface ServerPlan {
  readonly bound: Map<EntityKind, Map<string, readonly Bound[]>>
  readonly labels: Map<string, string>
  readonly kindSeenMs: Map<EntityKind, number>
  readonly tracked: Set<Tracked>
  /** null = it is not online. */
  onlineSinceMs: number | null
}

/** Something whose kind goes on to have values, and that has none for so many of its turns, is gone. */
const GONE_AFTER_TURNS = 4
const LEAST_GONE_MS = 60_000
/** Nothing of its kind has values any more: it may be the lane. */
const GONE_WITH_ITS_KIND_MS = 900_000

/** A part of a server that has no values any more: unmounted, unplugged, deleted. */
export function isGone({ target, context, seenMs }: Tracked, plan: ServerPlan, nowMs: number): boolean {
  const { entity, vmUuid } = target
  if (entity === null || entity.kind === 'server' || vmUuid !== null || plan.onlineSinceMs === null)
    return false
  const turnsMs = Math.max(LEAST_GONE_MS, GONE_AFTER_TURNS * context.everyMs)
  const othersSeenMs = plan.kindSeenMs.get(entity.kind) ?? 0
  if (othersSeenMs - Math.max(seenMs, plan.onlineSinceMs) > turnsMs) return true
  return nowMs - Math.max(seenMs, plan.onlineSinceMs) > Math.max(GONE_WITH_ITS_KIND_MS, turnsMs)
}

/** Events of a time axis, those that are too close to be told apart as one. Pure. */
import { timeToX } from './geometry.ts'
import type { ChartEvent, ChartRange } from './types.ts'

export interface EventGroup {
  /** CSS pixels from the left of the box: of the middle of the group. */
  readonly x: number
  readonly fromAtMs: number
  readonly toAtMs: number
  /** In order of time. */
  readonly events: readonly ChartEvent[]
  /** The gravest of its events. */
  readonly tone: ChartEvent['tone']
}

/** Nearer to the one before than this, an event joins its group. */
const LEAST_DISTANCE_PX = 14
const GRAVITY: readonly ChartEvent['tone'][] = ['neutral', 'ok', 'amber', 'red']

/** Events of the range, oldest first, grouped for a box of `width` pixels. */
export function groupEvents(
  events: readonly ChartEvent[],
  range: ChartRange,
  width: number
): readonly EventGroup[] {
  const shown = events
    .filter((event) => event.atMs >= range.fromAtMs && event.atMs <= range.toAtMs)
    .toSorted((one, other) => one.atMs - other.atMs)
  const groups: ChartEvent[][] = []
  let lastX = -Infinity
  for (const event of shown) {
    const x = timeToX(event.atMs, range, width)
    const group = groups.at(-1)
    if (group !== undefined && x - lastX < LEAST_DISTANCE_PX) group.push(event)
    else groups.push([event])
    lastX = x
  }
  return groups.map((members) => {
    const fromAtMs = members[0]?.atMs ?? 0
    const toAtMs = members.at(-1)?.atMs ?? fromAtMs
    return {
      x: (timeToX(fromAtMs, range, width) + timeToX(toAtMs, range, width)) / 2,
      fromAtMs,
      toAtMs,
      events: members,
      tone: GRAVITY.findLast((tone) => members.some((event) => event.tone === tone)) ?? 'neutral'
    }
  })
}

/** The group that is pointed at: whose span, widened by `reachPx`, holds the time. */
export function groupAt(
  groups: readonly EventGroup[],
  atMs: number,
  range: ChartRange,
  width: number,
  reachPx: number
): EventGroup | null {
  const x = timeToX(atMs, range, width)
  let nearest: EventGroup | null = null
  let distance = Infinity
  for (const group of groups) {
    const left = timeToX(group.fromAtMs, range, width)
    const right = timeToX(group.toAtMs, range, width)
    const away = Math.max(0, left - x, x - right)
    if (away > reachPx || away >= distance) continue
    nearest = group
    distance = away
  }
  return nearest
}

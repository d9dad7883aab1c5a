/** Calls something at a steady interval, never twice at once; a slow round lengthens the pause instead of piling up. */
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Nudge } from '../telemetry/nudge.ts'

/** A wall clock that jumped this far beyond the sleep means that the workstation was suspended. */
const SUSPENDED_MS = 10_000

export interface PaceOptions {
  /** Asked before each pause, so that a changed setting counts at once. */
  readonly intervalMs: () => number
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Ends a pause early; for lanes whose pauses are long. */
  readonly nudge?: Nudge
  /** The workstation slept: the link may be dead without knowing it. */
  readonly onResume?: () => Promise<void>
}

/**
 * Rounds begin on these marks of the monotonic clock: what is due at about the same time wakes the machine once. All
 * lanes of all servers share the marks.
 */
const MARK_MS = 250

/** Rates need two samples: the second comes soon, so that a card is alive at once. */
const SECOND_AFTER_MS = 1_000

/**
 * The pauses of a lane that shows rates: a short one, then a random part of the interval, so that a hundred servers that
 * came up together do not tick together for ever, then the interval.
 * @param round rounds done so far
 * @param phase 0..1, the same for all lanes of a server, so that they go out together
 */
export function sampleIntervalMs(round: number, intervalMs: number, phase: number): number {
  if (round === 1) return Math.min(SECOND_AFTER_MS, intervalMs)
  if (round === 2) return Math.round(intervalMs * (0.2 + 0.8 * phase))
  return intervalMs
}

/** Runs until the signal aborts (then resolves) or `round` throws (then rejects). */
export async function pace(round: () => Promise<void>, options: PaceOptions): Promise<void> {
  const { clock, signal, intervalMs, onResume, nudge } = options
  let dueMs = clock.monotonicMs()
  while (!signal.aborted) {
    await round()
    const nowMs = clock.monotonicMs()
    const interval = intervalMs()
    dueMs += interval * Math.max(1, Math.ceil((nowMs - dueMs) / interval))
    dueMs = Math.ceil(dueMs / MARK_MS) * MARK_MS
    const pauseMs = Math.max(0, dueMs - nowMs)
    const asleepSinceMs = clock.nowMs()
    const nudged = nudge?.signal
    await sleepUnlessAborted(clock, pauseMs, nudged ? AbortSignal.any([signal, nudged]) : signal)
    if (signal.aborted) return
    if (nudged?.aborted) dueMs = clock.monotonicMs()
    if (onResume && clock.nowMs() - asleepSinceMs - pauseMs > SUSPENDED_MS) await onResume()
  }
}

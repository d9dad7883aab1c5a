/** When to try an outside engine again. Pure. */

const FIRST_MS = 1_000
const LAST_MS = 60_000
/** What only a person can mend is not asked for every minute. */
const BLOCKED_FIRST_MS = 30_000
const BLOCKED_LAST_MS = 300_000

/**
 * Doubles from attempt to attempt; the jitter (the upper half) keeps the engine's clients apart when it comes back.
 * @param attempt failures in a row, from 1
 * @param retryAfterMs what the engine asked for: never less than that
 * @param random 0..1
 */
export function engineDelayMs(input: {
  readonly attempt: number
  readonly blocked: boolean
  readonly retryAfterMs: number | null
  readonly random: number
}): number {
  const [first, last] = input.blocked ? [BLOCKED_FIRST_MS, BLOCKED_LAST_MS] : [FIRST_MS, LAST_MS]
  const delayMs = Math.min(last, first * 2 ** Math.min(input.attempt - 1, 20))
  return Math.max(Math.round(delayMs * (0.5 + input.random / 2)), input.retryAfterMs ?? 0)
}

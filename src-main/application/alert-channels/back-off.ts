/** When a channel that failed is tried again. Pure. */

const FIRST_MS = 5_000
const LAST_MS = 300_000
/** What only a person can mend. Not too often: many mail servers lock an account after refused logins. */
const BLOCKED_FIRST_MS = 60_000
const BLOCKED_LAST_MS = 1_800_000

/**
 * Doubles from try to try; the jitter (the upper half) keeps channels apart that failed together.
 * @param attempt failures in a row, from 1
 * @param retryAfterMs what the other side asked for: never less than that
 * @param random 0..1
 */
export function retryDelayMs(input: {
  readonly attempt: number
  readonly blocked: boolean
  readonly retryAfterMs: number
  readonly random: number
}): number {
  const [first, last] = input.blocked ? [BLOCKED_FIRST_MS, BLOCKED_LAST_MS] : [FIRST_MS, LAST_MS]
  const delayMs = Math.min(last, first * 2 ** Math.min(input.attempt - 1, 20))
  return Math.max(Math.round(delayMs * (0.5 + input.random / 2)), input.retryAfterMs)
}

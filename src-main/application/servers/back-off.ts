/** When to try again after a failed connection, and when to wait for the operator instead. Pure. */
import type { ErrorCode } from '#contract/errors.ts'

/** For this long a server that went away is tried eagerly: most outages are a reboot or a cable. */
const EAGER_MS = 120_000
const EAGER_CAP_MS = 1_500
const FIRST_MS = 250
const LONGEST_MS = 300_000

/**
 * Delay before the next attempt.
 * @param attempt failed attempts so far, from 1
 * @param sinceFirstFailureMs time since the first of them
 * @param random 0..1; half of the delay is jitter, so that a hundred servers do not knock together
 */
export function nextDelayMs(attempt: number, sinceFirstFailureMs: number, random: number): number {
  const grown = FIRST_MS * 2 ** Math.min(attempt - 1, 20)
  const cap =
    sinceFirstFailureMs < EAGER_MS
      ? EAGER_CAP_MS
      : Math.min(LONGEST_MS, EAGER_CAP_MS + (sinceFirstFailureMs - EAGER_MS) / 4)
  const delay = Math.min(grown, cap)
  return Math.round(delay * (0.5 + random / 2))
}

/** Logging in again with the same refused secret only locks accounts. */
const REFUSED_LOGINS_BEFORE_WAITING = 2

const OPERATOR_CODES: ReadonlySet<ErrorCode> = new Set([
  'hostKeyUnknown',
  'hostKeyChanged',
  'hostKeyRevoked',
  'passwordNeeded',
  'passphraseNeeded',
  'passphraseWrong',
  'keyUnreadable',
  'invalidInput',
  'cancelled'
])

/** True when trying again by itself is useless or harmful: only the operator can help. */
export function waitsForOperator(code: ErrorCode, refusedLogins: number): boolean {
  return (
    OPERATOR_CODES.has(code) || (code === 'loginRefused' && refusedLogins >= REFUSED_LOGINS_BEFORE_WAITING)
  )
}

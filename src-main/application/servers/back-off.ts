/** When to try again after a connection failed or was lost. Pure; the supervisor owns clocks and counters. */
import type { AppError, ErrorCode } from '#contract/errors.ts'

const FIRST_DELAY_MS = 250
const EARLY_CAP_MS = 1_500
const EARLY_SPAN_MS = 120_000
const LATE_CAP_MS = 300_000
/** After the early span the delay is this share of the time that passed since. */
const LATE_SHARE = 0.25
const REFUSED_LOGINS_ALLOWED = 2

/**
 * Milliseconds until the next try. Up to 1.5 s in the first two minutes, so that a link that came back is used at
 * once; then growing to 5 min. The jitter (the upper half of the delay) keeps servers behind one lost link apart.
 * @param attempt failures so far in a row, from 1
 * @param sinceFirstFailureMs age of the first of these failures
 * @param random 0..1
 */
export function nextDelayMs(input: {
  readonly attempt: number
  readonly sinceFirstFailureMs: number
  readonly random: number
}): number {
  const { attempt, sinceFirstFailureMs, random } = input
  const doublings = Math.min(Math.max(attempt - 1, 0), 10)
  const early = Math.min(EARLY_CAP_MS, FIRST_DELAY_MS * 2 ** doublings)
  const late = Math.max(0, sinceFirstFailureMs - EARLY_SPAN_MS) * LATE_SHARE
  const delay = sinceFirstFailureMs < EARLY_SPAN_MS ? early : Math.min(LATE_CAP_MS, EARLY_CAP_MS + late)
  return Math.round(delay * (0.5 + random / 2))
}

const NEEDS_OPERATOR: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'hostKeyUnknown',
  'hostKeyChanged',
  'hostKeyRevoked',
  'passwordNeeded',
  'passphraseNeeded',
  'passphraseWrong',
  'keyUnreadable',
  'secretsUnavailable',
  'invalidInput',
  'cancelled'
])

/**
 * True when trying again by itself cannot help or would harm (an account gets locked by repeated wrong logins).
 * @param refusedLogins loginRefused outcomes in a row, this one included
 */
export function waitsForOperator(error: AppError, refusedLogins = 1): boolean {
  if (error.code === 'loginRefused') return refusedLogins >= REFUSED_LOGINS_ALLOWED
  return NEEDS_OPERATOR.has(error.code)
}

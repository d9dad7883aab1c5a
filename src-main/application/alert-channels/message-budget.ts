/**
 * How many messages may go. A bucket of tokens: half of the hour's messages may go at once, the others come back evenly over
 * the hour. So no hour has more than was allowed, and whoever used all of it waits minutes for the next, not the hour's end. One
 * is kept back for what has RED in it, so that AMBER cannot take the last. Pure.
 */

const HOUR_MS = 3_600_000

export interface BudgetState {
  readonly tokens: number
  readonly atMs: number
}

const capacityOf = (mostPerHour: number): number => Math.ceil(mostPerHour / 2)
const msPerToken = (mostPerHour: number): number => HOUR_MS / Math.max(1, Math.floor(mostPerHour / 2))

export const fullBudget = (mostPerHour: number, nowMs: number): BudgetState => ({
  tokens: capacityOf(mostPerHour),
  atMs: nowMs
})

/** As it is now. A clock that was set back gives nothing and takes nothing. */
function refilled({ tokens, atMs }: BudgetState, mostPerHour: number, nowMs: number): BudgetState {
  const gained = Math.max(0, nowMs - atMs) / msPerToken(mostPerHour)
  return { tokens: Math.min(capacityOf(mostPerHour), tokens + gained), atMs: nowMs }
}

const neededFor = (red: boolean, mostPerHour: number): number => (red || capacityOf(mostPerHour) < 3 ? 1 : 2)

/** Milliseconds until a message may go; 0 = now. */
export function waitMs(
  state: BudgetState,
  options: { readonly mostPerHour: number; readonly red: boolean; readonly nowMs: number }
): number {
  const { mostPerHour, red, nowMs } = options
  const missing = neededFor(red, mostPerHour) - refilled(state, mostPerHour, nowMs).tokens
  // A rounding error is no reason to wait another round.
  return missing <= 1e-9 ? 0 : Math.ceil(missing * msPerToken(mostPerHour))
}

export function spend(state: BudgetState, mostPerHour: number, nowMs: number): BudgetState {
  const { tokens, atMs } = refilled(state, mostPerHour, nowMs)
  return { tokens: Math.max(0, tokens - 1), atMs }
}

/** The three servers with the most of one thing. Pure. */
import type { Level } from './recommendation.ts'

export interface Candidate<Id> {
  readonly id: Id
  readonly name: string
  readonly level: Level
  /** null or 0 = it has none of it. */
  readonly free: number | null
}

const MOST = 3
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: 'base' })

/**
 * The freest first; servers one had better not take come after all others. What differs by less than `step` is equal, so that
 * two alike do not change places with every tick; equals are in the order of their names.
 */
export function freest<Id>(candidates: readonly Candidate<Id>[], step: number): Id[] {
  return candidates
    .flatMap((candidate) =>
      candidate.free === null || candidate.free <= 0
        ? []
        : [{ ...candidate, steps: Math.round(candidate.free / step), last: candidate.level === 'poor' }]
    )
    .toSorted(
      (a, b) => Number(a.last) - Number(b.last) || b.steps - a.steps || collator.compare(a.name, b.name)
    )
    .slice(0, MOST)
    .map(({ id }) => id)
}

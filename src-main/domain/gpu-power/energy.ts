/** Energy from readings of power. Pure. */

export interface PowerPoint {
  readonly atMs: number
  readonly watts: number
}

/** Readings further apart have a gap between them, and nobody knows what was drawn in it. */
export const LONGEST_SPAN_MS = 95_000

/**
 * Joules between two readings of one source: the mean of both over the span, or what the source counted itself. null over a
 * gap, or when the clock went back.
 */
export function joulesBetween(
  before: PowerPoint | undefined,
  after: PowerPoint,
  counted: number | null
): number | null {
  if (before === undefined) return null
  const spanMs = after.atMs - before.atMs
  if (spanMs <= 0 || spanMs > LONGEST_SPAN_MS) return null
  return counted ?? ((before.watts + after.watts) / 2) * (spanMs / 1_000)
}

/** The operator's date of a time, `2026-11-28`. */
export function dayOf(atMs: number, zone: 'local' | 'utc'): string {
  const at = new Date(atMs)
  if (zone === 'utc') return at.toISOString().slice(0, 10)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

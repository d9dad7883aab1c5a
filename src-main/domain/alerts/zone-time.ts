/** Wall clocks of IANA zones, by the runtime's own tables. Pure. */

const formats = new Map<string, Intl.DateTimeFormat>()

function formatOf(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      numberingSystem: 'latn',
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric'
    })
    formats.set(zone, format)
  }
  return format
}

/** Whether the runtime knows the zone. */
export function isZone(zone: string): boolean {
  try {
    formatOf(zone)
    return true
  } catch {
    // RangeError: no such zone. There is nothing else that could fail here.
    return false
  }
}

/** What the wall clock of the zone shows, as if it were UTC. */
export function wallMs(zone: string, atMs: number): number {
  const shown: Partial<Record<Intl.DateTimeFormatPartTypes, string>> = {}
  for (const { type, value } of formatOf(zone).formatToParts(atMs)) shown[type] = value
  const part = (type: Intl.DateTimeFormatPartTypes): number => Number(shown[type])
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
}

const offsetMs = (zone: string, atMs: number): number => {
  const wholeMs = Math.floor(atMs / 1_000) * 1_000
  return wallMs(zone, wholeMs) - wholeMs
}

const HOUR_MS = 3_600_000
/** Offsets of all zones of all times are between these. */
const [WEST_MS, EAST_MS] = [-16 * HOUR_MS, 16 * HOUR_MS]

/**
 * When the wall clock of the zone shows `wall` (as if it were UTC). Shown twice: the first time. Never shown: when the clock
 * was put forward over it.
 */
export function instantOf(zone: string, wall: number): number {
  let [before, after] = [wall - EAST_MS, wall - WEST_MS]
  const [offsetBefore, offsetAfter] = [offsetMs(zone, before), offsetMs(zone, after)]
  for (const offset of new Set([offsetBefore, offsetAfter].toSorted((a, b) => b - a))) {
    const at = wall - offset
    if (offsetMs(zone, at) === offset) return at
  }
  // Between the two lies the change; it is found to the second.
  while (after - before > 1_000) {
    const middle = Math.floor((before + after) / 2_000) * 1_000
    if (offsetMs(zone, middle) === offsetBefore) before = middle
    else after = middle
  }
  return after
}

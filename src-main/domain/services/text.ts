/** What the parsers of services share: sections of an answer, `key=value` blocks, times as tools print them. */

const MAX_LINES = 20_000
const MAX_VALUE_CHARS = 500

/** Lines `@@ name` begin a section; the scripts print them (src-main/remote/services). What stands before the first is dropped. */
export function sectionsOf(text: string): Map<string, string> {
  const sections = new Map<string, string>()
  let name: string | null = null
  let lines: string[] = []
  const keep = (): void => {
    // The first of a name wins: what a tool prints cannot take the place of a section that was there.
    if (name !== null && !sections.has(name)) sections.set(name, lines.join('\n'))
  }
  for (const line of text.split('\n', MAX_LINES)) {
    const next = /^@@ ([a-z-]{1,40})$/.exec(line)?.[1]
    if (next === undefined) lines.push(line)
    else {
      keep()
      name = next
      lines = []
    }
  }
  keep()
  return sections
}

/** `key=value` lines in blocks with empty lines between them, as `systemctl show` prints several units. */
export function blocksOf(text: string): Map<string, string>[] {
  const blocks: Map<string, string>[] = []
  let block = new Map<string, string>()
  for (const line of [...text.split('\n', MAX_LINES), '']) {
    const at = line.indexOf('=')
    if (line.trim() === '') {
      if (block.size > 0) blocks.push(block)
      block = new Map()
    } else if (at > 0 && !block.has(line.slice(0, at)))
      block.set(line.slice(0, at), line.slice(at + 1, at + 1 + MAX_VALUE_CHARS))
  }
  return blocks
}

/** Printable, cut off; null when nothing is left. */
export function word(text: string | undefined | null, maxChars = MAX_VALUE_CHARS): string | null {
  const shown = (text ?? '')
    .replace(/\p{Cc}/gu, ' ')
    .trim()
    .slice(0, maxChars)
  return shown === '' ? null : shown
}

export function wholeNumber(text: string | undefined | null): number | null {
  if (text === undefined || text === null || !/^\d{1,15}$/.test(text)) return null
  return Number(text)
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** Years 2000 to 2100: what lies outside is a tool's word for "never" or a broken clock. */
const FIRST_MS = Date.UTC(2000, 0, 1)
const LAST_MS = Date.UTC(2100, 0, 1)

export const plausibleAt = (atMs: number): number | null =>
  Number.isFinite(atMs) && atMs >= FIRST_MS && atMs < LAST_MS ? Math.round(atMs) : null

/** Seconds since 1970 as text. */
export function epochSeconds(text: string | undefined | null): number | null {
  const seconds = wholeNumber(text?.trim())
  return seconds === null ? null : plausibleAt(seconds * 1000)
}

/**
 * A time of systemd asked with TZ=UTC0: `Sat 2026-11-28 08:40:11 UTC`, `@1764319211`, or microseconds since 1970. null: never,
 * or not understood.
 */
export function systemdTime(text: string | undefined | null): number | null {
  const shown = (text ?? '').trim()
  if (/^\d{13,17}$/.test(shown)) return plausibleAt(Number(shown) / 1000)
  if (/^@\d{1,11}$/.test(shown)) return plausibleAt(Number(shown.slice(1)) * 1000)
  const [, year, month, day, hour, minute, second] =
    /^(?:\p{L}+ )?(\d{4})-(\d{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2})(?:\.\d+)? (?:UTC|GMT)0?$/u.exec(shown) ?? []
  if (year === undefined) return null
  return plausibleAt(
    Date.UTC(+year, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))
  )
}

/**
 * A time without a year (`Nov 28 08:40`, as `who` prints it in the C locale with TZ=UTC0): the last one that is not in the
 * future of the server's clock.
 */
export function yearlessTime(month: string, day: string, time: string, nowMs: number): number | null {
  const index = MONTHS.indexOf(month.toLowerCase())
  const [, hour, minute, second = '0'] = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/.exec(time) ?? []
  if (index < 0 || hour === undefined || minute === undefined || !/^\d{1,2}$/.test(day)) return null
  const in_ = (year: number): number =>
    Date.UTC(year, index, Number(day), Number(hour), Number(minute), Number(second))
  const year = new Date(nowMs).getUTCFullYear()
  // A day of grace: the login may be of this very minute, and clocks differ.
  return plausibleAt(in_(year) > nowMs + 86_400_000 ? in_(year - 1) : in_(year))
}

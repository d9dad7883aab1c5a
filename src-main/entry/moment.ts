/** Times as they are typed on a command line. */

const SPAN_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000
}
const DAY = /^(\d{4}-\d{2}-\d{2})$/
const TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:?\d{2})?$/

/**
 * UTC milliseconds, or null when the text is no time. `now`; `24h`: so long before now; ISO 8601, in local time (or
 * UTC) where it has no offset; a date alone is the start of that day, or its end for `edge` 'to'.
 */
export function parseMoment(
  text: string,
  { nowMs, utc, edge }: { readonly nowMs: number; readonly utc: boolean; readonly edge: 'from' | 'to' }
): number | null {
  if (text === 'now') return nowMs
  const span = /^(\d{1,6})([smhdw])$/.exec(text)
  if (span !== null) return Math.max(0, nowMs - Number(span[1]) * (SPAN_MS[span[2] ?? ''] ?? NaN))
  const zone = utc ? 'Z' : ''
  const [, day] = DAY.exec(text) ?? []
  if (day !== undefined) return startOfDay(day, edge === 'to' ? 1 : 0, utc)
  const [, date, time, offset] = TIME.exec(text) ?? []
  if (date === undefined || time === undefined || startOfDay(date, 0, utc) === null) return null
  const withColon = offset?.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2')
  return validMs(new Date(`${date}T${time}${withColon ?? zone}`))
}

/** Days are not all 24 hours long where clocks change, so days are counted by the calendar. */
function startOfDay(day: string, daysLater: number, utc: boolean): number | null {
  const [year = NaN, month = NaN, date = NaN] = day.split('-').map(Number)
  // 31 April is no date, though Date takes it for 1 May.
  const same = new Date(Date.UTC(year, month - 1, date)).toISOString().startsWith(day)
  if (!same) return null
  const at = utc
    ? new Date(Date.UTC(year, month - 1, date + daysLater))
    : new Date(year, month - 1, date + daysLater)
  return validMs(at)
}

function validMs(date: Date): number | null {
  const atMs = date.getTime()
  return Number.isNaN(atMs) || atMs < 0 ? null : atMs
}

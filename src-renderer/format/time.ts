/**
 * Times and spans, for the screen. Times come as UTC milliseconds and are shown in the zone the operator chose; always in
 * 24 hours. Spans are shown in at most two units, so that they can be read at a glance.
 */
import { MISSING } from './quantity.ts'

export type Zone = 'local' | 'utc'

const formats = new Map<string, Intl.DateTimeFormat>()

function formatter(
  zone: Zone,
  locale: string,
  name: string,
  options: Intl.DateTimeFormatOptions
): Intl.DateTimeFormat {
  const key = `${zone} ${locale} ${name}`
  const known = formats.get(key)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat(locale, {
    ...options,
    hourCycle: 'h23',
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {})
  })
  formats.set(key, made)
  return made
}

/** British English writes the day before the month and needs no comma. */
const localeFor = (locale: string): string => (locale === 'en' ? 'en-GB' : locale)

const shapes = {
  /** 10:17:05 */
  clock: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  /** 10:17 */
  minute: { hour: '2-digit', minute: '2-digit' },
  /** 20 Nov */
  day: { day: 'numeric', month: 'short' },
  /** Nov */
  month: { month: 'short' },
  /** 2026 */
  year: { year: 'numeric' },
  /** 20 Nov, 10:17 */
  dayMinute: { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' },
  /** 20 Nov 2026 */
  date: { day: 'numeric', month: 'short', year: 'numeric' },
  /** 20 Nov 2026, 10:17:05 */
  full: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit'
  }
} as const satisfies Record<string, Intl.DateTimeFormatOptions>
export type TimeShape = keyof typeof shapes

/** One time in one of the fixed shapes. null → '—'. */
export function formatTime(
  atMs: number | null | undefined,
  shape: TimeShape,
  zone: Zone = 'local',
  locale = 'en'
): string {
  if (atMs === null || atMs === undefined || !Number.isFinite(atMs)) return MISSING
  return formatter(zone, localeFor(locale), shape, shapes[shape]).format(atMs)
}

/** Name of a day of the week, 0 = Monday: `Mon`, `Monday`. */
export const formatWeekday = (weekday: number, shape: 'short' | 'long', locale = 'en'): string =>
  formatter('utc', localeFor(locale), `weekday ${shape}`, { weekday: shape }).format(
    // The first of January 2024 was a Monday.
    Date.UTC(2024, 0, 1 + weekday)
  )

/** Year, month (0..11), day, hour, minute, second of a time in the zone. */
export function fieldsOf(atMs: number, zone: Zone): [number, number, number, number, number, number] {
  const at = new Date(atMs)
  return zone === 'utc'
    ? [
        at.getUTCFullYear(),
        at.getUTCMonth(),
        at.getUTCDate(),
        at.getUTCHours(),
        at.getUTCMinutes(),
        at.getUTCSeconds()
      ]
    : [at.getFullYear(), at.getMonth(), at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()]
}

/** The time of the fields in the zone; fields may overflow (day 32), as Date allows. */
export function timeOf(
  zone: Zone,
  year: number,
  month: number,
  day = 1,
  hour = 0,
  minute = 0,
  second = 0
): number {
  return zone === 'utc'
    ? Date.UTC(year, month, day, hour, minute, second)
    : new Date(year, month, day, hour, minute, second).getTime()
}

/** `10:02:10 – 10:17:10`, with dates when the range leaves the day. */
export function formatRange(fromAtMs: number, toAtMs: number, zone: Zone, locale = 'en'): string {
  const [fromYear, fromMonth, fromDay] = fieldsOf(fromAtMs, zone)
  const [toYear, toMonth, toDay] = fieldsOf(toAtMs, zone)
  const sameDay = fromYear === toYear && fromMonth === toMonth && fromDay === toDay
  const long = toAtMs - fromAtMs >= 40 * 86_400_000
  const shape: TimeShape = long ? 'date' : sameDay ? 'clock' : 'dayMinute'
  return `${formatTime(fromAtMs, shape, zone, locale)} – ${formatTime(toAtMs, shape, zone, locale)}`
}

const UNITS: readonly [name: string, ms: number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000]
]

/** A span in at most two units: `9 d 4 h`, `7 h 41 min`, `40 s`; below a second `350 ms`. null → '—'. */
export function formatDuration(durationMs: number | null | undefined, parts: 1 | 2 = 2): string {
  if (durationMs === null || durationMs === undefined || !Number.isFinite(durationMs)) return MISSING
  const span = Math.max(0, durationMs)
  if (span < 1_000) return `${Math.round(span)}\u00a0ms`
  const first = UNITS.findIndex(([, ms]) => span >= ms)
  const shown: string[] = []
  let rest = span
  for (const [name, ms] of UNITS.slice(first, first + parts)) {
    const count = Math.floor(rest / ms)
    rest -= count * ms
    if (count > 0 || shown.length === 0) shown.push(`${count}\u00a0${name}`)
  }
  return shown.join(' ')
}

/** An uptime in seconds, for a facts line. */
export const formatUptime = (uptimeSec: number | null | undefined): string =>
  uptimeSec === null || uptimeSec === undefined ? MISSING : formatDuration(uptimeSec * 1_000)

/** How old: one unit, never negative, `0 s` for the present: `2 s`, `4 min`, `3 d`. */
export function formatAge(atMs: number | null | undefined, nowMs: number): string {
  if (atMs === null || atMs === undefined) return MISSING
  const age = Math.max(0, nowMs - atMs)
  return age < 1_000 ? '0\u00a0s' : formatDuration(age, 1)
}

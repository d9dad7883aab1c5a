/** Calendar days, weeks and months as the operator chooses and reads them. Pure. */
import type { ReportKind, ScheduledKind } from '#contract/reports.ts'
import { fieldsOf, formatRange, timeOf, type Zone } from '../../format/index.ts'

const dateText = (atMs: number, zone: Zone, locale: string, options: Intl.DateTimeFormatOptions): string =>
  new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, {
    ...options,
    ...(zone === 'utc' ? { timeZone: 'UTC' } : {})
  }).format(atMs)

/** `Fri, 27 Nov 2026`; `16 – 22 Nov 2026`; `October 2026`; a range with its times. */
export function periodName(
  kind: ReportKind,
  { fromAtMs, toAtMs }: { readonly fromAtMs: number; readonly toAtMs: number },
  zone: Zone,
  locale = 'en'
): string {
  switch (kind) {
    case 'daily':
      return dateText(fromAtMs, zone, locale, {
        weekday: 'short',
        day: 'numeric',
        month: 'short',
        year: 'numeric'
      })
    case 'weekly': {
      const [, fromMonth] = fieldsOf(fromAtMs, zone)
      const [, toMonth] = fieldsOf(toAtMs - 1, zone)
      const first: Intl.DateTimeFormatOptions =
        fromMonth === toMonth ? { day: 'numeric' } : { day: 'numeric', month: 'short' }
      const last = dateText(toAtMs - 1, zone, locale, { day: 'numeric', month: 'short', year: 'numeric' })
      return `${dateText(fromAtMs, zone, locale, first)} – ${last}`
    }
    case 'monthly':
      return dateText(fromAtMs, zone, locale, { month: 'long', year: 'numeric' })
    case 'range':
      return formatRange(fromAtMs, toAtMs, zone, locale)
  }
}

export interface PeriodChoice {
  /** A day within it: YYYY-MM-DD. */
  readonly day: string
  readonly fromAtMs: number
  readonly toAtMs: number
  /** It has not ended yet. */
  readonly running: boolean
}

const HOW_MANY: Record<ScheduledKind, number> = { daily: 45, weekly: 27, monthly: 25 }

/** The running period and those before it, the newest first. */
export function periodsBefore(kind: ScheduledKind, nowMs: number, zone: Zone): PeriodChoice[] {
  const [year, month, date] = fieldsOf(nowMs, zone)
  const sinceMonday = (new Date(Date.UTC(year, month, date)).getUTCDay() + 6) % 7
  const startOf = (back: number): number => {
    if (kind === 'daily') return timeOf(zone, year, month, date - back)
    if (kind === 'weekly') return timeOf(zone, year, month, date - sinceMonday - 7 * back)
    return timeOf(zone, year, month - back, 1)
  }
  return Array.from({ length: HOW_MANY[kind] }, (_, back) => {
    const fromAtMs = startOf(back)
    const [fromYear, fromMonth, fromDate] = fieldsOf(fromAtMs, zone)
    const two = (value: number): string => String(value).padStart(2, '0')
    return {
      day: `${fromYear}-${two(fromMonth + 1)}-${two(fromDate)}`,
      fromAtMs,
      toAtMs: startOf(back - 1),
      running: back === 0
    }
  })
}

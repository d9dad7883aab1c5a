/** What the history will take, from what it takes now. Rough on purpose: it is shown as "about". Pure. */
import type { HistoryUsage } from '#contract/history.ts'
import type { Settings } from '#contract/settings.ts'

type Retention = Settings['retention']

const DAY_MS = 86_400_000
const YEAR_DAYS = 365
/** A rate from less than this says more about the start than about a day. */
const MIN_SPAN_MS = 6 * 3_600_000

export interface HistoryForecast {
  /** Bytes that a day of every sample takes. */
  readonly rawBytesPerDay: number
  /** Bytes that a day of one-minute means takes; these are written when the samples of the day go. */
  readonly minuteBytesPerDay: number
  /** After a year with these spans and without a budget. */
  readonly yearBytes: number
}

/** null = there are too few values yet to tell. */
export function forecastOf(usage: HistoryUsage, retention: Retention, nowMs: number): HistoryForecast | null {
  const { raw, minute } = usage.oldestAtMs
  if (raw === null || minute === null) return null
  const rawSpanMs = nowMs - raw
  if (rawSpanMs < MIN_SPAN_MS) return null
  const rawBytesPerDay = usage.rawBytes / (rawSpanMs / DAY_MS)
  const minuteSpanMs = raw - minute
  // Until there are minutes without samples: in their plain columns they take about as much (docs/storage.md).
  const minuteBytesPerDay =
    minuteSpanMs < MIN_SPAN_MS ? rawBytesPerDay : meansBytes(usage) / (minuteSpanMs / DAY_MS)
  const rawDays = Math.min(YEAR_DAYS, retention.rawDays)
  const minuteDays = Math.max(0, Math.min(YEAR_DAYS, retention.minuteDays) - rawDays)
  const yearBytes = rawBytesPerDay * rawDays + minuteBytesPerDay * minuteDays
  return { rawBytesPerDay, minuteBytesPerDay, yearBytes }
}

/** Bytes of the file that hold minutes, hours and days. */
export function meansBytes({ fileBytes, rawBytes, freeBytes }: HistoryUsage): number {
  return Math.max(0, fileBytes - rawBytes - freeBytes)
}

/** What a budget leaves of a level: minutes go first, then samples. `fits` = everything stays. */
export type BudgetEffect =
  | { readonly kind: 'fits' }
  | { readonly kind: 'fewerSamples' | 'fewerMinutes'; readonly days: number; readonly wantedDays: number }

export function budgetEffect(
  { rawBytesPerDay, minuteBytesPerDay, yearBytes }: HistoryForecast,
  { rawDays, minuteDays }: Retention,
  budgetBytes: number
): BudgetEffect {
  if (yearBytes <= budgetBytes) return { kind: 'fits' }
  const leftForMinutes = budgetBytes - rawBytesPerDay * rawDays
  return leftForMinutes > 0
    ? {
        kind: 'fewerMinutes',
        days: rawDays + leftForMinutes / minuteBytesPerDay,
        wantedDays: Math.min(YEAR_DAYS, minuteDays)
      }
    : { kind: 'fewerSamples', days: budgetBytes / rawBytesPerDay, wantedDays: rawDays }
}

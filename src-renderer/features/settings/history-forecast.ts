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
  /** Bytes that a day of means takes; one-minute means are nearly all of it. */
  readonly meansBytesPerDay: number
  /** After a year with these spans and without a budget. */
  readonly yearBytes: number
}

/** null = there are too few values yet to tell. */
export function forecastOf(usage: HistoryUsage, retention: Retention, nowMs: number): HistoryForecast | null {
  const { raw, minute } = usage.oldestAtMs
  if (raw === null || minute === null) return null
  const [rawSpanMs, minuteSpanMs] = [nowMs - raw, nowMs - minute]
  if (rawSpanMs < MIN_SPAN_MS || minuteSpanMs < MIN_SPAN_MS) return null
  const rawBytesPerDay = usage.rawBytes / (rawSpanMs / DAY_MS)
  const meansBytesPerDay = meansBytes(usage) / (minuteSpanMs / DAY_MS)
  const yearBytes =
    rawBytesPerDay * Math.min(YEAR_DAYS, retention.rawDays) +
    meansBytesPerDay * Math.min(YEAR_DAYS, retention.minuteDays)
  return { rawBytesPerDay, meansBytesPerDay, yearBytes }
}

/** Bytes of the file that hold minutes, hours and days. */
export function meansBytes({ fileBytes, rawBytes, freeBytes }: HistoryUsage): number {
  return Math.max(0, fileBytes - rawBytes - freeBytes)
}

/** What a budget leaves of a level: samples go first, then minutes. `fits` = everything stays. */
export type BudgetEffect =
  | { readonly kind: 'fits' }
  | { readonly kind: 'fewerSamples' | 'fewerMinutes'; readonly days: number; readonly wantedDays: number }

export function budgetEffect(
  { rawBytesPerDay, meansBytesPerDay, yearBytes }: HistoryForecast,
  { rawDays, minuteDays }: Retention,
  budgetBytes: number
): BudgetEffect {
  if (yearBytes <= budgetBytes) return { kind: 'fits' }
  const keptMinuteDays = Math.min(YEAR_DAYS, minuteDays)
  const leftForSamples = budgetBytes - meansBytesPerDay * keptMinuteDays
  return leftForSamples > 0
    ? { kind: 'fewerSamples', days: leftForSamples / rawBytesPerDay, wantedDays: rawDays }
    : { kind: 'fewerMinutes', days: budgetBytes / meansBytesPerDay, wantedDays: keptMinuteDays }
}

/** Energy in words, and the days of the chart. Pure. */
import type { EnergyDay, PowerOptions } from '#contract/power.ts'
import { formatNumber, type Quantity } from '../../format/index.ts'

const JOULES_PER_KWH = 3_600_000

export const kwhOf = (joules: number): number => joules / JOULES_PER_KWH

/** `1.24 kWh`; small sums in Wh. */
export function formatEnergy(joules: number | null): Quantity {
  if (joules === null) return { value: '—', unit: '' }
  const kwh = kwhOf(joules)
  if (kwh < 0.1) return { value: formatNumber(kwh * 1_000), unit: 'Wh' }
  return { value: formatNumber(kwh, kwh < 10 ? 2 : kwh < 100 ? 1 : 0), unit: 'kWh' }
}

/** `12.40 €`; null without a price. */
export function costText(joules: number, { pricePerKwh, currency }: PowerOptions): string | null {
  if (pricePerKwh === null) return null
  const cost = (kwhOf(joules) * pricePerKwh).toFixed(2)
  return currency === '' ? cost : `${cost}\u00a0${currency}`
}

export interface DayBar {
  readonly day: string
  /** null = nothing was measured on that day. */
  readonly joules: number | null
}

/** The date in the operator's zone, `2026-11-28`. */
export function dateOf(atMs: number, utc: boolean): string {
  const at = new Date(atMs)
  if (utc) return at.toISOString().slice(0, 10)
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
}

/** Calendar days, whatever the length of a day: noon is in the same date everywhere. */
export function daysBefore(today: string, days: number): string {
  const at = new Date(`${today}T12:00:00Z`)
  at.setUTCDate(at.getUTCDate() - days)
  return at.toISOString().slice(0, 10)
}

/** One entry for each of the last `count` days, today last. */
export function dayBars(measured: readonly EnergyDay[], today: string, count: number): DayBar[] {
  const byDay = new Map(measured.map(({ day, joules }) => [day, joules]))
  return Array.from({ length: count }, (_unused, at) => {
    const day = daysBefore(today, count - 1 - at)
    return { day, joules: byDay.get(day) ?? null }
  })
}

/** Of the days of the month of `today`. null = nothing was measured in it. */
export function monthJoules(measured: readonly EnergyDay[], today: string): number | null {
  const days = measured.filter(({ day }) => day.slice(0, 7) === today.slice(0, 7))
  return days.length === 0 ? null : days.reduce((sum, { joules }) => sum + joules, 0)
}

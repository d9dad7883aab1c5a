/** The months of a server's traffic, from the sums of days. Pure. */
import type {
  HardwareOptions,
  TrafficDay,
  TrafficOf,
  TrafficPeriod,
  TrafficView
} from '#contract/hardware.ts'
import {
  addDays,
  dayOf,
  type DayZone,
  type Period,
  periodBefore,
  periodOf
} from '../../domain/traffic/days.ts'
import { forecastPeriod } from '../../domain/traffic/forecast.ts'
import type { DayTotal } from '../storage.ts'

export const TRAFFIC_NAMES = ['rxBytes', 'txBytes', 'spreadBytes'] as const

/** What the forecast looks at before the last month began. */
const LOOK_BACK_DAYS = 28

export interface TrafficRange {
  readonly today: string
  readonly thisMonth: Period
  readonly lastMonth: Period
  /** Days to be read. */
  readonly fromDay: string
}

export function trafficRange(nowMs: number, zone: DayZone, { resetDay }: HardwareOptions): TrafficRange {
  const today = dayOf(nowMs, zone)
  const thisMonth = periodOf(today, resetDay)
  const lastMonth = periodBefore(thisMonth, resetDay)
  const lookBack = addDays(today, -LOOK_BACK_DAYS)
  return { today, thisMonth, lastMonth, fromDay: lookBack < lastMonth.fromDay ? lookBack : lastMonth.fromDay }
}

export function trafficView(
  totals: readonly DayTotal[],
  range: TrafficRange,
  todayShare: number,
  { quotaOf }: HardwareOptions
): TrafficView {
  const keys = new Map<string, Map<string, TrafficDay>>()
  for (const { kind, key, name, day, total } of totals) {
    const id = kind === 'server' ? '' : key
    const days = keys.get(id) ?? new Map<string, TrafficDay>()
    keys.set(id, days)
    const known = days.get(day) ?? { day, rxBytes: 0, txBytes: 0, spreadBytes: 0 }
    days.set(day, { ...known, [name]: total })
  }
  const allDays = totals.map(({ day }) => day)
  const sinceDay = allDays.length === 0 ? null : allDays.reduce((first, day) => (day < first ? day : first))
  return {
    today: range.today,
    sinceDay,
    traffic: [...keys]
      .map(([key, days]) => trafficOf(key, days, { range, todayShare, quotaOf }))
      .sort((one, other) => (one.key < other.key ? -1 : 1))
  }
}

function trafficOf(
  key: string,
  days: ReadonlyMap<string, TrafficDay>,
  {
    range,
    todayShare,
    quotaOf
  }: { range: TrafficRange; todayShare: number; quotaOf: HardwareOptions['quotaOf'] }
): TrafficOf {
  const { thisMonth, lastMonth, today } = range
  const all = [...days.values()].sort((one, other) => (one.day < other.day ? -1 : 1))
  const sinceDay = all[0]?.day ?? today
  const counted = new Map(all.map((day) => [day.day, amountOf(day, quotaOf)]))
  return {
    key,
    thisMonth: periodSum(thisMonth, all),
    lastMonth: periodSum(lastMonth, all),
    forecast: forecastPeriod(counted, { period: thisMonth, today, sinceDay, todayShare }),
    days: all.filter(({ day }) => day >= lastMonth.fromDay)
  }
}

/** What a quota counts. */
export const amountOf = (
  { rxBytes, txBytes }: { rxBytes: number; txBytes: number },
  quotaOf: HardwareOptions['quotaOf']
): number => (quotaOf === 'received' ? rxBytes : quotaOf === 'sent' ? txBytes : rxBytes + txBytes)

function periodSum(period: Period, days: readonly TrafficDay[]): TrafficPeriod {
  const sum = { rxBytes: 0, txBytes: 0 }
  for (const { day, rxBytes, txBytes } of days) {
    if (day < period.fromDay || day > period.toDay) continue
    sum.rxBytes += rxBytes
    sum.txBytes += txBytes
  }
  return { ...period, sum }
}

/** Trends of the whole fleet: which step fits a range, and what is made of the servers' own series. Pure. */
import type { HistoryAnswer } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import type { MetricId } from '#contract/metric-catalogue.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** A day in steps of five minutes, a week by the hour, a month and more by the day; what is short, by the minute. */
export function trendStepMs(rangeMs: number): number {
  if (rangeMs <= 2 * HOUR_MS) return MINUTE_MS
  if (rangeMs <= 2 * DAY_MS) return 5 * MINUTE_MS
  if (rangeMs <= 14 * DAY_MS) return HOUR_MS
  return DAY_MS
}

/** So many points that the history answers in that step. */
export const trendPoints = (rangeMs: number, stepMs: number): number => Math.ceil(rangeMs / stepMs) + 1

/** `sum`: rates and power add up over servers; shares do not. */
export const TREND_METRICS = {
  cpuUsedRatio: 'mean',
  memoryUsedRatio: 'mean',
  diskUsedRatio: 'mean',
  netRxBytesPerSec: 'sum',
  netTxBytesPerSec: 'sum',
  powerWatts: 'sum',
  gpuMemoryFreeBytes: 'sum',
  gpuUtilisationRatio: 'mean'
} as const satisfies Partial<Record<MetricId<'server'>, 'mean' | 'sum'>>
export type TrendMetric = keyof typeof TREND_METRICS

export interface TrendRow {
  readonly atMs: number
  readonly value: number
  /** Of single servers. */
  readonly lowest: number
  readonly highest: number
  readonly servers: number
}

export interface Trend {
  readonly rows: readonly TrendRow[]
  readonly ofServer: ReadonlyMap<ServerId, ReadonlyMap<number, number>>
}

/** Answers to the same question about different servers: their steps are the same. */
export function trendOf(answers: readonly HistoryAnswer[], how: 'mean' | 'sum'): Trend {
  const steps = new Map<number, { sum: number; lowest: number; highest: number; servers: number }>()
  const ofServer = new Map<ServerId, Map<number, number>>()
  for (const { atMs, series } of answers) {
    for (const { entity, mean, min, max } of series) {
      const own = new Map<number, number>()
      ofServer.set(entity.serverId, own)
      for (const [index, at] of atMs.entries()) {
        const value = mean[index]
        if (value === null || value === undefined) continue
        own.set(at, value)
        const step = steps.get(at) ?? { sum: 0, lowest: Infinity, highest: -Infinity, servers: 0 }
        step.sum += value
        step.lowest = Math.min(step.lowest, min[index] ?? value)
        step.highest = Math.max(step.highest, max[index] ?? value)
        step.servers++
        steps.set(at, step)
      }
    }
  }
  const rows = [...steps]
    .toSorted(([a], [b]) => a - b)
    .map(([atMs, { sum, lowest, highest, servers }]) => ({
      atMs,
      value: how === 'sum' ? sum : sum / servers,
      lowest,
      highest,
      servers
    }))
  return { rows, ofServer }
}

/** Times of a chart: one without a value in each hole, so that the line breaks there. */
export function withHoles(rows: readonly TrendRow[], stepMs: number): readonly (TrendRow | number)[] {
  return rows.flatMap((row, index) => {
    const next = rows[index + 1]
    return next !== undefined && next.atMs - row.atMs > 2.5 * stepMs ? [row, row.atMs + stepMs] : [row]
  })
}

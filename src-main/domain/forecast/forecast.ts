/** Whether, and when, a series will pass a threshold. Pure: the same input gives the same answer. */
import { type Bins, binned, type Series } from './bins.ts'
import type { DailyProfile } from './daily-profile.ts'
import { median, orderCertainty, robustLine, spread } from './robust.ts'
import { LEAST_BINS, newestStretch } from './stretch.ts'

export interface ForecastQuestion {
  /** The newest values, as far back as is to be looked: as long as the horizon, or somewhat longer. */
  readonly recent: Series
  /** What is usual at a time of day (`dailyProfile`), where there are days enough to say it; good for some hours. */
  readonly profile?: DailyProfile | null
  readonly threshold: number
  readonly direction: 'above' | 'below'
  readonly nowMs: number
  /** Only crossings within this time count. */
  readonly horizonMs: number
}

export type Forecast =
  | {
      readonly kind: 'crosses'
      readonly atMs: number
      readonly earliestAtMs: number
      /** null: it may not cross at all. */
      readonly latestAtMs: number | null
      /** Change of the value per hour, without what is usual at that time of day. */
      readonly changePerHour: number
      readonly basis: 'trend' | 'timeOfDay'
    }
  /** The values say that it does not cross within the horizon, or do not say that it does. */
  | { readonly kind: 'stays' }
  /** It is there already. */
  | { readonly kind: 'beyond' }
  /** The values cannot say. */
  | { readonly kind: 'unknown'; readonly reason: 'tooFewValues' | 'justChanged' }

const HOUR_MS = 3_600_000
const BINS = 48
/** Share of the bins that must have values. */
const LEAST_FILLED = 0.5
/** Standard deviations by which the order of the values must differ from chance. */
const CERTAIN = 3.6
/** A rise within the horizon that is smaller than this many spreads drowns in the noise. */
const OUT_OF_NOISE = 3
/** Nothing is foretold further ahead than this many times what was seen of the trend. */
const REACH = 2.5
const STEPS = 96

/** Values of the fitting direction; see the types for what the answers mean. */
export function forecast(question: ForecastQuestion): Forecast {
  const sign = question.direction === 'above' ? 1 : -1
  const bins = recentBins(question, sign)
  if (bins.x.length < Math.max(2 * LEAST_BINS, BINS * LEAST_FILLED))
    return { kind: 'unknown', reason: 'tooFewValues' }
  const threshold = question.threshold * sign
  if (median(bins.y.slice(-3)) >= threshold) return { kind: 'beyond' }
  const { profile = null } = question
  return profile === null
    ? byTrend(bins, question, threshold, sign)
    : byTimeOfDay(bins, { ...question, profile: (atMs) => profile(atMs) * sign }, threshold, sign)
}

function recentBins({ recent, nowMs }: ForecastQuestion, sign: number): Bins {
  const firstAtMs = recent.atMs[0] ?? nowMs
  const bins = binned(recent, { nowMs, spanMs: Math.max(1, nowMs - firstAtMs), count: BINS })
  return sign === 1 ? bins : { x: bins.x, y: bins.y.map((value) => -value) }
}

interface Trend {
  /** Value at a time after now (ms) by the line. */
  readonly at: (afterMs: number) => number
  readonly changePerMs: number
  readonly lowPerMs: number
  readonly highPerMs: number
  readonly nowLevel: number
  readonly noise: number
  /** How long the trend has been seen. */
  readonly seenMs: number
}

/** The trend of the newest stretch; null when the values show none, 'young' when it cannot be judged yet. */
function trendOf(bins: Bins): Trend | null | 'young' {
  const stretch = newestStretch(bins)
  if (stretch === null) return 'young'
  const [x, y] = [bins.x.slice(stretch.from), bins.y.slice(stretch.from)]
  // Most series rise nowhere: they need no line.
  if (orderCertainty(y) < CERTAIN) return null
  const line = robustLine(x, y)
  if (line.certainty < CERTAIN || line.slope <= 0) return null
  return {
    at: (afterMs) => line.intercept + line.slope * afterMs,
    changePerMs: line.slope,
    lowPerMs: line.slopeLow,
    highPerMs: line.slopeHigh,
    nowLevel: line.intercept,
    noise: spread(line.residuals),
    seenMs: -(x[0] ?? 0)
  }
}

function byTrend(bins: Bins, question: ForecastQuestion, threshold: number, sign: number): Forecast {
  const { nowMs, horizonMs } = question
  const trend = trendOf(bins)
  if (trend === 'young') return { kind: 'unknown', reason: 'justChanged' }
  if (trend === null) return { kind: 'stays' }
  const afterMs = (threshold - trend.nowLevel) / trend.changePerMs
  const isFar = afterMs > horizonMs || afterMs > REACH * trend.seenMs
  const isNoise = trend.changePerMs * Math.max(trend.seenMs, afterMs) < OUT_OF_NOISE * trend.noise
  if (isFar || isNoise) return { kind: 'stays' }
  const soonest = (threshold - trend.noise - trend.nowLevel) / Math.max(trend.highPerMs, trend.changePerMs)
  const latest = trend.lowPerMs > 0 ? (threshold + trend.noise - trend.nowLevel) / trend.lowPerMs : null
  return {
    kind: 'crosses',
    atMs: Math.round(nowMs + Math.max(0, afterMs)),
    earliestAtMs: Math.round(nowMs + Math.max(0, Math.min(soonest, afterMs))),
    latestAtMs: latest === null ? null : Math.round(nowMs + Math.max(latest, afterMs)),
    changePerHour: sign * trend.changePerMs * HOUR_MS,
    basis: 'trend'
  }
}

/** What is usual at that time of day, and above it what today differs. */
function byTimeOfDay(
  bins: Bins,
  question: ForecastQuestion & { readonly profile: DailyProfile },
  threshold: number,
  sign: number
): Forecast {
  const { nowMs, horizonMs, profile } = question
  const differences: Bins = {
    x: bins.x,
    y: bins.y.map((value, index) => value - profile(nowMs + (bins.x[index] ?? 0)))
  }
  const trend = trendOf(differences)
  const level = median(differences.y.slice(-LEAST_BINS))
  const moves =
    trend !== null && trend !== 'young' && trend.changePerMs * trend.seenMs >= OUT_OF_NOISE * trend.noise
  const deviation = moves ? trend.at : () => level
  const noise = moves
    ? trend.noise
    : spread(differences.y.slice(-2 * LEAST_BINS).map((value) => value - level))
  const untilMs = moves ? Math.min(horizonMs, REACH * trend.seenMs) : horizonMs
  const crossing = (offset: number): number | null => {
    for (let step = 1; step <= STEPS; step++) {
      const afterMs = (untilMs * step) / STEPS
      if (profile(nowMs + afterMs) + deviation(afterMs) + offset >= threshold) return nowMs + afterMs
    }
    return null
  }
  const atMs = crossing(0)
  if (atMs === null) return { kind: 'stays' }
  const latestAtMs = crossing(-noise)
  return {
    kind: 'crosses',
    atMs: Math.round(atMs),
    earliestAtMs: Math.round(crossing(noise) ?? atMs),
    latestAtMs: latestAtMs === null ? null : Math.round(latestAtMs),
    changePerHour: moves ? sign * trend.changePerMs * HOUR_MS : 0,
    basis: moves ? 'trend' : 'timeOfDay'
  }
}

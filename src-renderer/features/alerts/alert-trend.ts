/** The course of an alert's value: which span of time is drawn, and where a forecast leads. Pure. */
import type { Alert } from '#contract/alerts.ts'
import type { EntityRef } from '#contract/history.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const clamp = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value))

export interface TrendSpan {
  readonly fromAtMs: number
  readonly toAtMs: number
}

/** What is read of the history for an alert; null = nothing is kept of it. */
export function seriesOfAlert(
  alert: Pick<Alert, 'entity' | 'watch'>
): { entity: EntityRef; metric: string } | null {
  return alert.entity === null || alert.watch.kind !== 'metric'
    ? null
    : { entity: alert.entity, metric: alert.watch.metric }
}

/** The forecast as it lies ahead; null = there is none, or it is due. */
function ahead(alert: Alert, nowMs: number): NonNullable<Alert['forecast']> | null {
  const { forecast } = alert
  return forecast !== null && alert.recoveredAtMs === null && forecast.atMs > nowMs ? forecast : null
}

/** Long enough to see how it came; ahead as far as the forecast goes. Ends in steps, so that the question stays the same. */
export function trendSpan(alert: Alert, nowMs: number): TrendSpan {
  if (alert.recoveredAtMs !== null) {
    const lasted = Math.max(10 * MINUTE, alert.recoveredAtMs - alert.raisedAtMs)
    const margin = clamp(lasted / 2, 15 * MINUTE, DAY)
    return { fromAtMs: alert.raisedAtMs - margin, toAtMs: Math.min(nowMs, alert.recoveredAtMs + margin) }
  }
  const foretold = ahead(alert, nowMs)
  if (foretold !== null) {
    const farthest = Math.max(
      foretold.atMs,
      Math.min(foretold.latestAtMs ?? 0, nowMs + 3 * (foretold.atMs - nowMs))
    )
    const future = Math.max(10 * MINUTE, (farthest - nowMs) * 1.1)
    return { fromAtMs: nowMs - clamp(future, HOUR, 7 * DAY), toAtMs: nowMs + future }
  }
  return { fromAtMs: nowMs - clamp((nowMs - alert.raisedAtMs) * 2, 30 * MINUTE, 7 * DAY), toAtMs: nowMs }
}

export interface ForecastLines {
  /** The present, and the end of the drawn span. */
  readonly atMs: readonly [number, number]
  readonly mean: readonly [number, number]
  /** From what is now to both ends of the range. */
  readonly low: readonly [number, number]
  readonly high: readonly [number, number]
}

/** Straight lines through the times at which the threshold is reached: by the trend, at the earliest and at the latest. */
export function forecastLines(alert: Alert, nowMs: number, toAtMs: number): ForecastLines | null {
  const foretold = ahead(alert, nowMs)
  const { value, threshold } = alert
  if (foretold === null || value === null || threshold === null || toAtMs <= nowMs) return null
  const at = (reachedAtMs: number): number =>
    value + ((threshold - value) * (toAtMs - nowMs)) / Math.max(MINUTE, reachedAtMs - nowMs)
  const ends = [at(foretold.earliestAtMs), foretold.latestAtMs === null ? value : at(foretold.latestAtMs)]
  return {
    atMs: [nowMs, toAtMs],
    mean: [value, at(foretold.atMs)],
    low: [value, Math.min(...ends)],
    high: [value, Math.max(...ends)]
  }
}

export interface TrendPicture {
  /** SVG paths. */
  readonly line: string
  readonly area: string
  readonly cone: string
  readonly course: string
  readonly thresholdY: number | null
}

const NOTHING: TrendPicture = { line: '', area: '', cone: '', course: '', thresholdY: null }

/** A small picture of `width` × `height`: the measured line, the threshold, and the cone of the forecast. */
export function trendPicture(
  points: { readonly atMs: readonly number[]; readonly values: readonly (number | null)[] },
  span: TrendSpan,
  threshold: number | null,
  forecast: ForecastLines | null,
  width: number,
  height: number
): TrendPicture {
  const known = points.values.filter((value) => value !== null)
  const shown = [
    ...known,
    ...(threshold === null ? [] : [threshold]),
    ...(forecast === null ? [] : forecast.mean)
  ]
  if (shown.length === 0) return NOTHING
  const least = Math.min(...shown)
  const most = Math.max(...shown)
  const room = (most - least || Math.abs(most) || 1) * 0.12
  const x = (atMs: number): string =>
    (((atMs - span.fromAtMs) / (span.toAtMs - span.fromAtMs)) * width).toFixed(1)
  // What leaves the picture is cut at its edges.
  const yOf = (value: number): number =>
    clamp(height * (1 - (value - least + room) / (most - least + 2 * room)), 0, height)
  const y = (value: number): string => yOf(value).toFixed(1)

  let line = ''
  let area = ''
  let begun: string | null = null
  let lastX = ''
  const close = (): void => {
    if (begun !== null) area += `L${lastX} ${height}L${begun} ${height}Z`
    begun = null
  }
  points.values.forEach((value, index) => {
    const atMs = points.atMs[index]
    if (value === null || atMs === undefined) return close()
    const step = `${begun === null ? 'M' : 'L'}${x(atMs)} ${y(value)}`
    begun ??= x(atMs)
    lastX = x(atMs)
    line += step
    area += step
  })
  close()
  const [nowAt, endAt] = forecast?.atMs ?? [0, 0]
  return {
    line,
    area,
    cone:
      forecast === null
        ? ''
        : `M${x(nowAt)} ${y(forecast.low[0])}L${x(endAt)} ${y(forecast.high[1])}L${x(endAt)} ${y(forecast.low[1])}Z`,
    course: forecast === null ? '' : `M${x(nowAt)} ${y(forecast.mean[0])}L${x(endAt)} ${y(forecast.mean[1])}`,
    thresholdY: threshold === null ? null : yOf(threshold)
  }
}

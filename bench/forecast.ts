/**
 * Who warns better of a threshold: the console's forecast, or Prometheus' predict_linear, on the same series.
 * `npm run bench -- forecast [--json]`.
 *
 * Every minute each is asked whether the series passes 80 % within the next hour; three answers in a row raise. A hit is a
 * raise within the hour before the crossing; a raise that is followed by no crossing within an hour and a half is false (one
 * per series and hour). The baseline is asked with several windows and margins, and judged by the setting with the best hit
 * rate among those with no more false raises than the console (where there is none: by the one with the fewest).
 */
import { parseArgs } from 'node:util'
import { type DailyProfile, dailyProfile } from '../src-main/domain/forecast/daily-profile.ts'
import { forecast } from '../src-main/domain/forecast/forecast.ts'
import type { Series } from '../src-main/domain/forecast/bins.ts'
import { type LabelledSeries, labelledSeries, THRESHOLD } from './support/labelled-series.ts'

const { values: options } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const HORIZON_MS = HOUR_MS
const RECENT_MINUTES = 120
const IN_A_ROW = 3
const STILL_TRUE_MS = 1.5 * HOUR_MS

type Predictor = (labelled: LabelledSeries, at: number) => boolean

interface Score {
  hitRate: number
  /** False raises per day of series that were judged. */
  falseRate: number
  leadTimeMin: number
}

const part = ({ atMs, values }: Series, from: number, to: number): Series => ({
  atMs: atMs.slice(Math.max(0, from), to),
  values: values.slice(Math.max(0, from), to)
})

/** Ten-minute means of all that was before. */
function daysBefore(series: Series, to: number): Series {
  const atMs: number[] = []
  const values: (number | null)[] = []
  for (let from = to % 10; from + 10 <= to; from += 10) {
    const known = series.values.slice(from, from + 10).filter((value) => value !== null)
    atMs.push((series.atMs[from] ?? 0) + 5 * MINUTE_MS)
    values.push(known.length === 0 ? null : known.reduce((sum, value) => sum + value, 0) / known.length)
  }
  return { atMs, values }
}

let forecasts = 0
let forecastCpuUs = 0
const days = new Map<LabelledSeries, { at: number; profile: DailyProfile | null }>()
const ours: Predictor = (labelled, at) => {
  // The profile of days is made anew once an hour, as the console does.
  let past = days.get(labelled)
  if (past === undefined || at - past.at >= 60) {
    past = { at, profile: dailyProfile(daysBefore(labelled.series, at)) }
    days.set(labelled, past)
  }
  const recent = part(labelled.series, at - RECENT_MINUTES, at)
  const before = process.cpuUsage()
  const answer = forecast({
    recent,
    profile: past.profile,
    threshold: THRESHOLD,
    direction: 'above',
    nowMs: labelled.series.atMs[at] ?? 0,
    horizonMs: HORIZON_MS
  })
  const used = process.cpuUsage(before)
  forecasts++
  forecastCpuUs += used.user + used.system
  return answer.kind === 'crosses'
}

/** Prometheus: least squares over the window, read off one hour ahead. */
const predictLinear =
  (windowMinutes: number, margin: number): Predictor =>
  ({ series }, at) => {
    let [count, sumX, sumY, sumXX, sumXY] = [0, 0, 0, 0, 0]
    for (let index = Math.max(0, at - windowMinutes); index < at; index++) {
      const value = series.values[index]
      if (value === null || value === undefined) continue
      const x = index - at
      count++
      sumX += x
      sumY += value
      sumXX += x * x
      sumXY += x * value
    }
    if (count < 2) return false
    const slope = (count * sumXY - sumX * sumY) / (count * sumXX - sumX * sumX)
    const intercept = (sumY - slope * sumX) / count
    const isBeyond = (series.values[at - 1] ?? 0) >= THRESHOLD
    return !isBeyond && intercept + slope * (HORIZON_MS / MINUTE_MS) >= THRESHOLD + margin
  }

function score(
  set: readonly LabelledSeries[],
  predictor: Predictor
): Score & { byName: Record<string, string> } {
  let [hits, crossing, falseRaises, judgedDays] = [0, 0, 0, 0]
  const leads: number[] = []
  const byName = new Map<string, { hits: number; crossing: number; wrong: number; count: number }>()
  for (const labelled of set) {
    const { name, series, judgedFromMs, crossesAtMs } = labelled
    const one = byName.get(name) ?? { hits: 0, crossing: 0, wrong: 0, count: 0 }
    byName.set(name, one)
    one.count++
    const first = series.atMs.indexOf(judgedFromMs)
    let inRow = 0
    let quietUntilMs = -Infinity
    let firstHitMs: number | null = null
    for (let at = first; at < series.atMs.length; at++) {
      const nowMs = series.atMs[at] ?? 0
      if (crossesAtMs !== null && nowMs >= crossesAtMs) break
      judgedDays += 1 / 1_440
      inRow = predictor(labelled, at) ? inRow + 1 : 0
      if (inRow < IN_A_ROW) continue
      if (crossesAtMs !== null && crossesAtMs - nowMs <= HORIZON_MS) firstHitMs ??= nowMs
      const isFalse = crossesAtMs === null || crossesAtMs - nowMs > STILL_TRUE_MS
      if (!isFalse || nowMs < quietUntilMs) continue
      falseRaises++
      one.wrong++
      quietUntilMs = nowMs + HOUR_MS
    }
    if (crossesAtMs === null) continue
    crossing++
    one.crossing++
    if (firstHitMs === null) continue
    hits++
    one.hits++
    leads.push((crossesAtMs - firstHitMs) / MINUTE_MS)
  }
  leads.sort((a, b) => a - b)
  return {
    hitRate: hits / crossing,
    falseRate: falseRaises / judgedDays,
    leadTimeMin: leads[leads.length >> 1] ?? 0,
    byName: Object.fromEntries(
      [...byName].map(([name, of]) => [
        name,
        `${of.hits}/${of.crossing} hits, ${of.wrong} false in ${of.count}`
      ])
    )
  }
}

const set = labelledSeries(20_261_128, 12)
const our = score(set, ours)
const settings = [15, 30, 60, 120, 240].flatMap((window) =>
  [0, 0.02, 0.05, 0.1, 0.15].map((margin) => ({
    window,
    margin,
    ...score(set, predictLinear(window, margin))
  }))
)
const allowed = settings.filter(({ falseRate }) => falseRate <= our.falseRate)
const baseline =
  allowed.length > 0
    ? allowed.toSorted((a, b) => b.hitRate - a.hitRate || b.leadTimeMin - a.leadTimeMin)[0]
    : settings.toSorted((a, b) => a.falseRate - b.falseRate)[0]
const metrics = {
  hitRate: our.hitRate,
  falseRate: our.falseRate,
  leadTimeMin: our.leadTimeMin,
  baselineHitRate: baseline?.hitRate ?? 0,
  baselineFalseRate: baseline?.falseRate ?? 0,
  baselineLeadTimeMin: baseline?.leadTimeMin ?? 0,
  baselineWindowMin: baseline?.window ?? 0,
  baselineMargin: baseline?.margin ?? 0,
  series: set.length,
  cpuUsPerForecast: forecastCpuUs / forecasts
}
console.table(our.byName)
console.table(
  settings.map(({ window, margin, hitRate, falseRate, leadTimeMin }) => ({
    window,
    margin,
    hitRate,
    falseRate,
    leadTimeMin
  }))
)
console.table(metrics)
if (options.json) console.log(JSON.stringify({ name: 'forecast', metrics }))

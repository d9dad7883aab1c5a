/** What a rule would have told, drawn: values, threshold, and bands of the times of alerts. Pure. */
import type { Backtest } from '#contract/alert-rules.ts'
import type { EntityRef } from '#contract/history.ts'
import { trendPicture } from './alert-trend.ts'

export interface BacktestBand {
  readonly level: 'RED' | 'AMBER'
  readonly x: number
  readonly width: number
}
export interface BacktestPicture {
  readonly line: string
  readonly thresholdY: number | null
  readonly bands: readonly BacktestBand[]
}

const LEAST_BAND = 2
const isSame = (one: EntityRef, other: EntityRef): boolean =>
  one.serverId === other.serverId && one.kind === other.kind && one.key === other.key

/** Of the entity that is shown. A warning is AMBER until it came true. */
export function backtestPicture(
  backtest: Backtest,
  threshold: number | null,
  width: number,
  height: number
): BacktestPicture {
  const { fromAtMs, toAtMs, shown } = backtest
  if (shown === null) return { line: '', thresholdY: null, bands: [] }
  const x = (atMs: number): number =>
    Math.min(1, Math.max(0, (atMs - fromAtMs) / (toAtMs - fromAtMs))) * width
  const band = (level: 'RED' | 'AMBER', from: number, to: number): BacktestBand => ({
    level,
    x: x(from),
    width: Math.max(LEAST_BAND, x(to) - x(from))
  })
  const bands = backtest.raises
    .filter(({ entity }) => isSame(entity, shown.entity))
    .flatMap(({ level, raisedAtMs, redAtMs, recoveredAtMs }) => {
      const endAtMs = recoveredAtMs ?? toAtMs
      const isRed = redAtMs !== null && (level === 'RED' || redAtMs > raisedAtMs)
      const redFrom = isRed ? redAtMs : endAtMs
      return [
        ...(redFrom > raisedAtMs ? [band('AMBER', raisedAtMs, redFrom)] : []),
        ...(isRed ? [band('RED', redFrom, endAtMs)] : [])
      ]
    })
  const { line, thresholdY } = trendPicture(shown, { fromAtMs, toAtMs }, threshold, null, width, height)
  return { line, thresholdY, bands }
}

export interface BacktestCounts {
  readonly raises: number
  /** Told before it came. */
  readonly warned: number
  /** RED without a warning. */
  readonly unwarned: number
}

export function countsOf({ raises, leftOut, forecastsRight, forecastsWrong }: Backtest): BacktestCounts {
  return {
    raises: raises.length + leftOut,
    warned: forecastsRight + forecastsWrong,
    unwarned: raises.filter(({ cause }) => cause !== 'forecast').length
  }
}

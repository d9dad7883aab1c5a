/**
 * What is remembered of one rule for one target between two samples. Plain JSON of a bounded size, so that it is kept through a
 * restart: an alert that lasts is not raised again, and one that is over meanwhile recovers.
 */
import type { AlertForecast } from '#contract/alerts.ts'
import type { AlertLevel } from '#contract/vocabulary.ts'

/** Causes that samples have. A watch of a state (server off …) has `threshold`; `causeOf` (watches.ts) gives it its name. */
export type SampleCause = 'threshold' | 'forecast' | 'noData'

export interface OpenAlert {
  level: AlertLevel
  cause: SampleCause
  raisedAtMs: number
  /** When a foretold one came true; null = it was not foretold, or has not. */
  reachedAtMs: number | null
  /** The newest value. */
  value: number | null
  /** The farthest beyond the threshold while it lasted; null = it has not been beyond. */
  worst: number | null
  forecast: AlertForecast | null
}

/** Answers in a row of one look of the forecast (foresight.ts). */
export interface Answers {
  /** Turn of asking; which one is of no meaning, only that it is another. */
  turn: number
  crosses: number
  stays: number
  /** From several that it crosses, to many that it does not. */
  isWarning: boolean
}

/** Times are sums of the distances between samples, not differences of clocks: a clock that is set moves nothing. */
export interface AlertState {
  /** Of the newest sample with a value; null = none yet. */
  valueAtMs: number | null
  /** Of the newest sample, with or without. */
  sampleAtMs: number | null
  /** Time beyond the threshold, and the samples in it. */
  beyondMs: number
  beyondSamples: number
  /** Worst of the samples counted in `beyondSamples`. */
  worst: number | null
  /** Time between threshold and `recoverAt` since it was beyond last. */
  betweenMs: number
  /** Time at `recoverAt` or better; null = the newest value was not. */
  goodMs: number | null
  /** Time without a value while the server was online. */
  silentMs: number
  /** One for each look of the forecast. */
  answers: Answers[]
  open: OpenAlert | null
}

export const newAlertState = (): AlertState => ({
  valueAtMs: null,
  sampleAtMs: null,
  beyondMs: 0,
  beyondSamples: 0,
  worst: null,
  betweenMs: 0,
  goodMs: null,
  silentMs: 0,
  answers: [],
  open: null
})

/** Why an alert is over. */
export type AlertEnd = 'recovered' | 'targetGone' | 'ruleChanged' | 'expectedOff'

/**
 * What a sample changed. `reached`: the same alert, which was foretold, has come true (or there is no value any more): now of the
 * rule's level. Between two `raised` there is always a `recovered`.
 */
export type AlertTransition =
  | {
      readonly kind: 'raised'
      readonly atMs: number
      readonly level: AlertLevel
      readonly cause: SampleCause
      readonly value: number | null
      readonly forecast: AlertForecast | null
    }
  | {
      readonly kind: 'reached'
      readonly atMs: number
      readonly level: AlertLevel
      readonly cause: 'threshold' | 'noData'
      readonly value: number | null
    }
  | {
      readonly kind: 'recovered'
      /** Never before it was raised, whatever the clock did. */
      readonly atMs: number
      readonly ended: AlertEnd
      readonly value: number | null
    }

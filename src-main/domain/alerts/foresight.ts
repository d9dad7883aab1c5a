/** Asks the forecast for one rule and target, now and then, and believes it only when it says the same several times. Pure. */
import type { AlertForecast } from '#contract/alerts.ts'
import type { Series } from '../forecast/bins.ts'
import type { DailyProfile } from '../forecast/daily-profile.ts'
import { forecast } from '../forecast/forecast.ts'
import type { Answers } from './alert-state.ts'
import { isOutOfReach } from './out-of-reach.ts'
import { RecentSeries } from './recent-series.ts'

/** So many answers in a row that it crosses are a warning; so many that it does not end it. */
const WARNS_AFTER = 3
const ENDS_AFTER = 10
/** "Cannot say" is a weaker word than "stays", but ends a warning too in the end. */
const UNKNOWN_WEIGHT = 0.25
/** It is looked back this many times as far as ahead. */
const LOOK_BACK = 2
/** A disk's fill within the hour is seen with a shorter look than the growth of weeks: each is so much shorter than the last. */
const SHORTER = 8
const SHORTEST_LOOK_MS = 30 * 60_000
const MOST_LOOKS = 4
/** A look is asked so often within its span: more often, the answers would be of the same values. */
const ASKED_WITHIN_SPAN = 120
const LEAST_EVERY_MS = 5_000
/** How far back values are looked at; history to refill a `Foresight` from is asked for as much. */
export const lookBackMs = (horizonMs: number): number => horizonMs * LOOK_BACK

/** A profile (`Foresight.profile`) is good for so long, and made of so many days. */
export const PROFILE_EVERY_MS = 6 * 3_600_000
export const PROFILE_DAYS = 14

/** A repeatable number of a text, 0 to 1, to spread work evenly: FNV-1a, mixed once more as keys differ in their ends only. */
export function spreadOf(key: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

export interface Question {
  readonly threshold: number
  readonly direction: 'above' | 'below'
}

/** Memory of one series. Not kept through a restart: filled from history (`fill`), or it fills by itself. */
export class Foresight {
  readonly horizonMs: number
  /** What is usual at a time of day; made anew every few hours by whoever has the history. */
  profile: DailyProfile | null = null
  readonly #looks: readonly RecentSeries[]
  readonly #spread: number

  /** `key`: of the rule and target; it only spreads the asking. */
  constructor(horizonMs: number, key: string) {
    this.horizonMs = horizonMs
    this.#spread = spreadOf(key)
    const spans = [lookBackMs(horizonMs)]
    for (;;) {
      const shorter = (spans.at(-1) ?? 0) / SHORTER
      if (spans.length === MOST_LOOKS || shorter < SHORTEST_LOOK_MS) break
      spans.push(shorter)
    }
    this.#looks = spans.map((spanMs) => new RecentSeries(spanMs))
  }

  add(atMs: number, value: number): void {
    for (const look of this.#looks) look.add(atMs, value)
  }

  /** Values of history, of any density; before or while new ones come in. */
  fill({ atMs, values }: Series): void {
    for (let index = 0; index < atMs.length; index++) {
      const value = values[index]
      if (value !== null && value !== undefined && Number.isFinite(value)) this.add(atMs[index] ?? 0, value)
    }
  }

  /**
   * Asks the looks whose turn it is, and notes what they say in `answers`. Gives the soonest crossing that was foretold just
   * now, of a look that warns; null = none was.
   */
  ask(answers: Answers[], question: Question, nowMs: number): AlertForecast | null {
    if (answers.length !== this.#looks.length)
      answers.splice(0, answers.length, ...this.#looks.map(() => noAnswers()))
    let soonest: AlertForecast | null = null
    for (const [index, look] of this.#looks.entries()) {
      const noted = answers[index]
      const turn = Math.floor(nowMs / everyMs(look) + this.#spread)
      if (noted === undefined || noted.turn === turn) continue
      noted.turn = turn
      const said = this.#askLook(look, question, nowMs)
      note(noted, said === null ? 'stays' : said.kind)
      if (said?.kind !== 'crosses' || !noted.isWarning) continue
      const { kind: _kind, ...crossing } = said
      if (soonest === null || crossing.atMs < soonest.atMs) soonest = crossing
    }
    return soonest
  }

  /** null: too far off to be asked. */
  #askLook(look: RecentSeries, { threshold, direction }: Question, nowMs: number) {
    const recent = look.upTo(nowMs)
    const { profile, horizonMs } = this
    if (profile === null && isOutOfReach(recent, { threshold, direction, nowMs })) return null
    return forecast({ recent, profile, threshold, direction, nowMs, horizonMs })
  }
}

const everyMs = (look: RecentSeries): number => Math.max(LEAST_EVERY_MS, look.spanMs / ASKED_WITHIN_SPAN)

const noAnswers = (): Answers => ({ turn: -1, crosses: 0, stays: 0, isWarning: false })

/** `beyond` says nothing of what comes: a warning stays until it has come true, and none begins. */
function note(noted: Answers, kind: 'crosses' | 'stays' | 'beyond' | 'unknown'): void {
  if (kind === 'crosses') {
    noted.crosses++
    noted.stays = 0
    if (noted.crosses >= WARNS_AFTER) noted.isWarning = true
  } else if (kind === 'beyond') noted.stays = 0
  else {
    noted.stays += kind === 'unknown' ? UNKNOWN_WEIGHT : 1
    if (kind === 'stays') noted.crosses = 0
    if (noted.stays >= ENDS_AFTER) noted.isWarning = false
  }
}

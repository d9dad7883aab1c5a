/**
 * How alerts are told to the operator. The life of an alert (alert-desk.ts) decides what is told and when; channels decide
 * by which way. Implemented by `application/alert-channels`.
 */
import type { RuleTelling } from '#contract/alert-rules.ts'
import type { Alert } from '#contract/alerts.ts'

export interface AlertNews {
  /**
   * The same news has the same id, also after a restart: what was committed but perhaps not told is told again then. A
   * teller that keeps what waits drops what it has already.
   */
  readonly newsId: string
  /** As it is at `atMs`; committed. */
  readonly alert: Alert
  /** Of the rule when it was raised; `channels` names who hears of it. */
  readonly telling: RuleTelling
  readonly atMs: number
}

/**
 * A promise resolves when the news is taken: kept where it waits, or sent. It never waits for a server on the net. One that
 * rejects is given again with the next check, a few seconds later.
 */
export interface AlertTeller {
  raised(news: AlertNews): Promise<void>
  /** It was AMBER and told as that; now it is RED. */
  escalated(news: AlertNews): Promise<void>
  /** It lasts, and nobody has acknowledged it (`telling.againEveryMs`). */
  again(news: AlertNews): Promise<void>
  /** It is over (`alert.ended` says why); only of those that were told, and where `telling.recovery` wants it. */
  recovered(news: AlertNews): Promise<void>
}

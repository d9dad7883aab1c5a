/** What is to be told of an alert now: a pure function of what is kept, so that a restart changes nothing of it. */
import type { KeptAlert, Told } from './alert-store.ts'
import type { AlertNews } from './alert-teller.ts'

export type NewsKind = 'raised' | 'escalated' | 'again' | 'recovered'

export interface DueNews {
  readonly kind: NewsKind
  readonly news: AlertNews
  /** What is known to be told once it is. */
  readonly told: Told
}

/**
 * null = nothing. A quiet alert is told when it lasts longer than what keeps it quiet. The end of one that was told is told
 * also while it is quiet: else whoever heard of it would think that it lasts.
 */
export function dueNews({ alert, telling, told }: KeptAlert, nowMs: number): DueNews | null {
  if (told.ended) return null
  const news = (kind: NewsKind, next: Told): DueNews => ({
    kind,
    news: {
      newsId: `${alert.id}/${kind}/${kind === 'again' ? (told.atMs ?? 0) : alert.level}`,
      alert,
      telling,
      atMs: nowMs
    },
    told: next
  })
  if (alert.recoveredAtMs !== null) {
    if (told.level === null || !telling.recovery) return null
    return news('recovered', { ...told, ended: true })
  }
  if (alert.quiet !== null) return null
  const toldNow: Told = { level: alert.level, atMs: nowMs, ended: false }
  if (told.level === null) return alert.acknowledged === null ? news('raised', toldNow) : null
  if (told.level === 'AMBER' && alert.level === 'RED') return news('escalated', toldNow)
  if (alert.acknowledged !== null || telling.againEveryMs === null || told.atMs === null) return null
  // A clock that was set back must not keep it silent for longer than one span.
  const sinceMs = Math.abs(nowMs - told.atMs)
  return sinceMs >= telling.againEveryMs ? news('again', toldNow) : null
}

/** Nothing more will be told of it: it is over, and nobody was told or wants to hear of its end. */
export const isSettled = ({ alert, telling, told }: KeptAlert): boolean =>
  told.ended || (alert.recoveredAtMs !== null && (told.level === null || !telling.recovery))

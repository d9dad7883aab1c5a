/** What is sent by a channel: one message about one alert or many. Pure. */
import type { AlertLevel } from '#contract/vocabulary.ts'
import {
  lineWords,
  matterWords,
  placeWords,
  spanWords,
  stateWords,
  type Headline,
  type ToldAlert
} from './alert-words.ts'
import { cut, safeText, safeTexts } from './safe-text.ts'

export interface Message {
  readonly kind: 'test' | 'alerts'
  readonly sentAtMs: number
  /** Name of the channel, as the operator calls it. */
  readonly channel: string
  /** RED before AMBER, what is over last. */
  readonly told: readonly ToldAlert[]
  /** The limit of messages an hour held some of it back. */
  readonly heldBack: boolean
  /** News that found no room while they waited, and will not be told. */
  readonly dropped: number
  readonly zone: 'local' | 'utc'
}

const OVER: ReadonlySet<Headline> = new Set<Headline>(['recovered', 'passed'])

/** The worst of what lasts; null = nothing does. */
export function worstLevel({ told }: Pick<Message, 'told'>): AlertLevel | null {
  const lasting = told.filter(({ headline }) => !OVER.has(headline))
  if (lasting.length === 0) return null
  return lasting.some(({ alert }) => alert.level === 'RED') ? 'RED' : 'AMBER'
}

/** RED first, then AMBER, then what is over; within each the oldest first. */
export function inOrder(told: readonly ToldAlert[]): ToldAlert[] {
  const rank = ({ headline, alert }: ToldAlert): number =>
    OVER.has(headline) ? 2 : alert.level === 'RED' ? 0 : 1
  return [...told].sort((a, b) => rank(a) - rank(b) || a.alert.raisedAtMs - b.alert.raisedAtMs)
}

const MAX_TITLE = 200

/** One line. */
export function titleOf(message: Message): string {
  const { told, kind, zone } = message
  if (kind === 'test') return 'Test from Virthelm'
  const [only] = told
  if (only === undefined) return 'No news'
  if (told.length === 1) {
    return cut(`${stateWords(only)}: ${placeWords(only.alert)}: ${matterWords(only.alert, zone)}`, MAX_TITLE)
  }
  const lasting = told.filter(({ headline }) => !OVER.has(headline))
  const red = lasting.filter(({ alert }) => alert.level === 'RED').length
  const counts = [
    [red, 'RED'],
    [lasting.length - red, 'AMBER'],
    [told.length - lasting.length, 'over']
  ] as const
  const parts = counts.filter(([count]) => count > 0).map(([count, word]) => `${String(count)} ${word}`)
  return cut(`${parts.join(', ')}: ${serversWords(told)}`, MAX_TITLE)
}

const SERVERS_NAMED = 3

function serversWords(told: readonly ToldAlert[]): string {
  const names = [...new Set(told.map(({ alert }) => safeText(alert.serverName, 40)))]
  const more = names.length - SERVERS_NAMED
  return names.slice(0, SERVERS_NAMED).join(', ') + (more > 0 ? ` and ${String(more)} more` : '')
}

/** Lines of text, as many as fit; what does not is counted. */
export function bodyOf(message: Message, most: { readonly lines: number; readonly bytes: number }): string {
  const { told, kind, channel, zone } = message
  if (kind === 'test') {
    return `The channel “${safeText(channel)}” works. Alerts of your servers will come this way.`
  }
  const [only] = told
  const lines =
    told.length === 1 && only !== undefined
      ? detailsOf(only, zone)
      : told.map((each) => lineWords(each, zone))
  const notes = notesOf(message)
  const kept: string[] = []
  let bytes = Buffer.byteLength(notes.join('\n')) + MORE_BYTES
  for (const line of lines) {
    bytes += Buffer.byteLength(line) + 1
    if (kept.length === most.lines || bytes > most.bytes) break
    kept.push(line)
  }
  const more = lines.length - kept.length
  return [...kept, ...(more > 0 ? [`… and ${String(more)} more.`] : []), ...notes].join('\n')
}

/** Room for the line that counts the rest. */
const MORE_BYTES = 32

function detailsOf(told: ToldAlert, zone: 'local' | 'utc'): string[] {
  const { alert } = told
  const lines = [
    `${stateWords(told)}: ${placeWords(alert)}`,
    matterWords(alert, zone),
    spanWords(told, zone).replace(/^./, (first) => first.toUpperCase())
  ]
  if (alert.ruleName !== null) lines.push(`Rule: ${safeText(alert.ruleName)}`)
  if (alert.acknowledged !== null) {
    const { note } = alert.acknowledged
    lines.push(note === '' ? 'Acknowledged' : `Acknowledged: ${safeText(note, 500)}`)
  }
  return lines
}

function notesOf({ heldBack, dropped }: Message): string[] {
  return [
    ...(heldBack ? ['Some of it was held back by this channel’s limit of messages an hour.'] : []),
    ...(dropped > 0 ? [`${String(dropped)} older news were dropped: too many waited.`] : [])
  ]
}

/** More would be refused by many a receiver. */
const MAX_IN_JSON = 50

/** What a webhook gets; documented in docs/alert-channels.md. A change that a receiver could trip over gets a new version. */
export function jsonOf(message: Message): Record<string, unknown> {
  const { kind, sentAtMs, channel, told, heldBack, dropped } = message
  const listed = told.slice(0, MAX_IN_JSON)
  return {
    version: 1,
    kind,
    sentAtMs,
    channel: safeText(channel),
    level: worstLevel(message),
    title: titleOf(message),
    text: bodyOf(message, { lines: MAX_IN_JSON, bytes: 16_000 }),
    alerts: listed.map(({ headline, alert }) => ({ news: headline, ...safeTexts(alert) })),
    leftOut: told.length - listed.length,
    heldBack,
    dropped
  }
}

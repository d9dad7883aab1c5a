/** Why a server gives no values, and what the operator can do about it. Shared by cards, the table and the server's page. */
import type { ErrorCode } from '#contract/errors.ts'
import type { ServerView } from '#contract/servers.ts'
import type { CapabilityCause, CapabilityId } from '#contract/vocabulary.ts'
import { useI18n } from 'vue-i18n'
import { formatDuration, formatTime, type Zone } from '../../format/index.ts'
import { useErrorWords } from '../../locales/error-words.ts'

/** What helps with a failed connection, from its error. */
export type Remedy = 'fixLogin' | 'checkKey' | 'givePassword' | 'givePassphrase' | 'tryNow'

const REMEDIES: Partial<Record<ErrorCode, Remedy>> = {
  loginRefused: 'fixLogin',
  keyUnreadable: 'fixLogin',
  agentUnavailable: 'fixLogin',
  shellUnavailable: 'fixLogin',
  addressNotFound: 'fixLogin',
  notSsh: 'fixLogin',
  hostKeyUnknown: 'checkKey',
  hostKeyChanged: 'checkKey',
  passwordNeeded: 'givePassword',
  passphraseNeeded: 'givePassphrase',
  passphraseWrong: 'givePassphrase'
}

export function remedyFor(view: ServerView): Remedy | null {
  const { connection } = view
  if (connection.kind !== 'offline') return null
  const remedy = REMEDIES[connection.failure.error.code] ?? 'tryNow'
  // A question about a key can only be asked when the key was seen.
  if (remedy === 'checkKey' && connection.failure.hostKey === null) return 'tryNow'
  return remedy
}

/** The connection waits for the operator; trying again by itself would not help. */
export const needsOperator = (view: ServerView): boolean =>
  view.connection.kind === 'offline' && view.connection.nextTryAtMs === null

/** It did not answer; everything else is an answer that did not help. */
const SILENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'connectTimeout',
  'connectionRefused',
  'networkUnreachable',
  'handshakeTimeout',
  'linkFrozen',
  'connectionClosed',
  'loginTimeout',
  'deadlineExceeded'
])
const silent = (code: ErrorCode): boolean => SILENT.has(code)

export interface ConnectionWords {
  /** What is the case, since when. */
  readonly title: string
  /** Behind the title, quieter: for how long. */
  readonly since: string
  /** What happened. */
  readonly text: string
  /** What happens next, or what to do. */
  readonly next: string
}

export function useConnectionWords(): (view: ServerView, nowMs: number, zone: Zone) => ConnectionWords {
  const { t } = useI18n()
  const errorWords = useErrorWords()
  return (view, nowMs, zone) => {
    const { connection } = view
    const age = formatDuration(nowMs - connection.sinceAtMs)
    const sinceTime = (atMs: number): string =>
      formatTime(atMs, nowMs - atMs < 20 * 3_600_000 ? 'minute' : 'dayMinute', zone)
    const firstTime = view.now === null
    const { expectedOff } = view
    if (expectedOff !== null && (connection.kind === 'offline' || connection.kind === 'connecting')) {
      return {
        title: t(`power.expectedOff.${expectedOff.action}`, { time: sinceTime(expectedOff.atMs) }),
        since: '',
        text: t(`power.expectedOffText.${expectedOff.action}`),
        next: ''
      }
    }
    switch (connection.kind) {
      case 'online':
        return {
          title: t('fleet.reason.noData'),
          since: '',
          text: t('fleet.reason.waitingForData'),
          next: ''
        }
      case 'connecting':
        return {
          title: firstTime ? t('fleet.reason.noData') : t('fleet.reason.reconnecting'),
          since: '',
          text:
            connection.attempt <= 1
              ? t(firstTime ? 'fleet.reason.connecting' : 'fleet.reason.retryNow')
              : t('fleet.reason.connectingAttempt', { attempt: connection.attempt }),
          next: ''
        }
      case 'stopped':
        return {
          title: t('fleet.reason.notCollecting'),
          since: '',
          text: t('fleet.reason.collectionStopped', { time: sinceTime(connection.sinceAtMs) }),
          next: ''
        }
      case 'offline': {
        const words = errorWords(connection.failure.error)
        const { nextTryAtMs, attempts } = connection
        const next =
          nextTryAtMs === null
            ? t('fleet.reason.stoppedTries', { count: attempts }, attempts)
            : nextTryAtMs <= nowMs
              ? t('fleet.reason.retryNow')
              : t('fleet.reason.retryIn', { span: formatDuration(nextTryAtMs - nowMs + 999, 1) })
        return {
          title: firstTime
            ? t('fleet.reason.noData')
            : t(
                silent(connection.failure.error.code)
                  ? 'fleet.reason.noAnswerSince'
                  : 'fleet.reason.offSince',
                {
                  time: sinceTime(connection.sinceAtMs)
                }
              ),
          since: firstTime ? '' : age,
          text: words.detail === '' ? words.title : `${words.title} ${words.detail}`,
          next: nextTryAtMs === null && attempts <= 1 ? words.next : next
        }
      }
    }
  }
}

/** Why something does not work: in words of its own where the general ones would mislead. */
export function useCauseWords(): (id: CapabilityId, cause: CapabilityCause) => string {
  const i18n = useI18n()
  const { t } = i18n
  return (id, cause) => {
    const own = `capabilities.causeOf.${id}.${cause}`
    return i18n.te(own) ? t(own) : t(`capabilities.cause.${cause}`)
  }
}

/** The reason of a missing value of this server, for the tooltip of a "—". */
export function useMissingReason(): (view: ServerView, capability: CapabilityId) => string {
  const { t } = useI18n()
  const causeWords = useCauseWords()
  return (view, capability) => {
    if (view.connection.kind !== 'online')
      return t(view.now === null ? 'capabilities.notConnected' : 'capabilities.notNow')
    const known = view.capabilities.find((candidate) => candidate.id === capability)
    const cause = known?.cause ?? null
    if (cause !== null) return causeWords(capability, cause)
    return t(known === undefined ? 'capabilities.cause.checking' : 'capabilities.noReason')
  }
}

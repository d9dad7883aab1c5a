/** Sends one message by one channel, within a deadline. */
import type { ChannelTarget } from '#contract/alert-channels.ts'
import type { AppError } from '#contract/errors.ts'
import type { Clock } from '../clock.ts'
import type { EngineHttp } from '../engines/http.ts'
import type { Notifier } from '../platform/platform.ts'
import type { Secret } from '../servers/connection.ts'
import { ntfyMessage, sendByHttp, webhookMessage } from './http-delivery.ts'
import type { Mailer } from './mailer.ts'
import { keepingSecret, mailTo } from './mail-delivery.ts'
import { bodyOf, titleOf, worstLevel, type Message } from './message.ts'

export interface DeliveryDeps {
  readonly http: EngineHttp
  readonly mailer: Mailer
  readonly notifier: Notifier
  readonly clock: Clock
}

const HTTP_DEADLINE_MS = 15_000
const MAIL_DEADLINE_MS = 30_000
const DESKTOP = { lines: 5, bytes: 600 }
const MAIL = { lines: 200, bytes: 60_000 }

export interface DeliveryRequest {
  readonly target: ChannelTarget
  readonly secret: Secret | null
  readonly message: Message
  readonly signal: AbortSignal
}

/**
 * As `deliverRaw`. A server that answers with the very secret it was sent does not get it into an error or the log.
 */
export async function deliver(
  request: DeliveryRequest,
  deps: DeliveryDeps
): Promise<{ failure: AppError | null }> {
  return keepingSecret(request.secret, () => deliverRaw(request, deps))
}

/**
 * Resolves when the other side has it; `failure`: some of the receivers were refused.
 * @throws AppError; retryable = it may go later without anybody's help
 */
async function deliverRaw(
  { target, secret, message, signal }: DeliveryRequest,
  { http, mailer, notifier, clock }: DeliveryDeps
): Promise<{ failure: AppError | null }> {
  switch (target.kind) {
    case 'desktop':
      notifier.show({
        title: withoutMarkup(titleOf(message)),
        body: withoutMarkup(bodyOf(message, DESKTOP)),
        urgent: worstLevel(message) === 'RED'
      })
      return { failure: null }
    case 'webhook':
    case 'ntfy': {
      const made =
        target.kind === 'webhook'
          ? webhookMessage(target.url, secret, message)
          : ntfyMessage(target, secret, message)
      await sendByHttp(http, made, { deadlineMs: HTTP_DEADLINE_MS, signal, nowMs: () => clock.nowMs() })
      return { failure: null }
    }
    case 'email':
      return mailTo(mailer, {
        target,
        secret,
        mail: {
          subject: `[Virthelm] ${titleOf(message)}`,
          text: bodyOf(message, MAIL),
          urgent: worstLevel(message) === 'RED'
        },
        deadlineMs: MAIL_DEADLINE_MS,
        signal
      })
  }
}

/** Notification services of Linux read tags and entities in the text: names of others must not become any. */
function withoutMarkup(text: string): string {
  return text.replaceAll('&', '＆').replaceAll('<', '‹').replaceAll('>', '›')
}

/** Webhook and ntfy: what is sent, and what the answer means. */
import { createHmac } from 'node:crypto'
import type { ChannelTarget } from '#contract/alert-channels.ts'
import { AppError, type ErrorParams } from '#contract/errors.ts'
import type { EngineAnswer, EngineHttp } from '../engines/http.ts'
import type { Secret } from '../servers/connection.ts'
import { bodyOf, jsonOf, titleOf, worstLevel, type Message } from './message.ts'
import { safeText } from './safe-text.ts'

export type HttpTarget = Extract<ChannelTarget, { kind: 'webhook' | 'ntfy' }>

interface HttpMessage {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** ntfy makes a file of a longer text. */
const NTFY_BODY_BYTES = 3_800
const MAX_ANSWER_BYTES = 64 * 1_024
const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

export const SIGNATURE_HEADER = 'x-virthelm-signature'
export const TIMESTAMP_HEADER = 'x-virthelm-timestamp'

/**
 * The signature is over the very bytes of the body, which hold the time too: an old message that somebody sends again can be
 * told by its age.
 */
export function webhookMessage(url: string, secret: Secret | null, message: Message): HttpMessage {
  const body = encode(jsonOf(message))
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'user-agent': 'Virthelm',
    [TIMESTAMP_HEADER]: String(message.sentAtMs)
  }
  if (secret !== null)
    headers[SIGNATURE_HEADER] = `sha256=${createHmac('sha256', secret.reveal()).update(body).digest('hex')}`
  return { url: withoutLogin(new URL(url)), headers, body }
}

/** As JSON to the server's root: title and text are in no header, so nothing in them can become one. */
export function ntfyMessage(
  target: Extract<HttpTarget, { kind: 'ntfy' }>,
  secret: Secret | null,
  message: Message
): HttpMessage {
  const level = worstLevel(message)
  const body = encode({
    topic: target.topic,
    title: titleOf(message),
    message: bodyOf(message, { lines: 40, bytes: NTFY_BODY_BYTES }),
    priority: level === 'RED' ? 5 : 3,
    tags: [level === 'RED' ? 'rotating_light' : level === 'AMBER' ? 'warning' : 'white_check_mark']
  })
  const headers: Record<string, string> = { 'content-type': 'application/json', 'user-agent': 'Virthelm' }
  if (secret !== null) headers['authorization'] = `Bearer ${headerSafe(secret.reveal())}`
  return { url: withoutLogin(new URL(target.server)), headers, body }
}

/** A token with a line break in it (pasted, say) is no token; Node would refuse the header with the token in its words. */
function headerSafe(token: string): string {
  const trimmed = token.trim()
  if (!/^[\x21-\x7e]+$/.test(trimmed))
    throw new AppError('notifyLoginRefused', { params: { reason: 'tokenOdd' } })
  return trimmed
}

function withoutLogin(url: URL): URL {
  url.username = ''
  url.password = ''
  return url
}

/** @throws AppError */
export async function sendByHttp(
  http: EngineHttp,
  { url, headers, body }: HttpMessage,
  options: { readonly deadlineMs: number; readonly signal: AbortSignal; readonly nowMs: () => number }
): Promise<void> {
  const params = whereOf(url)
  let answer: EngineAnswer
  try {
    answer = await http.request({
      method: 'POST',
      url,
      headers,
      body,
      deadlineMs: options.deadlineMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      signal: options.signal
    })
  } catch (error) {
    throw asChannelError(error, params)
  }
  assertTaken(answer, params, options.nowMs())
}

/** The client speaks of engines; it is the same wire. */
function asChannelError(error: unknown, params: ErrorParams): unknown {
  if (!(error instanceof AppError) || error.code === 'cancelled') return error
  const code = error.code === 'engineNotThisKind' ? 'notifyRefused' : error.code
  return new AppError(code, {
    params: { ...error.params, ...params },
    retryable: error.retryable,
    cause: error
  })
}

function whereOf({ hostname, port, protocol }: URL): ErrorParams {
  return {
    host: hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    service: 'channel'
  }
}

const LATER: ReadonlySet<number> = new Set([408, 425, 429])

function assertTaken(answer: EngineAnswer, where: ErrorParams, nowMs: number): void {
  const { status } = answer
  if (status >= 200 && status < 300) return
  const params: ErrorParams = { ...where, status, text: wordsOf(answer) }
  if (status === 401 || status === 403) throw new AppError('notifyLoginRefused', { params })
  if (LATER.has(status) || status >= 500) {
    const retryAfterMs = retryAfterMsOf(answer, nowMs)
    throw new AppError('notifyBusy', {
      params: { ...params, ...(retryAfterMs !== null && { retryAfterMs }) },
      retryable: true
    })
  }
  // A redirect too: it is not followed, or a secret would go where somebody else points.
  if (status >= 300 && status < 400) {
    throw new AppError('notifyRefused', { params: { ...params, reason: 'redirected', text: '' } })
  }
  throw new AppError('notifyRefused', { params })
}

const MAX_RETRY_AFTER_MS = 3_600_000

/** Seconds or a date; not longer than an hour. */
function retryAfterMsOf({ headers }: EngineAnswer, nowMs: number): number | null {
  const text = headers['retry-after']?.trim() ?? ''
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isFinite(waitMs) ? Math.min(MAX_RETRY_AFTER_MS, Math.max(0, Math.round(waitMs))) : null
}

function wordsOf({ body, headers }: EngineAnswer): string {
  // A page of a proxy is no sentence.
  if (/html/i.test(headers['content-type'] ?? '')) return ''
  return safeText(Buffer.from(body.subarray(0, 1_000)).toString('utf8').trim(), 200)
}

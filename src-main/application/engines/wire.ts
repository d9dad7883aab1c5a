/** How each kind of engine is talked to: the requests, and what its answers mean. No I/O. */
import type { EngineLogin, EngineTarget } from '#contract/engines.ts'
import { AppError, type ErrorCode, type ErrorParams } from '#contract/errors.ts'
import { LINE_PROTOCOL_PROBE, lineProtocol } from '../../domain/engines/line-protocol.ts'
import type { OutsideTick } from '../../domain/engines/naming.ts'
import { remoteWriteRequest } from '../../domain/engines/remote-write.ts'
import { snappy } from '../../domain/engines/snappy.ts'
import type { Secret } from '../servers/connection.ts'
import type { EngineAnswer } from './http.ts'

export interface WireRequest {
  readonly url: URL
  readonly headers: Record<string, string>
  readonly body: Uint8Array
}

/** Samples as the engine takes them. */
export function writeRequest(
  target: EngineTarget,
  secret: Secret | null,
  ticks: readonly OutsideTick[]
): WireRequest {
  if (target.kind !== 'remoteWrite') return lineRequest(target, secret, lineProtocol(ticks))
  return remoteRequest(target, secret, remoteWriteRequest(ticks))
}

/** The same without any sample: the engine answers as it would to samples. */
export function probeRequest(target: EngineTarget, secret: Secret | null): WireRequest {
  if (target.kind !== 'remoteWrite') return lineRequest(target, secret, LINE_PROTOCOL_PROBE)
  return remoteRequest(target, secret, remoteWriteRequest([]))
}

function lineRequest(
  target: Exclude<EngineTarget, { kind: 'remoteWrite' }>,
  secret: Secret | null,
  text: string
): WireRequest {
  const url = below(target.url, target.kind === 'influx1' ? 'write' : 'api/v2/write')
  const headers: Record<string, string> = { 'content-type': 'text/plain; charset=utf-8' }
  if (target.kind === 'influx1') {
    url.searchParams.set('db', target.database)
    if (target.user !== '') Object.assign(headers, basic(target.user, secret))
  } else {
    url.searchParams.set('org', target.org)
    url.searchParams.set('bucket', target.bucket)
    if (secret !== null) headers['authorization'] = `Token ${secret.reveal()}`
  }
  url.searchParams.set('precision', 'ms')
  return { url, headers, body: Buffer.from(text) }
}

function remoteRequest(
  target: Extract<EngineTarget, { kind: 'remoteWrite' }>,
  secret: Secret | null,
  message: Uint8Array
): WireRequest {
  const headers = {
    'content-type': 'application/x-protobuf',
    'content-encoding': 'snappy',
    'x-prometheus-remote-write-version': '0.1.0',
    ...loginHeaders(target.login, secret)
  }
  return { url: new URL(target.url), headers, body: snappy(message) }
}

/** A path below the address, whether or not that ends with a slash. */
export function below(address: string, path: string): URL {
  const url = new URL(address)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/${path}`
  return url
}

export function loginHeaders(login: EngineLogin, secret: Secret | null): Record<string, string> {
  if (login.kind === 'basic') return basic(login.user, secret)
  return login.kind === 'bearer' && secret !== null ? { authorization: `Bearer ${secret.reveal()}` } : {}
}

const basic = (user: string, secret: Secret | null): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret?.reveal() ?? ''}`).toString('base64')}`
})

/**
 * taken · tooLarge: the same in smaller pieces · refused: these samples, whatever is done · blocked: any samples, until
 * the operator (or the engine's) mends it · later: it cannot at the moment.
 */
export type WriteOutcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'tooLarge' | 'refused' | 'blocked'; readonly error: AppError }
  | { readonly kind: 'later'; readonly error: AppError; readonly retryAfterMs: number | null }

export function outcomeOf(target: EngineTarget, answer: EngineAnswer, nowMs: number): WriteOutcome {
  const { status } = answer
  const fail = (code: ErrorCode, params: ErrorParams = {}): AppError =>
    answerError(code, target.url, answer, params)
  if (status === 413) return { kind: 'tooLarge', error: fail('engineRefused') }
  if (isTaken(target, answer)) return { kind: 'taken' }
  if (status === 401 || status === 403) return { kind: 'blocked', error: fail('engineLoginRefused') }
  if (status === 404 && /(database|bucket|organization)\b.*not found/i.test(wordsOf(answer))) {
    return { kind: 'blocked', error: fail('engineStoreMissing', { name: storeOf(target) }) }
  }
  if (status < 400 || [404, 405, 406, 415, 501].includes(status)) {
    return { kind: 'blocked', error: fail('engineNotThisKind') }
  }
  if (status === 408 || status === 429 || status >= 500) {
    return { kind: 'later', error: fail('engineBusy'), retryAfterMs: retryAfterMs(answer, nowMs) }
  }
  return { kind: 'refused', error: fail('engineRefused') }
}

/** A web server of some other kind is glad about any POST: what is no engine's answer does not count. */
function isTaken(target: EngineTarget, { status, headers }: EngineAnswer): boolean {
  if (status < 200 || status > 299) return false
  if (target.kind !== 'remoteWrite') return status === 204 || headers['x-influxdb-version'] !== undefined
  return !(headers['content-type'] ?? '').startsWith('text/html')
}

const storeOf = (target: EngineTarget): string =>
  target.kind === 'influx1' ? target.database : target.kind === 'influx2' ? target.bucket : ''

/** The wait that a Retry-After asks for (seconds, or a date), at most an hour; null without one. */
function retryAfterMs({ headers }: EngineAnswer, nowMs: number): number | null {
  const text = headers['retry-after']
  if (text === undefined) return null
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : Date.parse(text) - nowMs
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), 3_600_000) : null
}

/** An answer as an error: where, the status, and the engine's own words. */
export function answerError(
  code: ErrorCode,
  address: string,
  answer: EngineAnswer,
  params: ErrorParams = {}
): AppError {
  const { hostname, port, protocol } = new URL(address)
  return new AppError(code, {
    params: {
      host: hostname,
      port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
      service: 'engine',
      status: answer.status,
      text: wordsOf(answer),
      ...params
    },
    retryable: true
  })
}

const MAX_WORDS = 300

/** The engine's own words, short and printable; '' for a page of HTML. */
function wordsOf({ headers, body }: EngineAnswer): string {
  const text = Buffer.from(body.subarray(0, 4_096)).toString('utf8')
  let words = headers['x-influxdb-error'] ?? text
  if (/^\s*</.test(words)) return ''
  const json = /^\s*\{/.test(words) ? /"(?:error|message)"\s*:\s*"((?:[^"\\]|\\.)*)"/.exec(words) : null
  if (json?.[1] !== undefined) words = json[1].replace(/\\(.)/g, '$1')
  return words
    .replace(/\p{C}+/gu, ' ')
    .trim()
    .slice(0, MAX_WORDS)
}

/** From what sockets and ssh2 say to the closed list of errors. */
import { AppError, type ErrorCode, type ErrorParams } from '#contract/errors.ts'
import type { HostKeyFailure } from '../../application/servers/connection.ts'

/** Who is talked to. Names the host in every error. */
export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly user: string
}

const hostKeyFailures = new WeakMap<Error, HostKeyFailure>()

export function hostKeyError(
  code: 'hostKeyUnknown' | 'hostKeyChanged' | 'hostKeyRevoked',
  failure: HostKeyFailure
): AppError {
  const { host, port, type, fingerprint } = failure.shown
  const error = new AppError(code, { params: { host, port, type, fingerprint } })
  hostKeyFailures.set(error, failure)
  return error
}

export function hostKeyFailureOf(error: unknown): HostKeyFailure | null {
  return error instanceof Error ? (hostKeyFailures.get(error) ?? null) : null
}

/** Text of the other side, made short and printable for an error's params. */
export function remoteWords(text: unknown): string {
  const words = typeof text === 'string' ? text : text instanceof Error ? text.message : ''
  return words
    .slice(0, 1_000)
    .replace(/\p{C}+/gu, ' ')
    .slice(0, 200)
}

export const where = ({ host, port }: Pick<Endpoint, 'host' | 'port'>): ErrorParams => ({ host, port })

const SOCKET_CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'connectionRefused',
  ETIMEDOUT: 'connectTimeout',
  ENETUNREACH: 'networkUnreachable',
  EHOSTUNREACH: 'networkUnreachable',
  ENETDOWN: 'networkUnreachable',
  EHOSTDOWN: 'networkUnreachable',
  EADDRNOTAVAIL: 'networkUnreachable',
  EACCES: 'networkUnreachable',
  EPERM: 'networkUnreachable'
}

/** The failure of a TCP connection, before or after it stood. */
export function socketError(error: unknown, endpoint: Pick<Endpoint, 'host' | 'port'>): AppError {
  const name = codeOf(error)
  const code = SOCKET_CODES[name] ?? 'connectionClosed'
  return new AppError(code, { params: { ...where(endpoint), reason: name }, retryable: true, cause: error })
}

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : ''
}

const levelOf = (error: unknown): string => {
  const level = error instanceof Error && 'level' in error ? error.level : undefined
  return typeof level === 'string' ? level : ''
}

/** ssh2 marks what only one login method failed at with these levels; the attempt goes on. */
export const isMethodFailure = (error: unknown): boolean => levelOf(error) === 'agent'

const NO_LOGIN_LEFT = 'All configured authentication methods failed'
export const isNoLoginLeft = (error: unknown): boolean =>
  error instanceof Error && error.message === NO_LOGIN_LEFT

const NOT_SSH = /identification string|greeting lines|expected newline|Header line too long/
/** What sshd says instead of its identification when it drops a connection for the number or the address of those who knock. */
const TURNED_AWAY = /^(Exceeded MaxStartups|Not allowed at this time)/m
export const isTurnedAway = (greeting: string): boolean => TURNED_AWAY.test(greeting)
const DISCONNECT_NO_MORE_AUTH = 14
const TOO_MANY_TRIES = /too many authentication failures/i

/** What an `error` event of an ssh2 client means. `sawIdentification`: the other side has said `SSH-…`. */
export function clientError(
  error: unknown,
  endpoint: Endpoint,
  seen: {
    readonly identification: boolean
    readonly bytes: boolean
    readonly loggingIn: boolean
    /** What came before the identification, capped. */
    readonly greeting: string
  }
): AppError {
  const message = error instanceof Error ? error.message : ''
  const params: ErrorParams = { ...where(endpoint), reason: remoteWords(error) }
  const make = (code: ErrorCode, retryable: boolean): AppError =>
    new AppError(code, { params, retryable, cause: error })
  if (levelOf(error) === 'client-socket') return socketError(error, endpoint)
  if (isTurnedAway(seen.greeting)) return make('connectionClosed', true)
  if (NOT_SSH.test(message)) return make('notSsh', false)
  if (message.startsWith('Connection lost before handshake')) {
    return seen.bytes && !seen.identification ? make('notSsh', false) : make('connectionClosed', true)
  }
  if (message.startsWith('Handshake failed: no matching')) return make('algorithmMismatch', false)
  const reason = error instanceof Error && 'code' in error ? error.code : undefined
  if (typeof reason === 'number') {
    const refused = seen.loggingIn && (reason === DISCONNECT_NO_MORE_AUTH || TOO_MANY_TRIES.test(message))
    return refused ? loginRefused(endpoint, { reason: 'tooManyTries' }) : make('connectionClosed', true)
  }
  return make('protocolViolation', true)
}

export const loginRefused = (endpoint: Endpoint, params: ErrorParams = {}): AppError =>
  new AppError('loginRefused', { params: { ...where(endpoint), user: endpoint.user, ...params } })

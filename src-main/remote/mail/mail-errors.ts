/** From what sockets, TLS and mail servers say to the closed list of errors. */
import { AppError, type ErrorCode, type ErrorParams } from '#contract/errors.ts'
import type { MailTarget } from '../../application/alert-channels/mailer.ts'
import { remoteWords, socketError } from '../ssh/errors.ts'

export type MailStage = 'resolve' | 'connect' | 'tls' | 'smtp'

/** What nodemailer hangs on its errors; each may be absent. */
interface MailFailure {
  readonly code?: unknown
  readonly originalCode?: unknown
  readonly command?: unknown
  readonly response?: unknown
  readonly responseCode?: unknown
  readonly rejected?: unknown
}

const LATE = {
  resolve: 'addressTimeout',
  connect: 'connectTimeout',
  tls: 'deadlineExceeded',
  smtp: 'deadlineExceeded'
} as const satisfies Record<MailStage, ErrorCode>

const CERTIFICATE = /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED|HOSTNAME_MISMATCH|EPROTO$)/

export function mailError(
  error: unknown,
  { host, port, user, to }: MailTarget,
  seen: { readonly stage: MailStage; readonly late: boolean; readonly deadlineMs: number }
): AppError {
  const where: ErrorParams = { host, port, service: 'channel' }
  const make = (code: ErrorCode, retryable: boolean, params: ErrorParams = {}): AppError =>
    new AppError(code, { params: { ...where, ...params }, retryable, cause: error })
  if (seen.late) return make(LATE[seen.stage], true, { deadlineMs: seen.deadlineMs })
  if (error instanceof AppError) return make(error.code, true, error.params)
  const failure = factsOf(error)
  const code = socketCodeOf(failure)
  if (seen.stage === 'tls' || failure.code === 'ETLS' || CERTIFICATE.test(code))
    return make('tlsFailed', true, { reason: remoteWords(wordsOf(failure) || error) })
  const answer = typeof failure.responseCode === 'number' ? failure.responseCode : null
  if (answer !== null) return answered(answer, failure, { make, user, to })
  if (failure.code === 'EAUTH')
    return make('notifyLoginRefused', false, { user: user ?? '', reason: 'noLoginOffered' })
  if (failure.code === 'ETIMEDOUT') return make('deadlineExceeded', true, { deadlineMs: seen.deadlineMs })
  if (failure.code === 'EPROTOCOL') return make('notifyRefused', false, { reason: 'notSmtp' })
  const inside: unknown = error instanceof AggregateError ? error.errors[0] : error
  const reached = socketError(new CodedError(socketCodeOf(factsOf(inside))), { host, port })
  return make(reached.code, true)
}

interface Answered {
  readonly make: (code: ErrorCode, retryable: boolean, params?: ErrorParams) => AppError
  readonly user: string | null
  readonly to: readonly string[]
}

/** Authentication is required, or encryption for it. */
const LOGIN_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538])

/** The server answered, and not with yes. 4xx: later perhaps; 5xx: not as it is. */
function answered(status: number, failure: MailFailure, { make, user, to }: Answered): AppError {
  const params: ErrorParams = { status, text: remoteWords(wordsOf(failure)) }
  if (status < 500) return make('notifyBusy', true, params)
  if (failure.code === 'EAUTH' || LOGIN_CODES.has(status))
    return make('notifyLoginRefused', false, { ...params, user: user ?? '' })
  if (failure.command === 'RCPT TO') {
    const rejected = Array.isArray(failure.rejected) ? failure.rejected.map(String) : to
    return make('mailRelayDenied', false, { ...params, what: remoteWords(rejected.join(', ')) })
  }
  return make('notifyRefused', false, params)
}

const factsOf = (error: unknown): MailFailure => (typeof error === 'object' && error !== null ? error : {})

const wordsOf = ({ response }: MailFailure): string =>
  typeof response === 'string' ? response.replace(/\r?\n\d{3}[- ]/g, ' ').trim() : ''

/** What the socket or TLS said, below nodemailer's own code. */
function socketCodeOf({ originalCode, code }: MailFailure): string {
  if (typeof originalCode === 'string') return originalCode
  return typeof code === 'string' ? code : ''
}

class CodedError extends Error {
  readonly code: string
  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** Sends mail by a channel of kind e-mail; and keeps secrets out of what went wrong. */
import { AppError, type ErrorParams } from '#contract/errors.ts'
import type { Secret } from '../servers/connection.ts'
import type { Mail, Mailer, MailTarget } from './mailer.ts'

export interface MailRequest {
  readonly target: MailTarget
  readonly secret: Secret | null
  readonly mail: Mail
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/**
 * Resolves when the server took it; `failure`: some of the receivers were refused.
 * @throws AppError
 */
export async function mailTo(
  mailer: Mailer,
  { target, secret, mail, deadlineMs, signal }: MailRequest
): Promise<{ failure: AppError | null }> {
  const where: ErrorParams = { host: target.host, port: target.port, service: 'channel' }
  // No password goes over a connection that anybody could read.
  const logsIn = target.user !== null && target.security !== 'none'
  if (logsIn && secret === null)
    throw new AppError('passwordNeeded', { params: { ...where, user: target.user ?? '' } })
  const { refused } = await mailer.send(target, mail, {
    password: logsIn ? secret : null,
    deadlineMs,
    signal
  })
  if (refused.length === 0) return { failure: null }
  const params = { ...where, what: refused.join(', ').slice(0, 500) }
  return { failure: new AppError('mailRelayDenied', { params }) }
}

/** A server that answers with the very secret it was sent does not get it into an error or the log. */
export async function keepingSecret<T>(secret: Secret | null, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof AppError && secret !== null ? withoutSecret(error, secret) : error
  }
}

function withoutSecret(error: AppError, secret: Secret): AppError {
  const plain = secret.reveal()
  const forms = [plain, Buffer.from(plain).toString('base64')]
  const params = Object.fromEntries(
    Object.entries(error.params).map(([name, value]) => [
      name,
      typeof value === 'string' && forms.some((form) => value.includes(form)) ? '' : value
    ])
  )
  // Without its cause, which holds the same words.
  return new AppError(error.code, { params, retryable: error.retryable })
}

/**
 * E-mail by SMTP: one connection per message, within one deadline. nodemailer speaks the protocol; the connection is made here, so
 * that names go through the console's own resolver and every stage has an error of its own.
 */
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net'
import { connect as connectTls, getCACertificates, type TLSSocket } from 'node:tls'
import { createTransport } from 'nodemailer'
import { AppError } from '#contract/errors.ts'
import type { Mail, MailOptions, Mailer, MailTarget } from '../../application/alert-channels/mailer.ts'
import { createResolver, type AddressResolver } from '../ssh/resolver.ts'
import { mailError, type MailStage } from './mail-errors.ts'

/** The system's own authorities too: a private one stands there. Read once, and only when it is needed. */
let authorities: readonly string[] | null = null
const systemAuthorities = (): readonly string[] =>
  (authorities ??= [...getCACertificates('default'), ...getCACertificates('system')])

export interface MailerParts {
  readonly resolver?: AddressResolver
  /** Who is trusted (PEM); for tests. */
  readonly trusted?: () => readonly string[]
}

export function createMailer(parts: MailerParts = {}): Mailer {
  const wire: Wire = {
    resolver: parts.resolver ?? createResolver(),
    trusted: parts.trusted ?? systemAuthorities
  }
  return {
    async send(target, mail, options) {
      const late = AbortSignal.timeout(options.deadlineMs)
      const signal = AbortSignal.any([options.signal, late])
      const attempt = new Attempt(target, { ...options, signal }, wire)
      try {
        return { refused: await attempt.send(mail) }
      } catch (error) {
        if (options.signal.aborted) throw new AppError('cancelled', { cause: error })
        throw mailError(error, target, { stage: attempt.stage, late: late.aborted, ...options })
      } finally {
        attempt.end()
      }
    }
  }
}

type Wire = Required<MailerParts>

class Attempt {
  stage: MailStage = 'resolve'
  readonly #target: MailTarget
  readonly #options: MailOptions
  readonly #wire: Wire
  /** The one of TCP, and the one of TLS over it. */
  readonly #sockets: Socket[] = []

  constructor(target: MailTarget, options: MailOptions, wire: Wire) {
    this.#target = target
    this.#options = options
    this.#wire = wire
  }

  /** Resolves with the addresses that were refused. */
  async send({ subject, text, urgent, attachments = [] }: Mail): Promise<string[]> {
    const { host, port, security, user, from, to } = this.#target
    const { password, signal, deadlineMs } = this.#options
    const connection = await this.#connect()
    this.stage = 'smtp'
    const transport = createTransport({
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'startTls',
      ignoreTLS: security === 'none',
      tls: { ca: [...this.#wire.trusted()], ...serverName(host) },
      greetingTimeout: deadlineMs,
      socketTimeout: deadlineMs,
      getSocket: (_options, callback) =>
        callback(null, { connection, ...(security === 'tls' && { secured: true }) }),
      ...(user !== null && password !== null && { auth: { user, pass: password.reveal() }, forceAuth: true }),
      disableFileAccess: true,
      disableUrlAccess: true
    })
    const { rejected } = await transport.sendMail({
      from: { name: 'Virthelm', address: from },
      to: to.map((address) => ({ name: '', address })),
      subject,
      text,
      ...(urgent && { priority: 'high' as const }),
      // No vacation notice, no bounce loop.
      headers: { 'Auto-Submitted': 'auto-generated' },
      attachments: attachments.map(({ name, type, bytes }) => ({
        filename: name,
        contentType: type,
        content: Buffer.from(bytes)
      })),
      signal
    })
    return rejected
  }

  end(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async #connect(): Promise<Socket> {
    const { host, port, security } = this.#target
    const { signal, deadlineMs } = this.#options
    const addresses = await this.#wire.resolver.resolve(host, { signal, deadlineMs })
    this.stage = 'connect'
    const all = addresses.map((address) => ({ address, family: isIP(address) }))
    const lookup: LookupFunction = (_host, options, callback) => {
      if (options.all === true) callback(null, all)
      else callback(null, all[0]?.address ?? '', all[0]?.family)
    }
    const socket = connectTcp({ host, port, lookup, autoSelectFamily: true })
    this.#sockets.push(socket)
    await happened(socket, 'connect', signal)
    if (security !== 'tls') return socket
    this.stage = 'tls'
    const secured: TLSSocket = connectTls({ socket, ca: [...this.#wire.trusted()], ...serverName(host) })
    this.#sockets.push(secured)
    await happened(secured, 'secureConnect', signal)
    return secured
  }
}

/** An address is no name to ask a certificate for; it is checked against the certificate's addresses all the same. */
const serverName = (host: string): { servername?: string; host?: string } =>
  isIP(host) === 0 ? { servername: host } : { host }

function happened(socket: Socket, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (finish: () => void): void => {
      signal.removeEventListener('abort', onAbort)
      socket.off('close', onClose)
      finish()
    }
    const onAbort = (): void => {
      settle(() => reject(signal.reason as Error))
      socket.destroy()
    }
    const onClose = (): void => settle(() => reject(new Error('closed')))
    // Stays: a socket that was given up may still say why.
    socket.on('error', (error) => settle(() => reject(error)))
    socket.once('close', onClose)
    socket.once(event, () => settle(resolve))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
  })
}

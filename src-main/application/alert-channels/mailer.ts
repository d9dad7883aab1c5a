/** One e-mail by SMTP. Implemented by `remote/mail/smtp-mailer.ts`. */
import type { ChannelTarget } from '#contract/alert-channels.ts'
import type { Secret } from '../servers/connection.ts'

export type MailTarget = Extract<ChannelTarget, { kind: 'email' }>

export interface Mail {
  readonly subject: string
  readonly text: string
  readonly urgent: boolean
  readonly attachments?: readonly MailAttachment[]
}

export interface MailAttachment {
  readonly name: string
  /** Media type. */
  readonly type: string
  readonly bytes: Uint8Array
}

export interface MailOptions {
  /** null = nobody logs in. */
  readonly password: Secret | null
  /** For all of it, from the name to the last answer. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

export interface Mailer {
  /**
   * Resolves when the server took it, with the addresses it refused (never all of them). Throws AppError: what a connection
   * may fail by, tlsFailed, notifyLoginRefused, mailRelayDenied, notifyRefused, notifyBusy, deadlineExceeded, cancelled.
   */
  send(target: MailTarget, mail: Mail, options: MailOptions): Promise<{ refused: readonly string[] }>
}

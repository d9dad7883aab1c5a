/** Channels with everything around them as a test says: servers, mail, desktop, clock, disk; and a log that keeps all it is told. */
import { inspect } from 'node:util'
import { ChannelDraft, type ChannelTarget, type ChannelView } from '#contract/alert-channels.ts'
import type { Alert } from '#contract/alerts.ts'
import { AppError } from '#contract/errors.ts'
import type { AlertId, ChannelId } from '#contract/ids.ts'
import type { AlertChannels } from '../../src-main/application/alert-channels/alert-channels.ts'
import type { Mail, MailTarget } from '../../src-main/application/alert-channels/mailer.ts'
import {
  openAlertChannels,
  type OpenedChannels
} from '../../src-main/application/alert-channels/open-alert-channels.ts'
import type { EngineAnswer, EngineRequest } from '../../src-main/application/engines/http.ts'
import type { Log, SecretCipher } from '../../src-main/application/platform/platform.ts'
import { createSecret } from '../../src-main/remote/ssh/secret.ts'
import { FakeClock } from './engine-parts.ts'
import { alertOf, newsOf, overOf, TO_ALL } from './told-alerts.ts'

export const sealing: SecretCipher = {
  canKeep: true,
  backend: 'test',
  encrypt: async (plain) => new TextEncoder().encode(plain).map((byte) => byte ^ 0x55),
  decrypt: async (cipher) => new TextDecoder().decode(cipher.map((byte) => byte ^ 0x55))
}
const OK: EngineAnswer = { status: 200, headers: {}, body: new Uint8Array() }
export const status = (code: number, headers: Record<string, string> = {}): EngineAnswer => ({
  ...OK,
  status: code,
  headers
})

export class ChannelsWorld {
  readonly blobs = new Map<string, Uint8Array>()
  readonly clock = new FakeClock()
  /** All that was logged, with the messages of errors and of their causes. */
  readonly logged: string[] = []
  readonly lasting = new Map<AlertId, Alert>()
  readonly shown: { title: string; body: string; urgent: boolean }[] = []
  requests: EngineRequest[] = []
  readonly mails: { target: MailTarget; mail: Mail; password: string | undefined }[] = []
  /** What each server does; throwing is a connection that fails. */
  answer: (request: EngineRequest) => EngineAnswer | Promise<EngineAnswer> = () => OK
  sendMail: () => Promise<{ refused: string[] }> = async () => ({ refused: [] })
  cipher = sealing
  blobsFull = false
  writes = 0
  #opened: OpenedChannels | null = null

  get opened(): OpenedChannels {
    if (this.#opened === null) throw new Error('not open')
    return this.#opened
  }

  get channels(): AlertChannels {
    return this.opened.channels
  }

  async open(): Promise<void> {
    this.#opened = openAlertChannels(
      {
        storage: { blobs: this.#blobStore() },
        platform: {
          cipher: this.cipher,
          log: this.#log(),
          notifier: { show: (notification) => void this.shown.push(notification) }
        },
        engineHttp: {
          request: async (request) => {
            this.requests.push(request)
            return this.answer(request)
          },
          close: () => undefined
        },
        mailer: {
          send: async (target, mail, { password }) => {
            this.mails.push({ target, mail, password: password?.reveal() })
            return this.sendMail()
          }
        },
        clock: this.clock,
        random: () => 1,
        secretOf: createSecret
      },
      { zone: () => 'utc', lasting: () => this.lasting }
    )
    await this.channels.open()
  }

  async reopen(): Promise<void> {
    await this.channels.close()
    await this.open()
  }

  raise(number: number, telling = TO_ALL, alert = alertOf(number)): Promise<void> {
    this.lasting.set(alert.id, alert)
    return this.opened.teller.raised(newsOf('raised', alert, telling))
  }

  recover(number: number): Promise<void> {
    this.lasting.delete(alertOf(number).id)
    return this.opened.teller.recovered(newsOf('recovered', overOf(alertOf(number))))
  }

  viewOf(id: ChannelId): ChannelView | undefined {
    return this.channels.view().find((view) => view.id === id)
  }

  /** What servers got, in order. */
  bodies(): { title: string; alerts: { news: string }[] }[] {
    return this.requests.map(
      ({ body }) => JSON.parse(Buffer.from(body).toString()) as { title: string; alerts: { news: string }[] }
    )
  }

  told(): string[][] {
    return this.bodies().map(({ alerts }) => alerts.map(({ news }) => news))
  }

  #log(): Log {
    const note = (...parts: unknown[]): void => void this.logged.push(inspect(parts, { depth: 9 }))
    return {
      debug: note,
      info: note,
      warn: note,
      error: (...parts) => {
        note(...parts)
        return 'incident'
      }
    }
  }

  #blobStore(): Parameters<typeof openAlertChannels>[0]['storage']['blobs'] {
    return {
      get: async (name) => this.blobs.get(name) ?? null,
      set: async (name, value) => {
        this.writes++
        if (this.blobsFull) throw new AppError('diskFull')
        if (value === null) this.blobs.delete(name)
        else this.blobs.set(name, value)
      }
    }
  }
}

export const draft = (name: string, target: ChannelTarget, more: Partial<ChannelDraft> = {}): ChannelDraft =>
  ChannelDraft.parse({ name, target, gatherMs: 0, ...more })
export const hook = (more: Partial<ChannelDraft> = {}, url = 'https://hooks.lan/a'): ChannelDraft =>
  draft('Hook', { kind: 'webhook', url }, more)
export const ntfy = (server = 'https://ntfy.lan'): ChannelTarget => ({ kind: 'ntfy', server, topic: 'ops' })
export const email = (more: Partial<MailTarget> = {}): MailTarget => ({
  kind: 'email',
  host: 'mail.lan',
  port: 587,
  security: 'startTls',
  user: 'me',
  from: 'a@example.org',
  to: ['b@example.org'],
  ...more
})

/** The operator's channels: their list, their secrets, a sender each; and the teller that hands them news of alerts. */
import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { ChannelDraft, MAX_CHANNELS, type ChannelTarget, type ChannelView } from '#contract/alert-channels.ts'
import type { RuleTelling } from '#contract/alert-rules.ts'
import { AppError } from '#contract/errors.ts'
import { ChannelId } from '#contract/ids.ts'
import { createTopic } from '../streams.ts'
import { ChannelSender, type SenderDeps, type SenderSetup } from './channel-sender.ts'
import type { ChannelVault } from './channel-vault.ts'
import { deliver } from './delivery.ts'
import { keepingSecret, mailTo } from './mail-delivery.ts'
import type { Mail } from './mailer.ts'
import type { IncomingNews, NewsKind } from './outbox.ts'
import { safeText } from './safe-text.ts'

export interface AlertChannelsDeps extends Omit<SenderDeps, 'onChange' | 'networkLost'> {
  readonly vault: ChannelVault
}

/** With attachments, over a slow line. */
const LARGE_MAIL_DEADLINE_MS = 180_000
const MAX_SUBJECT = 200
export const CHANNELS_BLOB = 'alert-channels'
/** The desktop's own: always there, once. */
export const DESKTOP_CHANNEL = '5f0c7d1e-0000-4000-8000-00000000de5c' as ChannelId
export const DESKTOP = ChannelDraft.parse({ name: 'Desktop', target: { kind: 'desktop' } })

export const KeptChannels = z.object({
  channels: z.array(z.object({ channelId: ChannelId, draft: ChannelDraft })).max(MAX_CHANNELS)
})
type Kept = z.infer<typeof KeptChannels>['channels'][number]

interface Channel {
  readonly channelId: ChannelId
  draft: ChannelDraft
  readonly sender: ChannelSender
}

/** `undefined` = as it is, null = none. */
export type GivenSecret = string | null | undefined

export class AlertChannels {
  readonly #deps: AlertChannelsDeps
  readonly #senderDeps: SenderDeps
  readonly #channels = new Map<ChannelId, Channel>()
  readonly #changed = createTopic<null>(null)
  #networkLost = false
  /** One change of the list at a time: each is written whole. */
  #last: Promise<unknown> = Promise.resolve()

  constructor(deps: AlertChannelsDeps) {
    this.#deps = deps
    this.#senderDeps = {
      ...deps,
      networkLost: () => this.#networkLost,
      onChange: () => this.#changed.publish(null)
    }
  }

  /** Reads the list, and goes on with what an earlier run left. */
  async open(): Promise<void> {
    await Promise.all(
      (await this.#listOrDesktop()).map(async ({ channelId, draft }) => {
        await this.#loadSecret(channelId)
        this.#channels.set(channelId, this.#made(channelId, draft))
      })
    )
    await Promise.all([...this.#channels.values()].map(({ sender }) => sender.open()))
  }

  async close(): Promise<void> {
    await Promise.all([...this.#channels.values()].map(({ sender }) => sender.close()))
  }

  /**
   * Hands news to each channel that it concerns; its end to all, for each knows what it told. Resolves when they keep it; one that
   * cannot does not stop the others, and the news is given again.
   */
  async tell(kind: NewsKind, news: IncomingNews & { readonly telling: RuleTelling }): Promise<void> {
    const { channels } = news.telling
    const concerned = [...this.#channels.values()].filter(
      ({ channelId }) => kind === 'recovered' || channels === 'all' || channels.includes(channelId)
    )
    const results = await Promise.allSettled(concerned.map(({ sender }) => sender.take(kind, news)))
    for (const result of results) if (result.status === 'rejected') throw result.reason
  }

  /** This computer's own network is gone, or back: then what failed meanwhile is tried at once. */
  setNetworkLost(lost: boolean): void {
    if (lost === this.#networkLost) return
    this.#networkLost = lost
    for (const { sender } of this.#channels.values()) {
      if (lost) sender.wake()
      else sender.retryNow()
    }
  }

  view(): ChannelView[] {
    return [...this.#channels.values()].map(({ channelId, draft, sender }) => ({
      id: channelId,
      channel: draft,
      secretKept: this.#deps.vault.find(channelId, draft.target) !== null,
      ...sender.status()
    }))
  }

  /** A word whenever the view may have changed, the first at once. */
  changes(signal: AbortSignal): AsyncIterable<null> {
    return this.#changed.latest(signal)
  }

  /** Throws conflict, notFound, refused. */
  save(channelId: ChannelId | null, draft: ChannelDraft, secret: GivenSecret): Promise<ChannelId> {
    return this.#inTurn(async () => {
      const found = channelId === null ? null : this.#get(channelId)
      const id = found?.channelId ?? (randomUUID() as ChannelId)
      this.#assertMayBe(id, draft, found === null)
      await this.#writeList(
        found === null
          ? [...this.#kept(), { channelId: id, draft }]
          : this.#kept().map((kept) => (kept.channelId === id ? { channelId: id, draft } : kept))
      )
      if (secret === null) await this.#deps.vault.forget(id)
      else if (secret !== undefined) await this.#deps.vault.set(id, draft.target, secret)
      if (found === null) {
        const made = this.#made(id, draft)
        this.#channels.set(id, made)
        await made.sender.open()
      } else {
        found.draft = draft
        await found.sender.change(this.#setupOf(id, draft))
      }
      this.#changed.publish(null)
      return id
    })
  }

  /** With what waits and its secret. Throws notFound, and refused for the desktop's. */
  remove(channelId: ChannelId): Promise<void> {
    return this.#inTurn(async () => {
      const { sender } = this.#get(channelId)
      if (channelId === DESKTOP_CHANNEL) throw new AppError('refused', { params: { what: 'desktopChannel' } })
      await this.#writeList(this.#kept().filter((kept) => kept.channelId !== channelId))
      this.#channels.delete(channelId)
      this.#changed.publish(null)
      await sender.close()
      await sender.forget()
      await this.#deps.vault.forget(channelId)
    })
  }

  /**
   * Has the list written past this, and takes it up: nothing else writes it meanwhile. Secrets are held by then. Rejects as `write`
   * does, and then nothing has changed.
   */
  reloadAfter(write: () => Promise<void>): Promise<void> {
    return this.#inTurn(async () => {
      await write()
      const kept = new Map((await this.#listOrDesktop()).map(({ channelId, draft }) => [channelId, draft]))
      for (const { channelId, sender } of [...this.#channels.values()]) {
        if (kept.has(channelId)) continue
        this.#channels.delete(channelId)
        await sender.close()
        await sender.forget()
        await this.#deps.vault.forget(channelId)
      }
      for (const [channelId, draft] of kept) {
        const known = this.#channels.get(channelId)
        if (known !== undefined) {
          known.draft = draft
          await known.sender.change(this.#setupOf(channelId, draft))
          continue
        }
        const made = this.#made(channelId, draft)
        this.#channels.set(channelId, made)
        await made.sender.open()
      }
      this.#changed.publish(null)
    })
  }

  /** Sends now, past queue and limit. Throws why it could not. Resolves with the time it took. */
  async test(
    given: {
      readonly channelId: ChannelId | null
      readonly draft: ChannelDraft
      readonly secret: GivenSecret
    },
    signal: AbortSignal
  ): Promise<number> {
    const { clock, vault, zone } = this.#deps
    const { draft, channelId } = given
    assertNoLogin(draft)
    const startedMs = clock.monotonicMs()
    const { failure } = await deliver(
      {
        target: draft.target,
        secret: vault.given(channelId, draft.target, given.secret),
        message: {
          kind: 'test',
          sentAtMs: clock.nowMs(),
          channel: draft.name,
          zone: zone(),
          told: [],
          heldBack: false,
          dropped: 0
        },
        signal
      },
      this.#deps
    )
    if (failure !== null) throw failure
    return clock.monotonicMs() - startedMs
  }

  /** Channels of kind e-mail, for mail that is no alert (reports). Also those that tell no alerts. */
  mailboxes(): { readonly id: ChannelId; readonly name: string }[] {
    return [...this.#channels.values()]
      .filter(({ draft }) => draft.target.kind === 'email')
      .map(({ channelId, draft }) => ({ id: channelId, name: draft.name }))
  }

  /** Sends a mail now. Throws notFound, and why it could not be sent, or not to all. */
  async sendMail(channelId: ChannelId, mail: Omit<Mail, 'urgent'>, signal: AbortSignal): Promise<void> {
    const { target } = this.#get(channelId).draft
    if (target.kind !== 'email') throw new AppError('notFound', { params: { what: 'channel' } })
    const { mailer, vault } = this.#deps
    const secret = vault.find(channelId, target)
    const request = {
      target,
      secret,
      mail: { ...mail, subject: safeText(mail.subject, MAX_SUBJECT), urgent: false },
      deadlineMs: LARGE_MAIL_DEADLINE_MS,
      signal
    }
    const { failure } = await keepingSecret(secret, () => mailTo(mailer, request))
    if (failure !== null) throw failure
  }

  #made(channelId: ChannelId, draft: ChannelDraft): Channel {
    return { channelId, draft, sender: new ChannelSender(this.#setupOf(channelId, draft), this.#senderDeps) }
  }

  #setupOf(channelId: ChannelId, draft: ChannelDraft): SenderSetup {
    return { channelId, draft, secret: this.#deps.vault.find(channelId, draft.target) }
  }

  /** A secret that cannot be read must not keep the console from starting: it is asked for again. */
  async #loadSecret(channelId: ChannelId): Promise<void> {
    try {
      await this.#deps.vault.load(channelId)
    } catch (cause) {
      this.#deps.log.error('channels.secretUnreadable', cause, { channelId })
    }
  }

  #get(channelId: ChannelId): Channel {
    const channel = this.#channels.get(channelId)
    if (!channel) throw new AppError('notFound', { params: { what: 'channel' } })
    return channel
  }

  #assertMayBe(id: ChannelId, draft: ChannelDraft, isNew: boolean): void {
    if ((draft.target.kind === 'desktop') !== (id === DESKTOP_CHANNEL))
      throw new AppError('refused', { params: { what: 'desktopChannel' } })
    assertNoLogin(draft)
    for (const other of this.#channels.values()) {
      if (other.channelId === id || other.draft.name.toLowerCase() !== draft.name.toLowerCase()) continue
      throw new AppError('conflict', { params: { what: 'channelName', name: draft.name } })
    }
    if (isNew && this.#channels.size >= MAX_CHANNELS)
      throw new AppError('conflict', { params: { what: 'tooManyChannels' } })
  }

  #kept(): Kept[] {
    return [...this.#channels.values()].map(({ channelId, draft }) => ({ channelId, draft }))
  }

  async #listOrDesktop(): Promise<Kept[]> {
    const kept = await this.#readList()
    const desktop = { channelId: DESKTOP_CHANNEL, draft: DESKTOP }
    return kept.some(({ channelId }) => channelId === DESKTOP_CHANNEL) ? kept : [desktop, ...kept]
  }

  async #readList(): Promise<Kept[]> {
    const blob = await this.#deps.blobs.get(CHANNELS_BLOB)
    if (blob === null) return []
    try {
      return KeptChannels.parse(JSON.parse(new TextDecoder().decode(blob))).channels
    } catch (cause) {
      // Of a newer console, or damaged: it is left alone until the operator saves a channel.
      this.#deps.log.error('channels.listUnreadable', cause)
      return []
    }
  }

  async #writeList(channels: Kept[]): Promise<void> {
    await this.#deps.blobs.set(CHANNELS_BLOB, new TextEncoder().encode(JSON.stringify({ channels })))
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    // The failure belongs to who asked; the next in turn only waits.
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

/** A password in an address would be shown again, and stand in a list that is not sealed. */
export function loginIn(target: ChannelTarget): boolean {
  const address = target.kind === 'webhook' ? target.url : target.kind === 'ntfy' ? target.server : null
  if (address === null) return false
  const { username, password } = new URL(address)
  return username !== '' || password !== ''
}

function assertNoLogin({ target }: ChannelDraft): void {
  if (loginIn(target)) throw new AppError('refused', { params: { what: 'loginInAddress' } })
}

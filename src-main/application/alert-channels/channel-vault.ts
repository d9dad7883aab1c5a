/**
 * Passwords, tokens and signing keys of channels. One is good for the destination it was given for only: who can change an
 * address, or take the encryption off, must not be able to have a secret sent there.
 */
import type { ChannelTarget } from '#contract/alert-channels.ts'
import type { ChannelId } from '#contract/ids.ts'
import { z } from 'zod'
import type { KeptSecret, SealedTexts } from '../sealed-texts.ts'
import type { Secret } from '../servers/connection.ts'

interface Entry {
  readonly secret: Secret
  readonly destination: string
}

const Sealed = z.object({ destination: z.string(), secret: z.string() })
const blobName = (channelId: ChannelId): string => `alert-channel-secret:${channelId}`

/** How a secret of a channel is kept, before it is sealed. */
export const keptChannelSecret = (
  channelId: ChannelId,
  target: ChannelTarget,
  secret: string
): KeptSecret => ({
  name: blobName(channelId),
  plain: JSON.stringify({ destination: destinationOf(target), secret })
})

/** What a secret is bound to. */
export function destinationOf(target: ChannelTarget): string {
  switch (target.kind) {
    case 'desktop':
      return 'desktop'
    case 'webhook':
      return `webhook ${new URL(target.url).origin}`
    case 'ntfy':
      return `ntfy ${new URL(target.server).origin}`
    case 'email':
      return `email ${target.host.toLowerCase()} ${String(target.port)} ${target.security} ${target.user ?? ''}`
  }
}

export class ChannelVault {
  readonly #entries = new Map<ChannelId, Entry>()
  readonly #sealed: SealedTexts
  readonly #secretOf: (text: string) => Secret

  constructor(deps: { readonly sealed: SealedTexts; readonly secretOf: (text: string) => Secret }) {
    this.#sealed = deps.sealed
    this.#secretOf = deps.secretOf
  }

  get canKeep(): boolean {
    return this.#sealed.canKeep
  }

  async load(channelId: ChannelId): Promise<void> {
    const plain = await this.#sealed.read(blobName(channelId))
    if (plain === null) return
    const { destination, secret } = Sealed.parse(JSON.parse(plain))
    this.#entries.set(channelId, { destination, secret: this.#secretOf(secret) })
  }

  /** What is held for this target, or null. */
  find(channelId: ChannelId, target: ChannelTarget): Secret | null {
    const entry = this.#entries.get(channelId)
    return entry?.destination === destinationOf(target) ? entry.secret : null
  }

  /** For a test: `text` undefined = the one held, null = none. */
  given(channelId: ChannelId | null, target: ChannelTarget, text: string | null | undefined): Secret | null {
    if (typeof text === 'string') return this.#secretOf(text)
    return text === null || channelId === null ? null : this.find(channelId, target)
  }

  /** Kept in memory only where the platform cannot cipher. */
  async set(channelId: ChannelId, target: ChannelTarget, text: string): Promise<void> {
    if (this.canKeep) await this.#sealed.write(keptChannelSecret(channelId, target, text))
    this.hold(channelId, target, text)
  }

  /** In memory only: it was kept past this, or cannot be. */
  hold(channelId: ChannelId, target: ChannelTarget, text: string): void {
    this.#entries.set(channelId, { destination: destinationOf(target), secret: this.#secretOf(text) })
  }

  async forget(channelId: ChannelId): Promise<void> {
    this.#entries.delete(channelId)
    await this.#sealed.remove(blobName(channelId))
  }
}

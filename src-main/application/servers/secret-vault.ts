/** Passwords and passphrases by server. In memory; kept for the next start only where the platform can cipher them. */
import type { ServerId } from '#contract/ids.ts'
import type { ServerSecrets } from '#contract/servers.ts'
import type { SecretCipher } from '../platform/platform.ts'
import { SealedTexts, type KeptSecret } from '../sealed-texts.ts'
import type { BlobStore } from '../storage.ts'
import type { Secret } from './connection.ts'

export interface HeldSecrets {
  readonly password: Secret | null
  readonly passphrase: Secret | null
}

interface Entry extends HeldSecrets {
  readonly kept: boolean
}

const NOTHING: Entry = { password: null, passphrase: null, kept: false }
const blobName = (serverId: ServerId): string => `secret:${serverId}`

/** How the secrets of a server are kept, before they are sealed. */
export const keptServerSecrets = (serverId: ServerId, { password, passphrase }: HeldSecrets): KeptSecret => ({
  name: blobName(serverId),
  plain: JSON.stringify({ password: password?.reveal(), passphrase: passphrase?.reveal() })
})

export class SecretVault {
  readonly #entries = new Map<ServerId, Entry>()
  readonly #sealed: SealedTexts
  readonly #secretOf: (text: string) => Secret

  constructor(deps: { cipher: SecretCipher; blobs: BlobStore; secretOf: (text: string) => Secret }) {
    this.#sealed = new SealedTexts(deps)
    this.#secretOf = deps.secretOf
  }

  /** Reads what was kept. What cannot be deciphered any more is left alone and asked for again. */
  async load(serverId: ServerId): Promise<void> {
    const plain = await this.#sealed.read(blobName(serverId))
    if (plain === null) return
    const { password, passphrase } = JSON.parse(plain) as { password?: string; passphrase?: string }
    this.#entries.set(serverId, {
      password: this.#wrap(password),
      passphrase: this.#wrap(passphrase),
      kept: true
    })
  }

  get(serverId: ServerId): HeldSecrets {
    return this.#entries.get(serverId) ?? NOTHING
  }

  isKept(serverId: ServerId): boolean {
    return this.#entries.get(serverId)?.kept ?? false
  }

  /** The secrets of a draft over those already held. */
  merged(serverId: ServerId | undefined, given: ServerSecrets | undefined): HeldSecrets {
    const held = serverId ? this.get(serverId) : NOTHING
    return {
      password: this.#wrap(given?.password) ?? held.password,
      passphrase: this.#wrap(given?.passphrase) ?? held.passphrase
    }
  }

  /** Fields that are not given stay as they were. */
  async set(serverId: ServerId, given: ServerSecrets): Promise<void> {
    const next = this.merged(serverId, given)
    const keep = given.remember && this.#sealed.canKeep
    this.#entries.set(serverId, { ...next, kept: keep })
    if (!keep) {
      await this.#sealed.remove(blobName(serverId))
      return
    }
    await this.#sealed.write(keptServerSecrets(serverId, next))
  }

  /** In memory only: they were kept past this (`kept`), or cannot be. null = there are none any more. */
  hold(serverId: ServerId, secrets: HeldSecrets | null, kept: boolean): void {
    if (secrets === null) this.#entries.delete(serverId)
    else this.#entries.set(serverId, { ...secrets, kept })
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#entries.delete(serverId)
    await this.#sealed.remove(blobName(serverId))
  }

  #wrap(text: string | undefined): Secret | null {
    return text === undefined ? null : this.#secretOf(text)
  }
}

/**
 * Passwords and tokens of outside engines. One is good for the origin (scheme, host, port) it was given for only: who
 * can change an address must not be able to have a secret sent there.
 */
import type { EngineLogin, EngineTarget } from '#contract/engines.ts'
import type { KeptSecret, SealedTexts } from '../sealed-texts.ts'
import type { Secret } from '../servers/connection.ts'

export type SecretState = 'none' | 'kept' | 'memory' | 'missing'

interface Entry {
  readonly secret: Secret
  readonly origin: string
  readonly kept: boolean
}

const blobName = (owner: string): string => `engine-secret:${owner}`
/** What a secret is bound to. */
export const originOf = (url: string): string => new URL(url).origin

/** How a secret of an engine is kept, before it is sealed. */
export const keptEngineSecret = (owner: string, url: string, secret: string): KeptSecret => ({
  name: blobName(owner),
  plain: JSON.stringify({ origin: originOf(url), secret })
})

/** Whether there is anything to log in with. */
export function needsSecret(
  access: EngineTarget | { readonly kind?: undefined; readonly login: EngineLogin }
): boolean {
  if (access.kind === 'influx1') return access.user !== ''
  return access.kind === 'influx2' || access.login.kind !== 'none'
}

export class EngineVault {
  readonly #entries = new Map<string, Entry>()
  readonly #sealed: SealedTexts
  readonly #secretOf: (text: string) => Secret

  constructor(deps: { readonly sealed: SealedTexts; readonly secretOf: (text: string) => Secret }) {
    this.#sealed = deps.sealed
    this.#secretOf = deps.secretOf
  }

  /** @param owner an engine's id, or `reading` */
  async load(owner: string): Promise<void> {
    const plain = await this.#sealed.read(blobName(owner))
    if (plain === null) return
    const { origin, secret } = JSON.parse(plain) as { origin: string; secret: string }
    this.#entries.set(owner, { origin, secret: this.#secretOf(secret), kept: true })
  }

  /** What is held for this address, or null. */
  find(owner: string, url: string): Secret | null {
    const entry = this.#entries.get(owner)
    return entry?.origin === originOf(url) ? entry.secret : null
  }

  /** A secret just given, else the one held; for a test. */
  given(owner: string | null, url: string, text: string | null): Secret | null {
    if (text !== null) return this.#secretOf(text)
    return owner === null ? null : this.find(owner, url)
  }

  stateOf(owner: string, url: string, needed: boolean): SecretState {
    if (!needed) return 'none'
    if (this.find(owner, url) === null) return 'missing'
    return this.#entries.get(owner)?.kept === true ? 'kept' : 'memory'
  }

  async set(owner: string, url: string, text: string): Promise<void> {
    if (this.#sealed.canKeep) await this.#sealed.write(keptEngineSecret(owner, url, text))
    this.hold(owner, url, text)
  }

  /** In memory only: it was kept past this where it can be. */
  hold(owner: string, url: string, text: string): void {
    this.#entries.set(owner, {
      origin: originOf(url),
      secret: this.#secretOf(text),
      kept: this.#sealed.canKeep
    })
  }

  async forget(owner: string): Promise<void> {
    this.#entries.delete(owner)
    await this.#sealed.remove(blobName(owner))
  }
}

/** Secrets as ciphertexts among the blobs: written only where the platform can cipher them, never as plain text. */
import type { SecretCipher } from './platform/platform.ts'
import type { BlobStore } from './storage.ts'

/** A secret and the name under which it is kept. `plain` is in no log. */
export interface KeptSecret {
  readonly name: string
  readonly plain: string
}

interface KeptForm {
  backend: string
  cipher: string
}

export class SealedTexts {
  readonly #cipher: SecretCipher
  readonly #blobs: BlobStore

  constructor(deps: { readonly cipher: SecretCipher; readonly blobs: BlobStore }) {
    this.#cipher = deps.cipher
    this.#blobs = deps.blobs
  }

  get canKeep(): boolean {
    return this.#cipher.canKeep
  }

  /** null when there is none, or it cannot be deciphered any more (it is left alone then, and asked for again). */
  async read(name: string): Promise<string | null> {
    const blob = await this.#blobs.get(name)
    if (!blob) return null
    const form = JSON.parse(new TextDecoder().decode(blob)) as KeptForm
    return this.#cipher.decrypt(Buffer.from(form.cipher, 'base64'), form.backend)
  }

  async write({ name, plain }: KeptSecret): Promise<void> {
    await this.#blobs.set(name, await this.seal(plain))
  }

  /** As it is kept, for whoever writes it with other things in one transaction. */
  async seal(plain: string): Promise<Uint8Array> {
    const cipher = Buffer.from(await this.#cipher.encrypt(plain)).toString('base64')
    const form: KeptForm = { backend: this.#cipher.backend, cipher }
    return new TextEncoder().encode(JSON.stringify(form))
  }

  async remove(name: string): Promise<void> {
    await this.#blobs.set(name, null)
  }
}

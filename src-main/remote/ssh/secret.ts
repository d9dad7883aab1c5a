import { inspect } from 'node:util'
import type { Secret } from '../../application/servers/connection.ts'

const REDACTED = '[redacted]'

/** Keeps the text in a private field, which no serialiser, logger or inspector reaches. */
class HiddenText implements Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  reveal(): string {
    return this.#text
  }

  toString(): string {
    return REDACTED
  }

  toJSON(): string {
    return REDACTED
  }

  [Symbol.toPrimitive](): string {
    return REDACTED
  }

  [inspect.custom](): string {
    return REDACTED
  }
}

/** Wraps a password or passphrase so that it prints as [redacted] wherever it would leak. */
export const createSecret = (text: string): Secret => new HiddenText(text)

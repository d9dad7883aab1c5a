/**
 * Password hashes for /etc/shadow, made in the console: "$6$salt$hash" after Ulrich Drepper's "Unix crypt using SHA-256 and
 * SHA-512" (the steps are numbered as there). The password itself goes nowhere.
 */
import { createHash, randomBytes } from 'node:crypto'

/** What crypt(3) takes when no number is written. */
const ROUNDS = 5_000
const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const SALT_CHARS = 16

/** @param salt at most 16 characters of crypt's alphabet; random when absent */
export function sha512Crypt(password: string, salt = randomSalt()): string {
  const key = Buffer.from(password)
  const saltBytes = Buffer.from(salt)
  const digest = sha512(...firstInput(key, saltBytes))
  // 13–20: the password and the salt, each drawn out to its own length from a digest of itself.
  const keyPart = drawnOut(sha512(...Array<Buffer>(key.length).fill(key)), key.length)
  const saltPart = drawnOut(sha512(...Array<Buffer>(16 + (digest[0] ?? 0)).fill(saltBytes)), saltBytes.length)
  let round = digest
  for (let number = 0; number < ROUNDS; number++) {
    // 21: in each round another mixture.
    const isOdd = number % 2 === 1
    round = sha512(
      isOdd ? keyPart : round,
      number % 3 === 0 ? NOTHING : saltPart,
      number % 7 === 0 ? NOTHING : keyPart,
      isOdd ? round : keyPart
    )
  }
  return `$6$${salt}$${encoded(round)}`
}

const NOTHING = Buffer.alloc(0)

function sha512(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha512')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/** 1–12. */
function firstInput(key: Buffer, salt: Buffer): Buffer[] {
  const other = sha512(key, salt, key)
  const parts = [key, salt, drawnOut(other, key.length)]
  for (let bits = key.length; bits > 0; bits >>= 1) parts.push((bits & 1) === 1 ? other : key)
  return parts
}

const drawnOut = (digest: Buffer, length: number): Buffer => Buffer.alloc(length, digest)

/** 22: three bytes become four characters, in an order of its own. */
function encoded(digest: Buffer): string {
  let text = ''
  let [a, b, c] = [0, 21, 42]
  for (let group = 0; group < 21; group++) {
    text += characters(((digest[a] ?? 0) << 16) | ((digest[b] ?? 0) << 8) | (digest[c] ?? 0), 4)
    ;[a, b, c] = [b + 1, c + 1, a + 1]
  }
  return text + characters(digest[63] ?? 0, 2)
}

function characters(value: number, count: number): string {
  let text = ''
  for (let rest = value; text.length < count; rest >>= 6) text += ALPHABET.charAt(rest & 63)
  return text
}

const randomSalt = (): string =>
  [...randomBytes(SALT_CHARS)].map((byte) => ALPHABET.charAt(byte & 63)).join('')

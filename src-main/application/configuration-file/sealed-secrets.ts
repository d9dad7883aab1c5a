/**
 * Secrets under a passphrase: scrypt makes the key, AES-256-GCM seals, and what else stands in the file is bound to it. Nothing of
 * the passphrase stays anywhere.
 */
import { createCipheriv, createDecipheriv, randomBytes, scrypt } from 'node:crypto'
import { z } from 'zod'
import { AppError } from '#contract/errors.ts'
import { PortableSecrets } from './configuration.ts'

const LEAST_COST = 2 ** 17
/** 256 MiB: what a hostile file may make this computer take, and half a second or so. */
const MOST_COST = 2 ** 18
const BLOCK_SIZE = 8
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const SALT_BYTES = 32

const base64Of = (leastBytes: number, mostBytes: number): z.ZodType<string> =>
  z
    .string()
    .max(Math.ceil(mostBytes / 3) * 4)
    .refine((text) => {
      const bytes = Buffer.from(text, 'base64')
      return bytes.toString('base64') === text && bytes.length >= leastBytes && bytes.length <= mostBytes
    })

/** As it stands in the file. Parameters outside of these bounds are refused before anything is computed with them. */
export const SealedSecrets = z.object({
  kdf: z.object({
    name: z.literal('scrypt'),
    cost: z
      .int()
      .min(LEAST_COST)
      .max(MOST_COST)
      .refine((cost) => Number.isInteger(Math.log2(cost))),
    blockSize: z.literal(BLOCK_SIZE),
    parallelization: z.literal(1),
    salt: base64Of(16, 64)
  }),
  cipher: z.literal('aes-256-gcm'),
  nonce: base64Of(NONCE_BYTES, NONCE_BYTES),
  tag: base64Of(TAG_BYTES, TAG_BYTES),
  /** Base64. */
  sealed: z.string().max(8 * 1024 * 1024)
})
export type SealedSecrets = z.infer<typeof SealedSecrets>

type Kdf = SealedSecrets['kdf']

/** One at a time: each takes 128 MiB or more. */
let deriving: Promise<unknown> = Promise.resolve()

function keyOf(passphrase: string, { cost, salt }: Kdf): Promise<Buffer> {
  const derive = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      const options = { N: cost, r: BLOCK_SIZE, p: 1, maxmem: 2 * 128 * BLOCK_SIZE * cost }
      // However its letters are composed: another keyboard must give the same key.
      const text = passphrase.normalize('NFC')
      scrypt(text, Buffer.from(salt, 'base64'), KEY_BYTES, options, (error, key) =>
        error === null ? resolve(key) : reject(error)
      )
    })
  const mine = deriving.then(derive, derive)
  // Its failure is for who asked; the next one only waits for its end.
  deriving = mine.catch(() => undefined)
  return mine
}

/** @param boundTo opened only beside the same text */
export async function sealSecrets(
  secrets: PortableSecrets,
  passphrase: string,
  boundTo: string
): Promise<SealedSecrets> {
  const kdf: Kdf = {
    name: 'scrypt',
    cost: LEAST_COST,
    blockSize: BLOCK_SIZE,
    parallelization: 1,
    salt: randomBytes(SALT_BYTES).toString('base64')
  }
  const nonce = randomBytes(NONCE_BYTES)
  const key = await keyOf(passphrase, kdf)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(additional(kdf, boundTo))
  const sealed = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()])
  key.fill(0)
  return {
    kdf,
    cipher: 'aes-256-gcm',
    nonce: nonce.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    sealed: sealed.toString('base64')
  }
}

/** Throws configurationFilePassphrase: not this passphrase, or the file beside it is not the one it was sealed with. */
export async function openSecrets(
  { kdf, nonce, tag, sealed }: SealedSecrets,
  passphrase: string,
  boundTo: string
): Promise<PortableSecrets> {
  const key = await keyOf(passphrase, kdf)
  const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), {
    authTagLength: TAG_BYTES
  })
    .setAAD(additional(kdf, boundTo))
    .setAuthTag(Buffer.from(tag, 'base64'))
  try {
    const plain = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()])
    return PortableSecrets.parse(JSON.parse(plain.toString('utf8')))
  } catch {
    // Its cause is not passed on: it might quote what was opened.
    throw new AppError('configurationFilePassphrase')
  } finally {
    key.fill(0)
  }
}

const additional = (kdf: Kdf, boundTo: string): Buffer =>
  Buffer.from(JSON.stringify(['virthelm configuration secrets', 1, kdf, boundTo]))

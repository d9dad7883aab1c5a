/**
 * The browser mode's secret store, where the operator names a key file (`--secret-key-file`): AES-256-GCM with the key
 * in that file. Whoever can read both the file and the data folder can read the secrets; so the file should be on a
 * medium of its own, and is refused when others may read it.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import { AppError } from '#contract/errors.ts'
import type { SecretCipher } from '../application/platform/platform.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 1
const PURPOSE = Buffer.from('virthelm secret v1')

/**
 * Makes the file (0600) when there is none. Throws AppError secretsUnavailable with the path and a reason:
 * notAFile, readableByOthers, foreignOwner, notAKey, notReadable.
 */
export async function openKeyFileCipher(path: string): Promise<SecretCipher> {
  const key = await readOrMakeKey(path)
  return {
    canKeep: true,
    backend: 'key-file',
    async encrypt(plain) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(PURPOSE)
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), text])
    },
    async decrypt(cipher, backend) {
      return backend === 'key-file' ? decrypted(Buffer.from(cipher), key) : null
    }
  }
}

/** null for another key's ciphertext, and for anything that was changed. */
function decrypted(cipher: Buffer, key: Buffer): string | null {
  const head = 1 + NONCE_BYTES + TAG_BYTES
  if (cipher.byteLength < head || cipher[0] !== VERSION) return null
  const decipher = createDecipheriv('aes-256-gcm', key, cipher.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES
  })
    .setAAD(PURPOSE)
    .setAuthTag(cipher.subarray(1 + NONCE_BYTES, head))
  try {
    return Buffer.concat([decipher.update(cipher.subarray(head)), decipher.final()]).toString('utf8')
  } catch {
    // Another key, or damaged: the operator is asked again, as for a secret that was never kept.
    return null
  }
}

async function readOrMakeKey(path: string): Promise<Buffer> {
  const made = await makeKey(path)
  if (made !== null) return made
  const file = await openOrRefuse(path)
  try {
    await refuseUnsafe(file, path)
    const text = (await file.readFile('utf8')).trim()
    const key = Buffer.from(text, 'base64')
    if (key.byteLength !== KEY_BYTES || key.toString('base64') !== text) throw unavailable(path, 'notAKey')
    return key
  } finally {
    await file.close()
  }
}

/** null when there is a file already. */
async function makeKey(path: string): Promise<Buffer | null> {
  let file: FileHandle
  try {
    file = await open(path, 'wx', 0o600)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null
    throw unavailable(path, 'notReadable', error)
  }
  try {
    const key = randomBytes(KEY_BYTES)
    await file.writeFile(`${key.toString('base64')}\n`)
    await file.sync()
    return key
  } finally {
    await file.close()
  }
}

async function openOrRefuse(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r')
  } catch (error) {
    throw unavailable(path, 'notReadable', error)
  }
}

/** Asked of the open file, so that nothing can be swapped in between. Windows has no such bits. */
async function refuseUnsafe(file: FileHandle, path: string): Promise<void> {
  const stat = await file.stat()
  if (!stat.isFile()) throw unavailable(path, 'notAFile')
  if (process.platform === 'win32') return
  if ((stat.mode & 0o077) !== 0) throw unavailable(path, 'readableByOthers')
  if (stat.uid !== process.getuid?.()) throw unavailable(path, 'foreignOwner')
}

const unavailable = (path: string, reason: string, cause?: unknown): AppError =>
  new AppError('secretsUnavailable', { params: { path, reason }, cause })

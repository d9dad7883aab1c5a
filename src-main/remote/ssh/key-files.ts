/** Private key files: what can be told without the passphrase. */
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import ssh2, { type ParsedKey } from 'ssh2'

export type KeyFile =
  | { readonly kind: 'plain'; readonly path: string; readonly key: ParsedKey }
  /** `publicKey` null: an old format that hides it, and no `.pub` file beside. */
  | {
      readonly kind: 'encrypted'
      readonly path: string
      readonly data: Buffer
      readonly publicKey: ParsedKey | null
    }
  /** Only says which key of the agent is meant. */
  | { readonly kind: 'public'; readonly path: string; readonly publicKey: ParsedKey }
  | { readonly kind: 'unreadable'; readonly path: string; readonly reason: UnreadableReason }

export type UnreadableReason = 'notFound' | 'permissionDenied' | 'notAFile' | 'tooLarge' | 'unknownFormat'

const MAX_BYTES = 64 * 1024

/** `~/` is the operator's home folder. */
export const expandHome = (path: string, homeFolder: string): string =>
  path === '~' ? homeFolder : /^~[/\\]/.test(path) ? join(homeFolder, path.slice(2)) : path

/** Never throws: a key that cannot be read is an outcome. `path` stays as the operator wrote it. */
export async function loadKeyFile(path: string, homeFolder: string): Promise<KeyFile> {
  const file = expandHome(path, homeFolder)
  const data = await readSmallFile(file)
  if (typeof data === 'string') return { kind: 'unreadable', path, reason: data }
  const parsed = firstKey(ssh2.utils.parseKey(data))
  if (parsed && !parsed.isPrivateKey()) return { kind: 'public', path, publicKey: parsed }
  if (parsed) return { kind: 'plain', path, key: parsed }
  if (!looksEncrypted(data)) return { kind: 'unreadable', path, reason: 'unknownFormat' }
  const publicKey = publicPart(data) ?? (await publicBeside(file))
  return { kind: 'encrypted', path, data, publicKey }
}

export const firstKey = (parsed: ParsedKey | ParsedKey[] | Error): ParsedKey | null => {
  const key = Array.isArray(parsed) ? parsed[0] : parsed
  return key === undefined || key instanceof Error ? null : key
}

async function readSmallFile(file: string): Promise<Buffer | UnreadableReason> {
  try {
    const handle = await open(file, 'r')
    try {
      const about = await handle.stat()
      if (!about.isFile()) return 'notAFile'
      if (about.size > MAX_BYTES) return 'tooLarge'
      return await handle.readFile()
    } finally {
      await handle.close()
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null
    if (code === 'EACCES' || code === 'EPERM') return 'permissionDenied'
    return code === 'EISDIR' ? 'notAFile' : 'notFound'
  }
}

function looksEncrypted(data: Buffer): boolean {
  const parsed = ssh2.utils.parseKey(data)
  const error = Array.isArray(parsed) ? null : parsed
  return error instanceof Error && /no passphrase given|Encrypted/i.test(error.message)
}

const OPENSSH_MAGIC = Buffer.from('openssh-key-v1\0', 'latin1')

/** The public half of an encrypted key in OpenSSH's format stands in clear before the encrypted part. */
function publicPart(data: Buffer): ParsedKey | null {
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/.exec(data.toString('latin1'))?.[1]
  if (body === undefined) return null
  const blob = Buffer.from(body, 'base64')
  if (!blob.subarray(0, OPENSSH_MAGIC.length).equals(OPENSSH_MAGIC)) return null
  let at = OPENSSH_MAGIC.length
  const field = (): Buffer | null => {
    if (at + 4 > blob.length) return null
    const length = blob.readUInt32BE(at)
    at += 4 + length
    return at <= blob.length ? blob.subarray(at - length, at) : null
  }
  // cipher name, kdf name, kdf options, then the number of keys
  if (field() === null || field() === null || field() === null) return null
  at += 4
  const key = field()
  return key === null ? null : firstKey(ssh2.utils.parseKey(key))
}

async function publicBeside(file: string): Promise<ParsedKey | null> {
  const data = await readSmallFile(`${file}.pub`)
  if (typeof data === 'string') return null
  const key = firstKey(ssh2.utils.parseKey(data))
  return key && !key.isPrivateKey() ? key : null
}

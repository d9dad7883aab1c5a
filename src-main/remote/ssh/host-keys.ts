/** Which keys a host may show: the console's own pins and OpenSSH's known_hosts files. */
import { createHash } from 'node:crypto'
import { readFile, stat } from 'node:fs/promises'
import type { HostKey } from '#contract/servers.ts'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import type { Log } from '../../application/platform/platform.ts'
import type { PinStore } from '../../application/storage.ts'
import { keyTypeOf, knownHostsName, lineMatches, parseKnownHosts, type KnownHostLine } from './known-hosts.ts'

export interface KnownKeys {
  readonly host: string
  readonly port: number
  /** Keys of this host and port. */
  readonly expected: readonly HostKey[]
  /** Keys of the same host without a port: good for a match, never for a mismatch (as OpenSSH does). */
  readonly portless: readonly HostKey[]
  readonly revoked: readonly HostKey[]
}

export type Verdict = 'trusted' | 'unknown' | 'changed' | 'revoked'

/** The key as the operator sees it. null when the bytes are no public key. */
export function describeHostKey(host: string, port: number, blob: Buffer): HostKey | null {
  const type = keyTypeOf(blob)
  if (type === null) return null
  return { host, port, type, fingerprint: fingerprintOf(blob), keyBase64: blob.toString('base64') }
}

/** `SHA256:…` as ssh-keygen prints it. */
export const fingerprintOf = (blob: Buffer): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`

/** A revoked key is refused even when it is pinned; a key that differs from every known one is a change. */
export function judgeHostKey(known: KnownKeys, shown: HostKey): Verdict {
  const isShown = (key: HostKey): boolean => key.keyBase64 === shown.keyBase64
  if (known.revoked.some(isShown)) return 'revoked'
  if (known.expected.some(isShown) || known.portless.some(isShown)) return 'trusted'
  return known.expected.length > 0 ? 'changed' : 'unknown'
}

const ALGORITHMS_BY_TYPE: Readonly<Record<string, readonly ServerHostKeyAlgorithm[]>> = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  // Never `ssh-rsa`, whose signatures are SHA-1.
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256']
}

/**
 * The host key algorithms to offer: those of known keys first. Otherwise a server that has got a second key type would
 * show that one, and it would look like a changed key.
 */
export function hostKeyAlgorithms(known: KnownKeys): ServerHostKeyAlgorithm[] {
  const types = new Set([...known.expected, ...known.portless].map((key) => key.type))
  const all = Object.entries(ALGORITHMS_BY_TYPE)
  const first = all.filter(([type]) => types.has(type))
  const rest = all.filter(([type]) => !types.has(type))
  return [...first, ...rest].flatMap(([, algorithms]) => algorithms)
}

const MAX_FILE_BYTES = 16 * 1024 * 1024

interface CachedFile {
  readonly version: string
  readonly lines: readonly KnownHostLine[]
}

/** Reads pins and known_hosts files; a file is parsed again only after it changed. */
export class HostKeys {
  readonly #pins: PinStore
  readonly #files: readonly string[]
  readonly #log: Log
  readonly #cache = new Map<string, CachedFile>()

  constructor(deps: { pins: PinStore; knownHostsFiles: readonly string[]; log: Log }) {
    this.#pins = deps.pins
    this.#files = deps.knownHostsFiles
    this.#log = deps.log
  }

  /** A file that is absent or cannot be read knows no keys; a pin store that fails is an error. */
  async load(host: string, port: number): Promise<KnownKeys> {
    const pins = await this.#pins.list(host, port)
    const lines = (await Promise.all(this.#files.map((file) => this.#lines(file)))).flat()
    const name = knownHostsName(host, port)
    const portless = knownHostsName(host, 22)
    const about = lines.filter((line) => lineMatches(line, name))
    const aboutHost = name === portless ? [] : lines.filter((line) => lineMatches(line, portless))
    const keysOf = (some: readonly KnownHostLine[], revoked: boolean): HostKey[] =>
      some
        .filter((line) => (line.marker === 'revoked') === revoked)
        .map(({ type, keyBase64 }) => ({
          host,
          port,
          type,
          fingerprint: fingerprintOf(Buffer.from(keyBase64, 'base64')),
          keyBase64
        }))
    return {
      host,
      port,
      expected: [...pins, ...keysOf(about, false)],
      portless: keysOf(aboutHost, false),
      revoked: [...keysOf(about, true), ...keysOf(aboutHost, true)]
    }
  }

  async #lines(file: string): Promise<readonly KnownHostLine[]> {
    try {
      const { mtimeMs, size, ino } = await stat(file)
      const version = `${mtimeMs}:${size}:${ino}`
      const cached = this.#cache.get(file)
      if (cached?.version === version) return cached.lines
      if (size > MAX_FILE_BYTES) {
        this.#log.warn('ssh.knownHostsTooLarge', { file, bytes: size })
        return []
      }
      const lines = parseKnownHosts(await readFile(file, 'utf8'))
      this.#cache.set(file, { version, lines })
      return lines
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : null
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#log.warn('ssh.knownHostsUnreadable', { file, code })
      return []
    }
  }
}

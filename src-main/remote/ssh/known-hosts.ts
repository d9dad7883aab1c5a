/** The format of OpenSSH's known_hosts files (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
import { createHmac } from 'node:crypto'

export interface KnownHostLine {
  readonly marker: 'revoked' | null
  /** The hosts field: `|1|salt|hash`, or patterns separated by commas. */
  readonly hosts: string
  /** Type inside the key itself, e.g. ssh-ed25519. */
  readonly type: string
  /** The key in base64, in its one normal form. */
  readonly keyBase64: string
}

const MAX_LINE_CHARS = 16_384
const DEFAULT_PORT = 22

/**
 * Reads the lines that can be used. Comments, broken lines and `@cert-authority` lines (certificates are not supported)
 * are left out.
 */
export function parseKnownHosts(text: string): KnownHostLine[] {
  const lines: KnownHostLine[] = []
  for (const raw of text.split('\n')) {
    const line = raw.trim()
    if (line === '' || line.startsWith('#') || line.length > MAX_LINE_CHARS) continue
    const fields = line.split(/[ \t]+/)
    const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
    if (marker !== undefined && marker !== '@revoked') continue
    const [hosts, , key] = fields
    if (hosts === undefined || key === undefined) continue
    const blob = Buffer.from(key, 'base64')
    const type = keyTypeOf(blob)
    if (type === null) continue
    lines.push({ marker: marker ? 'revoked' : null, hosts, type, keyBase64: blob.toString('base64') })
  }
  return lines
}

/** The type written in a public key blob, or null when it is none. */
export function keyTypeOf(blob: Buffer): string | null {
  if (blob.length < 5) return null
  const length = blob.readUInt32BE(0)
  if (length < 1 || length > 64 || blob.length < 4 + length) return null
  const type = blob.toString('latin1', 4, 4 + length)
  return /^[\x21-\x7e]+$/.test(type) ? type : null
}

/** How a host is written in known_hosts: `host`, or `[host]:port` for another port than 22. */
export function knownHostsName(host: string, port: number): string {
  const lower = host.toLowerCase()
  return port === DEFAULT_PORT ? lower : `[${lower}]:${port}`
}

/** True when the line is about the name. A `!pattern` that matches takes the name out. */
export function lineMatches(line: KnownHostLine, name: string): boolean {
  if (line.hosts.startsWith('|')) return hashedMatches(line.hosts, name)
  let matched = false
  for (const pattern of line.hosts.toLowerCase().split(',')) {
    if (pattern.startsWith('!')) {
      if (globMatches(pattern.slice(1), name)) return false
    } else if (globMatches(pattern, name)) {
      matched = true
    }
  }
  return matched
}

function hashedMatches(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|')
  if (version !== '1' || salt === undefined || hash === undefined) return false
  const wanted = createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest()
  return wanted.equals(Buffer.from(hash, 'base64'))
}

/** `*` and `?` as in ssh_config patterns. Linear time, also for hostile patterns. */
export function globMatches(pattern: string, text: string): boolean {
  let p = 0
  let t = 0
  let star = -1
  let starText = 0
  while (t < text.length) {
    if (p < pattern.length && (pattern[p] === '?' || (pattern[p] === text[t] && pattern[p] !== '*'))) {
      p += 1
      t += 1
    } else if (pattern[p] === '*') {
      star = p
      starText = t
      p += 1
    } else if (star >= 0) {
      p = star + 1
      starText += 1
      t = starText
    } else {
      return false
    }
  }
  while (pattern[p] === '*') p += 1
  return p === pattern.length
}

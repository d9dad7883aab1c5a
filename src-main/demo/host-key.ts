/** Host keys of the demo servers, made at start and forgotten at the end. */
import { createHash, generateKeyPairSync } from 'node:crypto'
import ssh2 from 'ssh2'
import type { HostKey } from '#contract/servers.ts'

export interface DemoKey {
  readonly privatePem: string
  /** As it stands in known_hosts. */
  readonly type: string
  readonly keyBase64: string
  readonly fingerprint: string
}

/** ECDSA: made in a millisecond, which matters for a hundred servers, and in a form that ssh2 always reads. */
export function makeDemoKey(): DemoKey {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' }
  })
  const parsed = ssh2.utils.parseKey(privateKey)
  if (parsed instanceof Error) throw parsed
  const blob = parsed.getPublicSSH()
  const digest = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')
  return {
    privatePem: privateKey,
    type: parsed.type,
    keyBase64: blob.toString('base64'),
    fingerprint: `SHA256:${digest}`
  }
}

export function hostKeyOf(key: DemoKey, host: string, port: number): HostKey {
  return { host, port, type: key.type, fingerprint: key.fingerprint, keyBase64: key.keyBase64 }
}

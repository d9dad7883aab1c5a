/** Keys for tests, made by ssh-keygen (ssh2's own ed25519 generator makes keys at times that it cannot read). */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface TestKey {
  /** File of the private key, mode 0600; the public one stands beside it. */
  readonly file: string
  readonly privatePem: string
  /** `type base64 comment` */
  readonly publicLine: string
  readonly type: string
  readonly keyBase64: string
}

const folder = mkdtempSync(join(tmpdir(), 'virthelm-keys-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
let count = 0

export function makeTestKey(
  type: 'ed25519' | 'rsa' | 'ecdsa' = 'ed25519',
  options: { readonly passphrase?: string; readonly format?: 'PEM'; readonly bits?: number } = {}
): TestKey {
  count += 1
  const file = join(folder, `key-${count}`)
  const bits = options.bits ?? (type === 'rsa' ? 2_048 : undefined)
  execFileSync('ssh-keygen', [
    '-q',
    ...['-t', type],
    ...(bits === undefined ? [] : ['-b', String(bits)]),
    ...(options.format ? ['-m', options.format] : []),
    ...['-N', options.passphrase ?? ''],
    ...['-C', `test-${count}`],
    ...['-f', file]
  ])
  const publicLine = readFileSync(`${file}.pub`, 'utf8').trim()
  const [keyType = '', keyBase64 = ''] = publicLine.split(' ')
  return { file, privatePem: readFileSync(file, 'utf8'), publicLine, type: keyType, keyBase64 }
}

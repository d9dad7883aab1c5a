import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { fingerprintOf } from './host-keys.ts'
import { createSecret } from './secret.ts'
import { makeTestKey, type TestKey } from './testing/keys.ts'
import { startTestServer, type TestServer } from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, type Bench } from './testing/setup.ts'

const ed25519 = makeTestKey('ed25519')
const other = makeTestKey('ed25519')
const rsa = makeTestKey('rsa')
const ecdsa = makeTestKey('ecdsa')

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const sshd = async (...keys: TestKey[]): Promise<TestServer> => {
  const server = await startTestServer({
    hostKeys: keys.map((key) => key.privatePem),
    password: 'canary-password',
    keyboard: [[{ text: 'Password: ', answer: 'canary-password' }]]
  })
  open.push(() => server.close())
  return server
}

/** A bench whose known_hosts file holds these lines. */
function knowing(lines: string, files: readonly string[] = []): Bench & { file: string } {
  const folder = mkdtempSync(join(tmpdir(), 'virthelm-known-'))
  const file = join(folder, 'known_hosts')
  writeFileSync(file, lines)
  const bench = makeBench({ knownHostsFiles: [join(folder, 'absent'), file, ...files] })
  open.push(() => {
    bench.connector.close()
    rmSync(folder, { recursive: true })
  })
  return { ...bench, file }
}

const known = (port: number, key: TestKey, marker = ''): string =>
  `${marker}[127.0.0.1]:${port} ${key.type} ${key.keyBase64}\n`

const ask = (port: number, extra: object = {}) =>
  makeRequest({ port, password: createSecret('canary-password'), ...extra })

/** What a refused host may have learned about the operator: nothing, not even the user's name. */
const expectNothingSent = (server: TestServer): void => expect(server.tries).toEqual([])

describe('host keys', () => {
  it('a new key is shown with the fingerprint that ssh-keygen prints, and nothing is sent', async () => {
    const server = await sshd(ed25519)
    const { connector } = knowing('')
    const error = await failureOf(connector.connect(ask(server.port)))
    expect(error.code).toBe('hostKeyUnknown')
    const printed = execFileSync('ssh-keygen', ['-lf', `${ed25519.file}.pub`], { encoding: 'utf8' })
    const failure = connector.hostKeyFailureOf(error)
    expect(failure?.expected).toEqual([])
    expect(failure?.shown).toEqual({
      host: '127.0.0.1',
      port: server.port,
      type: 'ssh-ed25519',
      fingerprint: printed.split(' ')[1],
      keyBase64: ed25519.keyBase64
    })
    expectNothingSent(server)
  })

  it('a pinned key is accepted, a changed one refused with both keys, and a replaced pin accepted again', async () => {
    const server = await sshd(ed25519)
    const b = knowing('')
    const pin = (key: TestKey, replace: boolean): Promise<void> =>
      b.pins.pin(
        {
          host: '127.0.0.1',
          port: server.port,
          type: key.type,
          fingerprint: fingerprintOf(Buffer.from(key.keyBase64, 'base64')),
          keyBase64: key.keyBase64
        },
        { replace }
      )
    await pin(other, false)
    const error = await failureOf(b.connector.connect(ask(server.port)))
    expect(error.code).toBe('hostKeyChanged')
    const failure = b.connector.hostKeyFailureOf(error)
    expect(failure?.shown.keyBase64).toBe(ed25519.keyBase64)
    expect(failure?.expected.map((key) => key.keyBase64)).toEqual([other.keyBase64])
    expectNothingSent(server)
    await pin(ed25519, true)
    ;(await b.connector.connect(ask(server.port))).close()
  })

  it('reads known_hosts: plain, hashed, patterns, without a port; takes up a change of the file', async () => {
    const server = await sshd(ed25519)
    const b = knowing(known(server.port, other))
    expect((await failureOf(b.connector.connect(ask(server.port)))).code).toBe('hostKeyChanged')
    appendFileSync(b.file, known(server.port, ed25519))
    execFileSync('ssh-keygen', ['-q', '-H', '-f', b.file], { stdio: 'ignore' })
    ;(await b.connector.connect(ask(server.port))).close()
    const portless = knowing(`127.0.0.* ${ed25519.type} ${ed25519.keyBase64}\n`)
    ;(await portless.connector.connect(ask(server.port))).close()
    // Another key without a port says nothing about this port.
    const elsewhere = knowing(`127.0.0.1 ${other.type} ${other.keyBase64}\n`)
    expect((await failureOf(elsewhere.connector.connect(ask(server.port)))).code).toBe('hostKeyUnknown')
    const negated = knowing(`![127.0.0.1]:*,!127.0.0.1,* ${ed25519.type} ${ed25519.keyBase64}\n`)
    expect((await failureOf(negated.connector.connect(ask(server.port)))).code).toBe('hostKeyUnknown')
    const authority = knowing(`@cert-authority * ${ed25519.type} ${ed25519.keyBase64}\n`)
    expect((await failureOf(authority.connector.connect(ask(server.port)))).code).toBe('hostKeyUnknown')
  })

  it('a revoked key is refused even when it is known and pinned', async () => {
    const server = await sshd(ed25519)
    const b = knowing(`${known(server.port, ed25519)}@revoked * ${ed25519.type} ${ed25519.keyBase64}\n`)
    await b.pins.pin(
      {
        host: '127.0.0.1',
        port: server.port,
        type: ed25519.type,
        fingerprint: '',
        keyBase64: ed25519.keyBase64
      },
      { replace: true }
    )
    const error = await failureOf(b.connector.connect(ask(server.port)))
    expect(error.code).toBe('hostKeyRevoked')
    expect(b.connector.hostKeyFailureOf(error)?.shown.keyBase64).toBe(ed25519.keyBase64)
    expectNothingSent(server)
  })

  it.each([
    ['rsa', rsa],
    ['ecdsa', ecdsa],
    ['ed25519', ed25519]
  ])('asks for the type it knows (%s) although the server has others', async (_, key) => {
    const server = await sshd(ed25519, rsa, ecdsa)
    const b = knowing(known(server.port, key))
    ;(await b.connector.connect(ask(server.port))).close()
  })

  it('another type alone, where one is known, is a change', async () => {
    const server = await sshd(ed25519)
    const b = knowing(known(server.port, rsa))
    expect((await failureOf(b.connector.connect(ask(server.port)))).code).toBe('hostKeyChanged')
    expectNothingSent(server)
  })

  it('behind a jump: each hop is verified by its own key before it learns anything', async () => {
    const jump = await sshd(ed25519)
    const target = await sshd(other)
    const settings = { jumps: [{ host: '127.0.0.1', port: jump.port, user: 'operator' }] }
    const request = ask(target.port, { settings: { ...settings, usePassword: true } })
    const b = knowing('')
    const first = await failureOf(b.connector.connect(request))
    expect(first.code).toBe('hostKeyUnknown')
    expect(b.connector.hostKeyFailureOf(first)?.shown.port).toBe(jump.port)
    expectNothingSent(jump)
    appendFileSync(b.file, known(jump.port, ed25519))
    const second = await failureOf(b.connector.connect(request))
    expect(second.code).toBe('hostKeyUnknown')
    expect(b.connector.hostKeyFailureOf(second)?.shown.port).toBe(target.port)
    expectNothingSent(target)
    // A jump that plays the target itself, with its own key, is found out.
    appendFileSync(b.file, known(target.port, rsa))
    expect((await failureOf(b.connector.connect(request))).code).toBe('hostKeyChanged')
    expectNothingSent(target)
    appendFileSync(b.file, known(target.port, other))
    const connection = await b.connector.connect(request)
    const result = await connection.run('echo through', { signal: request.signal, deadlineMs: 5_000 })
    expect(result.stdout).toBe('through\n')
    connection.close()
  })

  it('goes on through a change of session keys with the same host key', async () => {
    const server = await sshd(ed25519)
    const b = knowing(known(server.port, ed25519))
    const connection = await b.connector.connect(ask(server.port))
    server.rekey()
    const { signal } = new AbortController()
    expect((await connection.run('echo on', { signal, deadlineMs: 5_000 })).stdout).toBe('on\n')
    connection.close()
  })

  it('a system file that cannot be read is no reason to trust, and none to fail', async () => {
    const server = await sshd(ed25519)
    const b = knowing(known(server.port, ed25519), ['/'])
    ;(await b.connector.connect(ask(server.port))).close()
    expect(b.log.lines.map((line) => line.event)).toContain('ssh.knownHostsUnreadable')
  })
})

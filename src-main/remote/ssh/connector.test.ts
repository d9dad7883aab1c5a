import { afterEach, describe, expect, it } from 'vitest'
import { createSecret } from './secret.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, trust, type Bench } from './testing/setup.ts'
import { makeTestKey } from './testing/keys.ts'

const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function server(options: TestServerOptions): Promise<TestServer> {
  const started = await startTestServer(options)
  open.push(() => started.close())
  return started
}

function bench(deps: Parameters<typeof makeBench>[0] = {}): Bench {
  const made = makeBench(deps)
  open.push(() => made.connector.close())
  return made
}

describe('connect', () => {
  it('logs in by password once the shown key was trusted, and runs a script', async () => {
    const sshd = await server({ password: 'correct' })
    const b = bench()
    const request = makeRequest({ port: sshd.port, password: createSecret('correct') })
    const unknown = await failureOf(b.connector.connect(request))
    expect(unknown.code).toBe('hostKeyUnknown')
    expect(sshd.tries).toEqual([])
    await trust(b, request)
    const connection = await b.connector.connect(request)
    expect(connection.serverSoftware).toMatch(/^SSH-2\.0-ssh2js/)
    const result = await connection.run('echo out; echo err >&2; exit 3', {
      signal: request.signal,
      deadlineMs: 5_000
    })
    expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' })
    expect(sshd.commands).toEqual(['exec /bin/sh -s'])
    connection.close()
    expect((await connection.closed).code).toBe('disconnected')
  })

  it('logs in with a plain key, an encrypted one, and says when the passphrase is missing or wrong', async () => {
    const plain = makeTestKey('ed25519')
    const locked = makeTestKey('rsa', { passphrase: 'open sesame' })
    const sshd = await server({ keys: [plain.publicLine, locked.publicLine] })
    const b = bench()
    const by = (file: string, passphrase: string | null) =>
      makeRequest({
        port: sshd.port,
        settings: { keyFiles: [file] },
        passphrase: passphrase === null ? null : createSecret(passphrase)
      })
    await trust(b, by(plain.file, null))
    ;(await b.connector.connect(by(plain.file, null))).close()
    ;(await b.connector.connect(by(locked.file, 'open sesame'))).close()
    expect((await failureOf(b.connector.connect(by(locked.file, null)))).code).toBe('passphraseNeeded')
    expect((await failureOf(b.connector.connect(by(locked.file, 'wrong')))).code).toBe('passphraseWrong')
  })
})

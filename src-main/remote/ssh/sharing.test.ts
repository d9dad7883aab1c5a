/** What is shared and bounded: channels of a connection, jump connections, handshakes at one sshd. And what never leaks. */
import { inspect } from 'node:util'
import { afterEach, describe, expect, it } from 'vitest'
import type { ServerChannel } from 'ssh2'
import type { ConnectRequest } from '../../application/servers/connection.ts'
import { createSecret } from './secret.ts'
import { startFaultProxy } from './testing/fault-proxy.ts'
import { makeTestKey } from './testing/keys.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, type Bench } from './testing/setup.ts'

const hostKey = makeTestKey()
const password = createSecret('right')
const { signal } = new AbortController()
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function sshd(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ hostKeys: [hostKey.privatePem], password: 'right', ...options })
  open.push(() => server.close())
  return server
}

function bench(deps: Parameters<typeof makeBench>[0] = {}): Bench {
  const b = makeBench(deps)
  open.push(() => b.connector.close())
  return b
}

const pin = (b: Bench, port: number): Promise<void> =>
  b.pins.pin(
    { host: '127.0.0.1', port, type: hostKey.type, fingerprint: '', keyBase64: hostKey.keyBase64 },
    { replace: true }
  )

const through = (target: number, ...jumps: number[]): ConnectRequest =>
  makeRequest({
    port: target,
    password,
    settings: {
      usePassword: true,
      jumps: jumps.map((port) => ({ host: '127.0.0.1', port, user: 'operator' }))
    }
  })

describe('channels', () => {
  it('jobs leave a place for what is short; one too many waits for a place or its deadline', async () => {
    const server = await sshd()
    const b = bench()
    await pin(b, server.port)
    const connection = await b.connector.connect(through(server.port))
    open.push(() => connection.close())
    const job = { signal, deadlineMs: 5_000, isJob: true }
    const jobs = await Promise.all([1, 2, 3].map(() => connection.openShell(job)))
    expect((await failureOf(connection.openShell({ ...job, deadlineMs: 200 }))).code).toBe('deadlineExceeded')
    const fourth = connection.openShell(job)
    expect((await connection.run('echo short', { signal, deadlineMs: 5_000 })).stdout).toBe('short\n')
    jobs[0]?.end()
    ;(await fourth).close()
    expect(server.commands).toHaveLength(5)
  })

  it('a shell takes text, answers, and ends with its exit code', async () => {
    const server = await sshd()
    const b = bench()
    await pin(b, server.port)
    const connection = await b.connector.connect(through(server.port))
    open.push(() => connection.close())
    const shell = await connection.openShell({ signal, deadlineMs: 5_000 })
    let text = ''
    shell.onData((chunk) => (text += Buffer.from(chunk).toString()))
    await shell.write('echo one\n')
    await expect.poll(() => text).toBe('one\n')
    await shell.write('exit 7\n')
    expect(await shell.closed).toEqual({ exitCode: 7, signal: null })
    await expect(shell.write('late')).rejects.toMatchObject({ code: 'disconnected' })
    shell.end()
    shell.close()
  })

  it('refused channels and login shells that are none are told apart', async () => {
    const refusing = await sshd({ refuseChannels: true })
    const noLogin = await sshd({
      exec: (channel: ServerChannel) => {
        channel.write('This account is currently not available.\n')
        channel.exit(1)
        channel.end()
      }
    })
    for (const [server, code] of [
      [refusing, 'channelRefused'],
      [noLogin, 'shellUnavailable']
    ] as const) {
      const b = bench()
      await pin(b, server.port)
      const connection = await b.connector.connect(through(server.port))
      open.push(() => connection.close())
      const error = await failureOf(connection.run('true', { signal, deadlineMs: 5_000 }))
      expect(error.code).toBe(code)
      const long = `: ${'x'.repeat(4_000_000)}`
      expect((await failureOf(connection.run(long, { signal, deadlineMs: 5_000 }))).code).toBe(code)
      if (code === 'shellUnavailable') expect(error.params['reason']).toMatch(/not available/)
    }
  })

  it('a script is bounded on the server too', async () => {
    const server = await sshd()
    const b = bench()
    await pin(b, server.port)
    const connection = await b.connector.connect(through(server.port))
    open.push(() => connection.close())
    // The pid of the script's own shell is told before it hangs; a second script looks whether it is still there.
    const tag = `virthelm-test-${process.pid}`
    const hang = connection.run(`: ${tag}; exec sleep 4321`, { signal, deadlineMs: 1_000 })
    expect((await failureOf(hang)).code).toBe('deadlineExceeded')
    const left = async (): Promise<string> =>
      (await connection.run("pgrep -f '[s]leep 4321' || echo none", { signal, deadlineMs: 5_000 })).stdout
    await expect.poll(left, { timeout: 6_000, interval: 300 }).toBe('none\n')
  })

  it('parameters reach the script whole and inert', async () => {
    const server = await sshd()
    const b = bench()
    await pin(b, server.port)
    const connection = await b.connector.connect(through(server.port))
    open.push(() => connection.close())
    const { quote } = await import('./quote.ts')
    for (const name of [
      '$(id)',
      "it's",
      '`id`',
      '-H',
      ';reboot',
      'a\nb',
      '<b>',
      '"',
      '\\',
      '$VIRTHELM_SCRIPT'
    ]) {
      const { stdout } = await connection.run(`printf '%s' ${quote(name)}`, { signal, deadlineMs: 5_000 })
      expect(stdout).toBe(name)
    }
    const { stdout } = await connection.run('env; cat', { signal, deadlineMs: 5_000 })
    expect(stdout).not.toMatch(/VIRTHELM_SCRIPT/)
    expect(stdout).toMatch(/^LC_ALL=C$/m)
  })
})

describe('jumps', () => {
  it('servers behind the same jump share one login at it, and the last one takes it along', async () => {
    const jump = await sshd()
    const targets = await Promise.all([sshd(), sshd(), sshd()])
    const b = bench({ deadlines: { jumpLingerMs: 50 } })
    for (const { port } of [jump, ...targets]) await pin(b, port)
    const connections = await Promise.all(
      targets.map(({ port }) => b.connector.connect(through(port, jump.port)))
    )
    expect(jump.counts.logins).toBe(1)
    for (const connection of connections) {
      expect((await connection.run('echo x', { signal, deadlineMs: 5_000 })).stdout).toBe('x\n')
    }
    connections[0]?.close()
    connections[1]?.close()
    await new Promise((resolve) => setTimeout(resolve, 150))
    expect(jump.counts.open).toBe(1)
    connections[2]?.close()
    await expect.poll(() => jump.counts.open).toBe(0)
  })

  it('a chain of two hops, and the end of the first ends all', async () => {
    const [outer, inner, target] = await Promise.all([sshd(), sshd(), sshd()])
    const b = bench({ deadlines: { jumpLingerMs: 50 } })
    for (const { port } of [outer, inner, target]) await pin(b, port)
    const stages: string[] = []
    const connection = await b.connector.connect({
      ...through(target.port, outer.port, inner.port),
      onStage: (step, state) => stages.push(`${step} ${state}`)
    })
    expect((await connection.run('echo far', { signal, deadlineMs: 5_000 })).stdout).toBe('far\n')
    expect(stages.slice(-4)).toEqual(['hostKey running', 'hostKey passed', 'login running', 'login passed'])
    outer.dropAll()
    expect((await connection.closed).code).toBe('connectionClosed')
    await expect.poll(() => inner.counts.open + target.counts.open).toBe(0)
  })

  it('one caller who gives up does not take the jump away from the others', async () => {
    const jump = await sshd()
    const targets = await Promise.all([sshd(), sshd()])
    const b = bench()
    const proxy = await startFaultProxy({ targetPort: jump.port, delayMs: 20 })
    open.push(() => proxy.close())
    for (const { port } of [proxy, ...targets]) await pin(b, port)
    const abort = new AbortController()
    const first = failureOf(
      b.connector.connect({ ...through(targets[0]?.port ?? 0, proxy.port), signal: abort.signal })
    )
    const second = b.connector.connect(through(targets[1]?.port ?? 0, proxy.port))
    setTimeout(() => abort.abort(), 30)
    expect((await first).code).toBe('cancelled')
    ;(await second).close()
    expect(jump.counts.logins).toBe(1)
  })
})

describe('handshakes', () => {
  it('at most four at once at one sshd, and all get their turn', async () => {
    const server = await sshd()
    const b = bench()
    await pin(b, server.port)
    const connections = await Promise.all(
      Array.from({ length: 12 }, () => b.connector.connect(through(server.port)))
    )
    for (const connection of connections) connection.close()
    expect(server.counts.logins).toBe(12)
    expect(server.counts.maxInHandshake).toBeLessThanOrEqual(4)
  })

  it('an operator who thinks about a question does not keep the others out', async () => {
    const server = await sshd({ keyboard: [[{ text: 'Code: ', answer: '1' }]] })
    const b = bench()
    await pin(b, server.port)
    let answerAll: () => void = () => undefined
    const answered = new Promise<void>((resolve) => (answerAll = resolve))
    let asked = 0
    const prompt = async (): Promise<string[]> => {
      asked += 1
      await answered
      return ['1']
    }
    const slow = Array.from({ length: 5 }, () =>
      b.connector.connect({ ...through(server.port), password: null, prompt })
    )
    await expect.poll(() => asked).toBe(5)
    answerAll()
    for (const connection of await Promise.all(slow)) connection.close()
  })
})

describe('hung servers', () => {
  it('ten of them, at every stage, do not delay forty others', async () => {
    const good = await sshd()
    const hung = await Promise.all(
      (['banner', 'keyExchange', 'login'] as const).map((silentAt) => sshd({ silentAt }))
    )
    const names = Array.from({ length: 40 }, (_, n) => `good${n}.lan`)
    const connectAll = async (withHung: boolean): Promise<number> => {
      const resolver = {
        resolve: (host: string): Promise<string[]> =>
          host.startsWith('dead') ? new Promise(() => undefined) : Promise.resolve(['127.0.0.1'])
      }
      const b = bench({ resolver, deadlines: { resolveMs: 3_000, handshakeMs: 3_000, loginMs: 3_000 } })
      const to = (host: string, port: number): ConnectRequest => {
        void b.pins.pin(
          { host, port, type: hostKey.type, fingerprint: '', keyBase64: hostKey.keyBase64 },
          { replace: true }
        )
        const request = through(port)
        return { ...request, settings: { ...request.settings, host } }
      }
      const stuck = withHung
        ? [
            ...hung.flatMap(({ port }) => [to('slow1.lan', port), to('slow2.lan', port)]),
            ...[1, 2, 3, 4].map((n) => to(`dead${n}.lan`, good.port))
          ]
        : []
      const failures = stuck.map((request) => failureOf(b.connector.connect(request)))
      const started = performance.now()
      const connections = await Promise.all(names.map((name) => b.connector.connect(to(name, good.port))))
      const tookMs = performance.now() - started
      for (const connection of connections) connection.close()
      for (const failure of failures) expect((await failure).code).toMatch(/Timeout$/)
      return tookMs
    }
    const control = await connectAll(false)
    expect(await connectAll(true)).toBeLessThan(control + 2_000)
  })
})

describe('secrets', () => {
  it('print as [redacted] wherever they are printed', () => {
    const secret = createSecret('canary')
    const printed = [
      String(secret),
      `${secret}`,
      JSON.stringify({ secret }),
      inspect({ secret }, { showHidden: true, depth: 9 }),
      secret + ''
    ]
    for (const text of printed) {
      expect(text).toContain('[redacted]')
      expect(text).not.toContain('canary')
    }
    expect(secret.reveal()).toBe('canary')
  })

  it('canary passwords, passphrases, answers and keys are in no log line and no error, on any path', async () => {
    const locked = makeTestKey('ed25519', { passphrase: 'CANARY-passphrase' })
    const plain = makeTestKey('rsa')
    const servers: TestServerOptions[] = [
      { password: 'other' },
      { password: 'CANARY-password' },
      { keys: [locked.publicLine] },
      { keys: [plain.publicLine] },
      { keyboard: [[{ text: 'Password: ', answer: 'no' }]] },
      { keyboard: [[{ text: 'Code: ', answer: 'no' }]] },
      { keyboard: [[{ text: 'CANARY? ', answer: 'CANARY-answer' }]], silentAt: 'channel' },
      { silentAt: 'login' },
      { garbage: { text: 'nothing\r\n', close: true } }
    ]
    const b = bench({ deadlines: { handshakeMs: 500, loginMs: 500 } })
    const errors: unknown[] = []
    for (const options of servers) {
      const server = await sshd({ password: '', ...options })
      for (const passphrase of ['CANARY-passphrase', 'CANARY-wrong']) {
        await pin(b, server.port)
        const work = b.connector.connect({
          ...through(server.port),
          settings: { ...through(server.port).settings, keyFiles: [locked.file, plain.file] },
          password: createSecret('CANARY-password'),
          passphrase: createSecret(passphrase),
          prompt: async () => ['CANARY-answer']
        })
        await work.then(
          async (connection) => {
            errors.push(connection)
            await connection
              .run('true', { signal, deadlineMs: 200 })
              .catch((error: unknown) => errors.push(error))
            connection.close()
            errors.push(await connection.closed)
          },
          (error: unknown) => errors.push(error)
        )
      }
    }
    expect(errors.length).toBeGreaterThan(servers.length)
    const secretPart = /CANARY-|PRIVATE KEY/
    for (const error of errors)
      expect(inspect(error, { depth: 12, showHidden: true })).not.toMatch(secretPart)
    expect(inspect(b.log.lines, { depth: 12, maxArrayLength: null })).not.toMatch(secretPart)
  })
})

/** What the operator is told when a server cannot be reached, and that every call ends in time. */
import { spawn } from 'node:child_process'
import { createConnection, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { ErrorCode } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import type { Deadlines } from './deadlines.ts'
import { createSecret } from './secret.ts'
import { startFaultProxy, type FaultProxy } from './testing/fault-proxy.ts'
import { makeTestKey } from './testing/keys.ts'
import {
  startTestServer,
  type Silence,
  type TestServer,
  type TestServerOptions
} from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, type Bench } from './testing/setup.ts'

const hostKey = makeTestKey()
const open: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const DEADLINES: Partial<Deadlines> = {
  resolveMs: 300,
  connectMs: 400,
  handshakeMs: 400,
  loginMs: 400,
  turnMs: 2_000,
  keepaliveIntervalMs: 100,
  keepaliveMisses: 2
}
/** Every call ends by its deadline and this. */
const GRACE_MS = 1_000

const password = createSecret('right')

async function sshd(options: TestServerOptions = {}): Promise<TestServer> {
  const server = await startTestServer({ hostKeys: [hostKey.privatePem], password: 'right', ...options })
  open.push(() => server.close())
  return server
}

function bench(deadlines: Partial<Deadlines> = DEADLINES, deps: Parameters<typeof makeBench>[0] = {}): Bench {
  const b = makeBench({ ...deps, deadlines })
  open.push(() => b.connector.close())
  return b
}

async function pin(b: Bench, port: number): Promise<void> {
  await b.pins.pin(
    { host: '127.0.0.1', port, type: hostKey.type, fingerprint: '', keyBase64: hostKey.keyBase64 },
    { replace: true }
  )
}

async function proxyTo(server: TestServer, b: Bench): Promise<FaultProxy> {
  const proxy = await startFaultProxy({ targetPort: server.port })
  open.push(() => proxy.close())
  await pin(b, proxy.port)
  return proxy
}

async function connected(b: Bench, port: number): Promise<Connection> {
  await pin(b, port)
  const connection = await b.connector.connect(makeRequest({ port, password }))
  open.push(() => connection.close())
  return connection
}

async function timed(work: Promise<unknown>): Promise<{ code: ErrorCode; tookMs: number }> {
  const started = performance.now()
  const { code } = await failureOf(work)
  return { code, tookMs: performance.now() - started }
}

/** A port whose listener was stopped with a full queue: SYNs are dropped, as by a firewall. */
async function blackHole(): Promise<number> {
  const code = `const s = require('net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 },
    () => console.log(s.address().port))`
  const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'ignore'] })
  const port = await new Promise<number>((resolve) =>
    child.stdout.once('data', (text: Buffer) => resolve(Number(text.toString())))
  )
  child.kill('SIGSTOP')
  const fillers: Socket[] = []
  for (let n = 0; n < 4; n += 1) {
    const filler = createConnection(port, '127.0.0.1')
    filler.on('error', () => undefined)
    fillers.push(filler)
  }
  await new Promise((resolve) => setTimeout(resolve, 100))
  open.push(() => {
    child.kill('SIGKILL')
    for (const filler of fillers) filler.destroy()
  })
  return port
}

describe('reaching a server', () => {
  it('names that have no address, and those that get no answer', async () => {
    for (const code of ['addressNotFound', 'addressTimeout'] as const) {
      const { AppError } = await import('#contract/errors.ts')
      const resolver = { resolve: () => Promise.reject(new AppError(code, { retryable: true })) }
      const server = await sshd()
      const b = bench(DEADLINES, { resolver })
      await b.pins.pin(
        {
          host: 'gone.lan',
          port: server.port,
          type: hostKey.type,
          fingerprint: '',
          keyBase64: hostKey.keyBase64
        },
        { replace: true }
      )
      const request = makeRequest({
        port: server.port,
        password,
        settings: { host: 'gone.lan', usePassword: true }
      })
      expect((await failureOf(b.connector.connect(request))).code).toBe(code)
      // The address that was good last time stands in.
      const connection = await b.connector.connect({ ...request, lastGoodAddress: '127.0.0.1' })
      expect(connection.address).toBe('127.0.0.1')
      connection.close()
    }
  })

  it('a resolver that never answers is given up', async () => {
    const b = bench(DEADLINES, { resolver: { resolve: () => new Promise(() => undefined) } })
    const request = makeRequest({ port: 22, settings: { host: 'slow.lan' } })
    const { code, tookMs } = await timed(b.connector.connect(request))
    expect(code).toBe('addressTimeout')
    expect(tookMs).toBeLessThan(300 + GRACE_MS)
  })

  it('a port where nobody listens, and one that swallows', async () => {
    const server = await startTestServer({ hostKeys: [hostKey.privatePem] })
    await server.close()
    const b = bench()
    expect((await failureOf(b.connector.connect(makeRequest({ port: server.port })))).code).toBe(
      'connectionRefused'
    )
    const { code, tookMs } = await timed(b.connector.connect(makeRequest({ port: await blackHole() })))
    expect(code).toBe('connectTimeout')
    expect(tookMs).toBeLessThan(400 + GRACE_MS)
  })

  it('an address without a route', async () => {
    const b = bench()
    const { code } = await timed(
      b.connector.connect(makeRequest({ port: 22, settings: { host: '255.255.255.255' } }))
    )
    expect(code).toBe('networkUnreachable')
  })

  it('an sshd that has too many guests is taken for what it is, and tried again', async () => {
    const server = await sshd({ garbage: { text: 'Exceeded MaxStartups\r\n', close: true } })
    const connecting = bench().connector.connect(makeRequest({ port: server.port }))
    await expect(connecting).rejects.toMatchObject({ code: 'connectionClosed', retryable: true })
  })

  it.each([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\n\r\n', true],
    ['a mail server', '220 mail ready\r\n', false],
    ['an endless line', 'x'.repeat(9_000), false],
    ['endless lines', 'line\r\n'.repeat(2_000), false],
    ['half an identification', 'SSH-\r\n', false],
    ['an ssh of the last century', 'SSH-1.5-old\r\n', false],
    ['binary', '\0\u0001\u0002\u0003', true]
  ])('something that is not ssh: %s', async (_, text, close) => {
    const server = await sshd({ garbage: { text, close } })
    const b = bench()
    const { code, tookMs } = await timed(b.connector.connect(makeRequest({ port: server.port })))
    expect(code).toBe('notSsh')
    expect(tookMs).toBeLessThan(400 + GRACE_MS)
  })

  it('a server that hangs up at once, or during the key exchange', async () => {
    const hangUp = createServer((socket) => socket.end())
    const later = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.write('SSH-2.0-x\r\n')
      socket.once('data', () => socket.destroy())
    })
    for (const server of [hangUp, later]) {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      open.push(() => void server.close())
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      const { code } = await timed(bench().connector.connect(makeRequest({ port })))
      expect(code).toBe('connectionClosed')
    }
  })

  it('a server whose algorithms are all too old', async () => {
    const server = await sshd({ keyExchanges: ['diffie-hellman-group14-sha1'] })
    const { code } = await timed(bench().connector.connect(makeRequest({ port: server.port })))
    expect(code).toBe('algorithmMismatch')
  })

  it('a jump that may not forward, and one from where the target is down', async () => {
    const closed = await startTestServer({ hostKeys: [hostKey.privatePem] })
    await closed.close()
    for (const forward of [true, false]) {
      const jump = await sshd({ forward })
      const b = bench()
      await pin(b, jump.port)
      const error = await failureOf(
        b.connector.connect(
          makeRequest({
            port: closed.port,
            password,
            settings: { usePassword: true, jumps: [{ host: '127.0.0.1', port: jump.port, user: 'operator' }] }
          })
        )
      )
      expect(error.code).toBe('jumpFailed')
      expect(error.params).toMatchObject({ jump: '127.0.0.1', port: closed.port })
    }
  })

  it('the operator who changes her mind, at any stage', async () => {
    for (const silentAt of ['banner', 'keyExchange', 'login'] as const) {
      const server = await sshd({ silentAt })
      const b = bench()
      await pin(b, server.port)
      const abort = new AbortController()
      const work = timed(
        b.connector.connect(makeRequest({ port: server.port, password, signal: abort.signal }))
      )
      setTimeout(() => abort.abort(), 100)
      expect(await work).toMatchObject({ code: 'cancelled' })
      await expect.poll(() => server.counts.open).toBe(0)
    }
  })
})

describe('a silent server', () => {
  it.each([
    ['banner', 'handshakeTimeout'],
    ['keyExchange', 'handshakeTimeout'],
    ['login', 'loginTimeout']
  ] as const)('at %s ends in time with %s', async (silentAt, expected) => {
    const server = await sshd({ silentAt })
    const b = bench()
    await pin(b, server.port)
    const { code, tookMs } = await timed(b.connector.connect(makeRequest({ port: server.port, password })))
    expect(code).toBe(expected)
    expect(tookMs).toBeLessThan(400 + GRACE_MS)
    await expect.poll(() => server.counts.open).toBe(0)
  })

  it.each(['channel', 'exec', 'output'] as const satisfies Silence[])(
    'at %s ends each call in time',
    async (silentAt) => {
      const server = await sshd({ silentAt })
      const connection = await connected(bench({ ...DEADLINES, keepaliveIntervalMs: 60_000 }), server.port)
      const { signal } = new AbortController()
      const run = await timed(connection.run('echo', { signal, deadlineMs: 300 }))
      expect(run.code).toBe('deadlineExceeded')
      expect(run.tookMs).toBeLessThan(300 + GRACE_MS)
      if (silentAt !== 'output') {
        const shell = await timed(connection.openShell({ signal, deadlineMs: 300 }))
        expect(shell.code).toBe('deadlineExceeded')
        expect(shell.tookMs).toBeLessThan(300 + GRACE_MS)
      }
      const abort = new AbortController()
      setTimeout(() => abort.abort(), 50)
      expect((await timed(connection.run('echo', { signal: abort.signal, deadlineMs: 5_000 }))).code).toBe(
        'cancelled'
      )
    }
  )

  it('behind the proxy: a link cut while calls wait ends them at once', async () => {
    const server = await sshd({ silentAt: 'output' })
    const b = bench({ ...DEADLINES, keepaliveIntervalMs: 60_000 })
    const proxy = await proxyTo(server, b)
    const connection = await connected(b, proxy.port)
    const { signal } = new AbortController()
    const runs = Array.from({ length: 8 }, () =>
      timed(connection.run('echo', { signal, deadlineMs: 20_000 }))
    )
    await expect.poll(() => server.commands.length).toBe(5)
    proxy.reset()
    for (const run of await Promise.all(runs)) {
      expect(run.code).toBe('disconnected')
      expect(run.tookMs).toBeLessThan(5_000)
    }
    expect((await connection.closed).code).toBe('connectionClosed')
    await expect(connection.openShell({ signal, deadlineMs: 1_000 })).rejects.toMatchObject({
      code: 'disconnected'
    })
    expect(await connection.probe(100)).toBe(false)
    connection.close()
  })
})

/** Links that die without a word, and the way back. */
import { afterEach, describe, expect, it } from 'vitest'
import type { Connection } from '../../application/servers/connection.ts'
import { defaultDeadlines, type Deadlines } from './deadlines.ts'
import { createSecret } from './secret.ts'
import { startFaultProxy, type FaultProxy } from './testing/fault-proxy.ts'
import { makeTestKey } from './testing/keys.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './testing/ssh-test-server.ts'
import { makeBench, makeRequest, trust, type Bench } from './testing/setup.ts'

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

describe('a frozen link', () => {
  const shorter = process.env['VIRTHELM_LONG'] === '1' ? 1 : 5
  it(`is noticed within ten seconds (the keepalive and the bound divided by ${shorter} here)`, async () => {
    const server = await sshd()
    const b = bench({ keepaliveIntervalMs: defaultDeadlines.keepaliveIntervalMs / shorter })
    const proxy = await proxyTo(server, b)
    const connection = await connected(b, proxy.port)
    proxy.freeze()
    const started = performance.now()
    expect((await connection.closed).code).toBe('linkFrozen')
    expect(performance.now() - started).toBeLessThan(10_000 / shorter)
  })

  it('is noticed by a probe at once, and the next connection works', async () => {
    const server = await sshd()
    const b = bench()
    const proxy = await proxyTo(server, b)
    const connection = await connected(b, proxy.port)
    expect(await connection.probe(2_000)).toBe(true)
    proxy.freeze()
    expect(await connection.probe(200)).toBe(false)
    expect((await connection.closed).code).toBe('linkFrozen')
    proxy.restore()
    const again = await connected(b, proxy.port)
    expect(await again.probe(2_000)).toBe(true)
  })

  it('a quiet link is not taken for a frozen one, nor is a slow one full of data', async () => {
    const server = await sshd()
    const b = bench({ ...DEADLINES, keepaliveIntervalMs: 60 })
    const connection = await connected(b, server.port)
    await new Promise((resolve) => setTimeout(resolve, 600))
    const { signal } = new AbortController()
    const script = 'i=0; while [ $i -lt 15 ]; do echo $i; sleep 0.04; i=$((i+1)); done'
    const { stdout } = await connection.run(script, { signal, deadlineMs: 5_000 })
    expect(stdout.split('\n')).toHaveLength(16)
  })

  it('freezes of the jump are told as such to the servers behind it', async () => {
    const target = await sshd()
    const jump = await sshd()
    const b = bench()
    const proxy = await proxyTo(jump, b)
    await pin(b, target.port)
    const connection = await b.connector.connect(
      makeRequest({
        port: target.port,
        password,
        settings: { usePassword: true, jumps: [{ host: '127.0.0.1', port: proxy.port, user: 'operator' }] }
      })
    )
    proxy.freeze()
    expect((await connection.closed).code).toBe('linkFrozen')
  })

  it('a half-closed and a reset link are ends too', async () => {
    const server = await sshd()
    for (const fault of ['halfClose', 'reset'] as const) {
      const b = bench({ ...DEADLINES, keepaliveIntervalMs: 60_000 })
      const proxy = await proxyTo(server, b)
      const connection = await connected(b, proxy.port)
      proxy[fault]()
      expect((await connection.closed).code).toBe('connectionClosed')
    }
  })
})

describe('reconnecting', () => {
  const cycles = process.env['VIRTHELM_LONG'] === '1' ? 100 : 10
  it(`comes back after each of ${cycles} cuts, and leaves nothing open`, async () => {
    const server = await sshd()
    const b = bench({ ...DEADLINES, handshakeMs: 5_000, loginMs: 5_000 })
    const proxy = await proxyTo(server, b)
    const times: number[] = []
    for (let cycle = 0; cycle < cycles; cycle += 1) {
      const connection = await connected(b, proxy.port)
      if (cycle % 2 === 0) proxy.reset()
      else proxy.freeze()
      await connection.closed
      proxy.restore()
      const started = performance.now()
      const back = await connected(b, proxy.port)
      times.push(performance.now() - started)
      back.close()
    }
    times.sort((a, z) => a - z)
    expect(times.at(-1)).toBeLessThan(5_000)
    await expect.poll(() => server.counts.open).toBe(0)
  })

  it('trust() of the shown key is all that a new server needs', async () => {
    const server = await sshd()
    const b = bench()
    const request = makeRequest({ port: server.port, password })
    await trust(b, request)
    ;(await b.connector.connect(request)).close()
  })
})

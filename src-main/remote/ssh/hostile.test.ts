/** Servers that send what no server should: the console stays up, responsive and within its memory. */
import { deflateSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ServerChannel } from 'ssh2'
import { createSecret } from './secret.ts'
import { startFaultProxy } from './testing/fault-proxy.ts'
import { makeTestKey } from './testing/keys.ts'
import { startServerProcess } from './testing/server-process.ts'
import { startTestServer, type TestServer, type TestServerOptions } from './testing/ssh-test-server.ts'
import { failureOf, makeBench, makeRequest, type Bench } from './testing/setup.ts'

const LONG = process.env['VIRTHELM_LONG'] === '1'
const hostKey = makeTestKey()
const password = createSecret('right')
const MIB = 1024 * 1024

const open: (() => Promise<void> | void)[] = []
const uncaught: unknown[] = []
const onUncaught = (error: unknown): void => void uncaught.push(error)

beforeEach(() => {
  process.on('uncaughtException', onUncaught)
  process.on('unhandledRejection', onUncaught)
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  process.off('uncaughtException', onUncaught)
  process.off('unhandledRejection', onUncaught)
  expect(uncaught.splice(0)).toEqual([])
})

async function pair(options: TestServerOptions): Promise<{ server: TestServer; b: Bench }> {
  const server = await startTestServer({ hostKeys: [hostKey.privatePem], password: 'right', ...options })
  const b = makeBench({ deadlines: { handshakeMs: 2_000, loginMs: 2_000 } })
  open.push(
    () => server.close(),
    () => b.connector.close()
  )
  await pin(b, server.port)
  return { server, b }
}

const pin = (b: Bench, port: number): Promise<void> =>
  b.pins.pin(
    { host: '127.0.0.1', port, type: hostKey.type, fingerprint: '', keyBase64: hostKey.keyBase64 },
    { replace: true }
  )

async function connected(options: TestServerOptions) {
  const { server, b } = await pair(options)
  const connection = await b.connector.connect(makeRequest({ port: server.port, password }))
  open.push(() => connection.close())
  return { server, b, connection, signal: new AbortController().signal }
}

/** Numbers from a seed, so that a failure can be seen again. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function mutate(chunk: Buffer, random: () => number): Buffer {
  const copy = Buffer.from(chunk)
  const at = (): number => Math.floor(random() * copy.length)
  switch (Math.floor(random() * 5)) {
    case 0:
      copy[at()] = Math.floor(random() * 256)
      return copy
    case 1:
      for (let n = 0; n < 4; n += 1) copy[at()] = Math.floor(random() * 256)
      return copy
    case 2:
      return copy.subarray(0, at())
    case 3:
      return Buffer.concat([copy, copy.subarray(at())])
    default:
      // A length field that claims far too much or nothing.
      copy.writeUInt32BE(Math.floor(random() * 2 ** 32), Math.max(0, Math.min(at(), copy.length - 4)))
      return copy
  }
}

describe('mutated handshakes', () => {
  const count = LONG ? 10_000 : 1_000
  it(`${count} of them end with an error or a login, nothing else`, async () => {
    const server = await startTestServer({ hostKeys: [hostKey.privatePem], password: 'right' })
    open.push(() => server.close())
    // Each connector lets four at once in at one server.
    const benches = Array.from({ length: 6 }, () =>
      makeBench({ deadlines: { handshakeMs: 150, loginMs: 150 } })
    )
    const random = randomFrom(7)
    const proxy = await startFaultProxy({
      targetPort: server.port,
      // One of the first chunks: identification, algorithms, key exchange, login.
      mutate: (chunk, offset, connection) =>
        offset <= (connection % 5) * 400 && chunk.length >= 4 ? mutate(chunk, random) : chunk
    })
    open.push(() => proxy.close())
    for (const b of benches) await pin(b, proxy.port)
    const codes = new Map<string, number>()
    const abort = new AbortController()
    const one = async (_: unknown, n: number): Promise<void> => {
      const b = benches[n % benches.length]
      if (!b) return
      const request = makeRequest({ port: proxy.port, password, signal: abort.signal })
      const code = await b.connector.connect(request).then(
        (connection) => {
          connection.close()
          return 'in'
        },
        (error: unknown) => (error instanceof Error ? error.message : 'not an error')
      )
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    const atOnce = Array.from({ length: 20 })
    const alone = 100
    for (let done = 0; done < count - alone; done += 20) await Promise.all(atOnce.map(one))
    // One by one, each costs both ends together less computing than would be felt as a hitch. In processor time,
    // because the machine has other work.
    let worstMs = 0
    for (let n = 0; n < alone; n += 1) {
      const before = process.cpuUsage()
      await one(null, n)
      const { user, system } = process.cpuUsage(before)
      worstMs = Math.max(worstMs, (user + system) / 1_000)
    }
    expect(worstMs).toBeLessThan(100)
    expect([...codes.values()].reduce((sum, n) => sum + n, 0)).toBe(count)
    expect(codes.has('internal')).toBe(false)
    expect(codes.size).toBeGreaterThan(3)
    expect(server.tries.every((one) => one.method !== 'password' || one.password === 'right')).toBe(true)
  }, 600_000)
})

interface RawProtocol {
  _packetRW: {
    write: { allocStart: number; alloc(size: number): Uint8Array; finalize(packet: Uint8Array): Uint8Array }
  }
  _cipher: { encrypt(packet: Uint8Array): void }
}

/** Sends any payload as a well encrypted packet, which a fuzzer on the wire cannot. */
function sendRaw(channel: ServerChannel, payload: Buffer): void {
  const protocol = (channel as unknown as { _client: { _protocol: RawProtocol } })._client._protocol
  const { write } = protocol._packetRW
  const packet = write.alloc(payload.length)
  packet.set(payload, write.allocStart)
  protocol._cipher.encrypt(write.finalize(packet))
}

describe('a hostile server that knows the session keys', () => {
  const count = LONG ? 10_000 : 1_000
  it(`${count} packets of any type and content`, async () => {
    const random = randomFrom(11)
    let sent = 0
    const { server, b } = await pair({
      exec: (channel) => {
        const bytes = Array.from({ length: Math.floor(random() * 60) }, () =>
          random() < 0.5 ? Math.floor(random() * 4) : Math.floor(random() * 256)
        )
        sent += 1
        sendRaw(channel, Buffer.from([Math.floor(random() * 128), ...bytes]))
        channel.exit(0)
        channel.end()
      }
    })
    const { signal } = new AbortController()
    const request = makeRequest({ port: server.port, password })
    const codes = new Set<string>()
    let connection = await b.connector.connect(request)
    while (sent < count) {
      const result = await connection.run('true', { signal, deadlineMs: 1_000 }).then(
        () => 'done',
        (error: unknown) => (error instanceof Error ? error.message : 'not an error')
      )
      codes.add(result)
      if (result === 'disconnected') connection = await b.connector.connect(request)
    }
    connection.close()
    expect(codes.has('internal')).toBe(false)
    expect([...codes]).toContain('disconnected')
  }, 600_000)

  it('a packet that inflates to 30 MB ends the link before it is kept', async () => {
    const bomb = Buffer.alloc(30 * MIB)
    expect(deflateSync(bomb).length).toBeLessThan(35_000)
    const { b, server } = await pair({
      compress: true,
      exec: (channel) => {
        // An IGNORE message, which nobody above would ever see.
        const payload = Buffer.concat([Buffer.from([2]), Buffer.from([0x01, 0xdf, 0xff, 0xf0]), bomb])
        sendRaw(channel, payload)
      }
    })
    // Compression is not asked for on loopback: a name that is not seen as such.
    const resolver = { resolve: async () => ['::ffff:7f00:1'] }
    const other = makeBench({ resolver })
    open.push(() => other.connector.close())
    await other.pins.pin(
      {
        host: 'far.lan',
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
      settings: { host: 'far.lan', usePassword: true }
    })
    const connection = await other.connector.connect(request)
    const { signal } = new AbortController()
    expect((await failureOf(connection.run('true', { signal, deadlineMs: 3_000 }))).code).toBe('disconnected')
    expect((await connection.closed).params['reason']).toMatch(/exceeded maximum/)
    b.connector.close()
  })
})

describe('a compressed link', () => {
  const rounds = LONG ? 300 : 15
  it(`cut ${rounds} times at any moment under load throws nowhere`, async () => {
    // A process of its own: what its half of ssh2 throws there is not ours.
    const server = await startServerProcess({
      hostKeys: [hostKey.privatePem],
      password: 'right',
      compress: true
    })
    const proxy = await startFaultProxy({ targetPort: server.port })
    // Compression is not asked for on loopback: an address that is not seen as such.
    const b = makeBench({ resolver: { resolve: async () => ['::ffff:7f00:1'] } })
    open.push(
      () => server.close(),
      () => proxy.close(),
      () => b.connector.close()
    )
    await b.pins.pin(
      {
        host: 'far.lan',
        port: proxy.port,
        type: hostKey.type,
        fingerprint: '',
        keyBase64: hostKey.keyBase64
      },
      { replace: true }
    )
    const request = makeRequest({
      port: proxy.port,
      password,
      settings: { host: 'far.lan', usePassword: true }
    })
    const { signal } = new AbortController()
    const options = { signal, deadlineMs: 5_000 }
    const random = randomFrom(3)
    for (let round = 0; round < rounds; round += 1) {
      const connection = await b.connector.connect(request)
      const shell = await connection.openShell(options)
      const work = [
        connection.run('yes | head -c 3000000', options),
        connection.run('sleep 0.01; echo done', options),
        connection.openShell(options).then((other) => other.end()),
        shell.write(`cat >/dev/null\n${'x'.repeat(5_000_000)}`).then(() => shell.end())
      ]
      setTimeout(() => (round % 3 === 0 ? connection.close() : proxy.reset()), random() * 40)
      await Promise.allSettled(work)
      await connection.closed
      shell.end()
      shell.close()
    }
  }, 600_000)
})

describe('output without end', () => {
  /** The most that the process grew, sampled while the work runs. */
  async function growthOf(work: () => Promise<unknown>): Promise<number> {
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let most = before
    const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 10)
    await work()
    clearInterval(timer)
    return (Math.max(most, process.memoryUsage().rss) - before) / MIB
  }

  it.each([
    ['short lines', 'yes'],
    ['one line of 100 MB', "head -c 104857600 /dev/zero | tr '\\0' x"],
    ['on stderr', 'yes >&2']
  ])('%s is cut off at 8 MiB within a bounded memory', async (_, script) => {
    // A process of its own, so that only the console's memory is measured.
    const server = await startServerProcess({ hostKeys: [hostKey.privatePem], password: 'right' })
    open.push(() => server.close())
    const b = makeBench()
    await pin(b, server.port)
    const connection = await b.connector.connect(makeRequest({ port: server.port, password }))
    open.push(() => connection.close())
    const { signal } = new AbortController()
    await connection.run('true', { signal, deadlineMs: 5_000 })
    const growth = await growthOf(async () => {
      const error = await failureOf(connection.run(script, { signal, deadlineMs: 20_000 }))
      expect(error.code).toBe('outputTooLarge')
      expect(error.params).toEqual({ limitBytes: 8 * MIB })
    })
    expect(growth).toBeLessThan(50)
    expect((await connection.run('echo still', { signal, deadlineMs: 5_000 })).stdout).toBe('still\n')
  })

  it('noise before the marker is neither kept nor counted', async () => {
    const noisy = (channel: ServerChannel): void => {
      channel.on('data', (text: Buffer) => {
        const marker = /virthelm run (\w+)/.exec(text.toString())?.[1]
        if (!marker) return
        channel.stderr.write('motd on stderr\n')
        channel.stderr.write(`${marker} begin\nwarning\n\n${marker} end\n`)
        const noise = Buffer.alloc(MIB, `welcome ${marker} to\n`)
        for (let n = 0; n < 12; n += 1) channel.write(noise)
        channel.write(`no newline${marker} begin\nresult \xff\n${marker} exit 0\n`, 'latin1')
      })
    }
    const { connection, signal } = await connected({ exec: noisy })
    const result = await connection.run('x', { signal, deadlineMs: 10_000 })
    expect(result).toEqual({ exitCode: 0, stdout: 'result \ufffd', stderr: 'warning\n' })
  })

  it('exactly as much as allowed is not too much', async () => {
    const { connection, signal } = await connected({})
    const options = { signal, deadlineMs: 5_000, maxBytes: 10_000 }
    const most = await connection.run("head -c 10000 /dev/zero | tr '\\0' x", options)
    expect(most.stdout.length).toBe(10_000)
    const more = connection.run("head -c 10300 /dev/zero | tr '\\0' x", options)
    expect((await failureOf(more)).code).toBe('outputTooLarge')
  })
})

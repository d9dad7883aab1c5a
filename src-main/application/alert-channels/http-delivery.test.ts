/** Webhook and ntfy against real servers on loopback, with the client that the console uses. */
import { createHmac } from 'node:crypto'
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ChannelTarget } from '#contract/alert-channels.ts'
import { AppError } from '#contract/errors.ts'
import { alertOf } from '../../../test/fakes/told-alerts.ts'
import { createEngineHttp } from '../../remote/engines/http-client.ts'
import { createSecret } from '../../remote/ssh/secret.ts'
import { createResolver } from '../../remote/ssh/resolver.ts'
import { systemClock } from '../clock.ts'
import { deliver } from './delivery.ts'
import type { Message } from './message.ts'

interface Seen {
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

const open: { server: Server | TcpServer; sockets: Set<Socket> }[] = []
let seen: Seen[] = []
let http: ReturnType<typeof createEngineHttp>

beforeEach(() => {
  seen = []
  http = createEngineHttp(createResolver({ hosts: '/etc/hosts', resolvConf: null, servers: ['127.0.0.1:9'] }))
})
afterEach(async () => {
  http.close()
  await closeAll()
})
async function closeAll(): Promise<void> {
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  }
}

async function listen(server: Server | TcpServer): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  open.push({ server, sockets })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
async function serve(
  answer: (response: ServerResponse) => void = (response) => response.end()
): Promise<string> {
  const server = createHttp((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { url = '', headers, rawHeaders } = request
      seen.push({ path: url, headers, rawHeaders, body: Buffer.concat(chunks).toString() })
      answer(response)
    })
  })
  return `http://127.0.0.1:${String(await listen(server))}`
}

const message = (more: Partial<Message> = {}): Message => ({
  kind: 'alerts',
  sentAtMs: 1_700_000_100_000,
  channel: 'Hook',
  told: [{ headline: 'raised', alert: alertOf(1) }],
  heldBack: false,
  dropped: 0,
  zone: 'utc',
  ...more
})
const mailer = { send: () => Promise.reject(new Error('no mail here')) }
const notifier = { show: () => undefined }
const send = (
  target: ChannelTarget,
  options: { secret?: string; message?: Message; signal?: AbortSignal } = {}
): Promise<unknown> =>
  deliver(
    {
      target,
      secret: options.secret === undefined ? null : createSecret(options.secret),
      message: options.message ?? message(),
      signal: options.signal ?? new AbortController().signal
    },
    { http, mailer, notifier, clock: systemClock }
  )
async function errorOf(sent: Promise<unknown>): Promise<AppError> {
  const error: unknown = await sent.then(
    () => new Error('it was sent'),
    (cause: unknown) => cause
  )
  if (!(error instanceof AppError)) throw error
  expect(error.params['service']).toBe('channel')
  return error
}

describe('a webhook', () => {
  it('gets the JSON that is documented, signed over the very bytes, with the time in it', async () => {
    const address = await serve()
    await send({ kind: 'webhook', url: `${address}/hook?a=b` }, { secret: 'signing key' })
    const [got] = seen
    expect(got?.path).toBe('/hook?a=b')
    expect(got?.headers['content-type']).toContain('application/json')
    expect(got?.headers['x-virthelm-timestamp']).toBe('1700000100000')
    const signature = createHmac('sha256', 'signing key')
      .update(got?.body ?? '')
      .digest('hex')
    expect(got?.headers['x-virthelm-signature']).toBe(`sha256=${signature}`)
    expect(JSON.parse(got?.body ?? '')).toMatchObject({
      version: 1,
      kind: 'alerts',
      sentAtMs: 1_700_000_100_000,
      level: 'RED',
      alerts: [{ news: 'raised', serverName: 'web-1', value: 0.93, threshold: 0.8 }]
    })
    expect(got?.body).not.toContain('signing key')
  })

  it('is not signed without a key', async () => {
    await send({ kind: 'webhook', url: await serve() })
    expect(seen[0]?.headers['x-virthelm-signature']).toBeUndefined()
  })

  it('is not followed to where it points', async () => {
    const elsewhere = await serve()
    const address = await serve((response) => response.writeHead(307, { location: elsewhere }).end())
    const error = await errorOf(send({ kind: 'webhook', url: address }, { secret: 'k' }))
    expect(error).toMatchObject({ code: 'notifyRefused', retryable: false, params: { reason: 'redirected' } })
    expect(seen).toHaveLength(1)
  })

  it('says what is wrong, and whether it may help to try again', async () => {
    const answering = async (status: number, headers: Record<string, string> = {}): Promise<AppError> => {
      const address = await serve((response) =>
        response.writeHead(status, headers).end('no \u0007such thing')
      )
      return errorOf(send({ kind: 'webhook', url: address }))
    }
    for (const status of [401, 403])
      expect(await answering(status)).toMatchObject({ code: 'notifyLoginRefused', retryable: false })
    for (const status of [400, 404, 410, 413])
      expect(await answering(status)).toMatchObject({ code: 'notifyRefused', retryable: false })
    for (const status of [408, 500, 502, 503])
      expect(await answering(status)).toMatchObject({ code: 'notifyBusy', retryable: true })
    expect((await answering(400)).params['text']).toBe('no ‹U+0007›such thing')
    expect((await answering(429, { 'retry-after': '120' })).params['retryAfterMs']).toBe(120_000)
    const later = new Date(Date.now() + 60_000).toUTCString()
    expect((await answering(503, { 'retry-after': later })).params['retryAfterMs']).toBeGreaterThan(50_000)
    expect((await answering(429, { 'retry-after': '99999999' })).params['retryAfterMs']).toBe(3_600_000)
    const tcp = createTcp((socket) => socket.on('error', () => undefined).end('SSH-2.0-x\r\n'))
    const port = await listen(tcp)
    expect((await errorOf(send({ kind: 'webhook', url: `http://127.0.0.1:${String(port)}/` }))).code).toBe(
      'notifyRefused'
    )
    await closeAll()
    const gone = await errorOf(send({ kind: 'webhook', url: `http://127.0.0.1:${String(port)}/` }))
    expect(gone).toMatchObject({ code: 'connectionRefused', retryable: true })
  })

  it('keeps to itself what a server repeats of the secret, and puts no login of an address anywhere', async () => {
    const address = await serve((response) => response.writeHead(400).end('bad key canary-7731'))
    const error = await errorOf(send({ kind: 'webhook', url: address }, { secret: 'canary-7731' }))
    expect(JSON.stringify(error.toInfo())).not.toContain('canary-7731')
    expect(error.cause).toBeUndefined()
  })
})

describe('ntfy', () => {
  const target = async (): Promise<ChannelTarget> => ({ kind: 'ntfy', server: await serve(), topic: 'ops' })

  it('gets topic, title, text, priority and tag, and the token as a bearer', async () => {
    await send(await target(), { secret: 'tk_abc' })
    expect(seen[0]?.path).toBe('/')
    expect(seen[0]?.headers.authorization).toBe('Bearer tk_abc')
    expect(JSON.parse(seen[0]?.body ?? '')).toMatchObject({
      topic: 'ops',
      title: 'RED: web-1: CPU used 93 % (above 80 % for 5 min)',
      priority: 5,
      tags: ['rotating_light']
    })
    const amber = { headline: 'raised' as const, alert: alertOf(1, { level: 'AMBER' }) }
    await send(await target(), { message: message({ told: [amber] }) })
    expect(JSON.parse(seen[1]?.body ?? '')).toMatchObject({ priority: 3, tags: ['warning'] })
    expect(seen[1]?.headers.authorization).toBeUndefined()
  })

  it('stays below the size of which it would make a file', async () => {
    const told = Array.from({ length: 200 }, (_none, index) => ({
      headline: 'raised' as const,
      alert: alertOf(index, { label: '„ж“'.repeat(60) })
    }))
    await send(await target(), { message: message({ told }) })
    const { message: text } = JSON.parse(seen[0]?.body ?? '') as { message: string }
    expect(Buffer.byteLength(text)).toBeLessThan(4_096)
    expect(text).toMatch(/… and \d+ more\.$/)
  })

  it('refuses a token that would be more than a token, without repeating it', async () => {
    for (const secret of ['tk\r\nX-Evil: 1', 'tk abc', 'tk\u20acx']) {
      const error: unknown = await send(await target(), { secret }).catch((cause: unknown) => cause)
      expect(error).toMatchObject({ code: 'notifyLoginRefused', params: { reason: 'tokenOdd' } })
    }
    expect(seen).toEqual([])
  })
})

describe('names of others', () => {
  it('never become a header of a request', async () => {
    const url = await serve()
    const plain = new Set<string>()
    await send({ kind: 'webhook', url }, { secret: 'k' })
    await send({ kind: 'ntfy', server: url, topic: 't' }, { secret: 'k' })
    for (const { rawHeaders } of seen)
      for (const [index, name] of rawHeaders.entries()) if (index % 2 === 0) plain.add(name)
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.constant('a\r\nX-Evil: 1\r\n\r\n{}')),
        fc.constantFrom('webhook', 'ntfy'),
        async (name, kind) => {
          seen = []
          const alert = { ...alertOf(1), serverName: name, label: name, ruleName: name }
          await send(kind === 'webhook' ? { kind, url } : { kind: 'ntfy', server: url, topic: 't' }, {
            message: message({ channel: name, told: [{ headline: 'raised', alert }] }),
            secret: 'k'
          })
          expect(seen).toHaveLength(1)
          for (const [index, header] of (seen[0]?.rawHeaders ?? []).entries())
            if (index % 2 === 0) expect(plain).toContain(header)
        }
      ),
      { numRuns: 25 }
    )
  })
})

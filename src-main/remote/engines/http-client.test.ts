import { createServer as createHttp, type RequestListener } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { EngineRequest } from '../../application/engines/http.ts'
import { createResolver } from '../ssh/resolver.ts'
import { createEngineHttp } from './http-client.ts'

const open: { server: Server; sockets: Set<Socket> }[] = []
const clients: { close(): void }[] = []

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  open.push({ server, sockets })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return (server.address() as AddressInfo).port
}
const serve = (answer: RequestListener): Promise<number> => listen(createHttp(answer))
const raw = (talk: (socket: Socket) => void): Promise<number> =>
  listen(
    createTcp((socket) => {
      socket.on('error', () => undefined)
      talk(socket)
    })
  )

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  for (const { server, sockets } of open.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((done) => server.close(done))
  }
})

function client(): ReturnType<typeof createEngineHttp> {
  const made = createEngineHttp(
    createResolver({ hosts: '/nonexistent', resolvConf: null, servers: ['127.0.0.1:9'] })
  )
  clients.push(made)
  return made
}
const asking = (url: string, more: Partial<EngineRequest> = {}): EngineRequest => ({
  method: 'POST',
  url: new URL(url),
  headers: {},
  body: Buffer.from('body'),
  deadlineMs: 2_000,
  maxAnswerBytes: 1_000,
  signal: new AbortController().signal,
  ...more
})
const codeOf = async (asked: Promise<unknown>): Promise<string> => {
  const error: unknown = await asked.then(
    () => new Error('it was answered'),
    (cause: unknown) => cause
  )
  if (!(error instanceof AppError)) throw error
  expect(error.params).toMatchObject({ service: 'engine' })
  return error.code
}

describe('a request to an outside engine', () => {
  it('carries body and headers, and gives status, headers and body of the answer', async () => {
    const port = await serve((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        response.writeHead(418, { 'X-What': String(request.headers['x-a']) })
        response.end(`${String(request.method)} ${String(request.url)} ${Buffer.concat(chunks).toString()}`)
      })
    })
    const answer = await client().request(
      asking(`http://127.0.0.1:${String(port)}/write?db=x`, { headers: { 'x-a': 'b' } })
    )
    expect(answer).toMatchObject({ status: 418, headers: { 'x-what': 'b' } })
    expect(Buffer.from(answer.body).toString()).toBe('POST /write?db=x body')
  })

  it('says which stages it passed, also over a connection that was kept', async () => {
    const port = await serve((_request, response) => response.end())
    const engine = client()
    for (let time = 0; time < 2; time++) {
      const stages: string[] = []
      await engine.request(
        asking(`http://localhost:${String(port)}/`, { onStage: (stage) => stages.push(stage) })
      )
      expect(stages).toEqual(['resolve', 'connect'])
    }
  })

  it('does not follow a redirect, so that a token goes to no other host', async () => {
    let visits = 0
    const port = await serve((request, response) => {
      visits++
      response
        .writeHead(307, { location: `http://127.0.0.1:${String(request.socket.localPort)}/elsewhere` })
        .end()
    })
    expect((await client().request(asking(`http://127.0.0.1:${String(port)}/`))).status).toBe(307)
    expect(visits).toBe(1)
  })

  it('cuts off an answer that is longer than it may be', async () => {
    const port = await serve((_request, response) => {
      const more = setInterval(() => response.write('x'.repeat(400)), 1)
      response.on('close', () => clearInterval(more))
    })
    expect(await codeOf(client().request(asking(`http://127.0.0.1:${String(port)}/`)))).toBe('outputTooLarge')
  })

  it('ends by its deadline where something accepts and never answers', async () => {
    const port = await raw(() => undefined)
    const startedMs = performance.now()
    const asked = client().request(asking(`http://127.0.0.1:${String(port)}/`, { deadlineMs: 200 }))
    expect(await codeOf(asked)).toBe('deadlineExceeded')
    expect(performance.now() - startedMs).toBeLessThan(1_200)
  })

  it('ends by its deadline where an answer trickles', async () => {
    const port = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      const more = setInterval(() => socket.write('x'), 20)
      socket.on('close', () => clearInterval(more))
    })
    const asked = client().request(asking(`http://127.0.0.1:${String(port)}/`, { deadlineMs: 300 }))
    expect(await codeOf(asked)).toBe('deadlineExceeded')
  })

  it('tells what is wrong: no such name, nobody there, no TLS, no HTTP, hung up', async () => {
    const silent = await raw((socket) => socket.end('SSH-2.0-OpenSSH_9.2p1\r\n'))
    const plain = await serve((_request, response) => response.end())
    const hangsUp = await raw((socket) => socket.destroy())
    const gone = await serve(() => undefined)
    const last = open.pop()
    await new Promise((done) => last?.server.close(done))
    const engine = client()
    const at = (address: string): Promise<string> => codeOf(engine.request(asking(address)))
    expect(await at('http://nowhere.invalid/')).toMatch(/^address(NotFound|Timeout)$/)
    expect(await at(`http://127.0.0.1:${String(gone)}/`)).toBe('connectionRefused')
    expect(await at(`https://127.0.0.1:${String(plain)}/`)).toBe('tlsFailed')
    expect(await at(`http://127.0.0.1:${String(silent)}/`)).toBe('engineNotThisKind')
    expect(await at(`http://127.0.0.1:${String(hangsUp)}/`)).toBe('connectionClosed')
  })

  it('ends at once when it is cancelled, before and after it was sent', async () => {
    const port = await raw(() => undefined)
    for (const early of [true, false]) {
      const cancel = new AbortController()
      if (early) cancel.abort()
      const asked = client()
        .request(asking(`http://127.0.0.1:${String(port)}/`, { signal: cancel.signal }))
        .catch((error: unknown) => error)
      cancel.abort()
      expect(await asked).toMatchObject({ code: 'cancelled' })
    }
  })

  it('asks once more where a kept connection was given up meanwhile', async () => {
    let requests = 0
    const port = await raw((socket) => {
      socket.once('data', () => {
        requests++
        socket.write('HTTP/1.1 204 No Content\r\n\r\n')
        // Whatever comes next on this connection finds it closed.
        socket.once('data', () => socket.resetAndDestroy())
      })
    })
    const engine = client()
    const url = `http://127.0.0.1:${String(port)}/`
    expect((await engine.request(asking(url))).status).toBe(204)
    expect((await engine.request(asking(url))).status).toBe(204)
    expect(requests).toBe(2)
  })
})

import { once } from 'node:events'
import { mkdtemp, mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage, type RequestOptions } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import type { RpcPort, ServerFrame } from '#contract/frames.ts'
import type { Log } from '../../application/platform/platform.ts'
import { openLoopbackServer, type Download, type LoopbackServer } from './loopback-server.ts'

const log: Log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => 'x' }

let folder: string
let server: LoopbackServer
let port: number
let token: string
let cookie: string
let connected: RpcPort<ServerFrame>[]
let downloads: Map<string, Download>

interface Answer {
  status: number
  headers: IncomingMessage['headers']
  body: string
}

/** A raw request: Host, Origin and Cookie exactly as given. */
function ask(path: string, headers: Record<string, string | string[]> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options: RequestOptions = { host: '127.0.0.1', port, path, method, headers, agent: false }
    const sent = request(options, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject
      )
    })
    sent.on('error', reject)
    sent.end()
  })
}

const own = () => ({ host: `127.0.0.1:${port}`, cookie })

/** 'open' or the HTTP status of the refusal. */
async function openSocket(headers: Record<string, string>, path = '/rpc'): Promise<'open' | number> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers })
  const result = await new Promise<'open' | number>((resolve) => {
    socket.once('open', () => resolve('open'))
    socket.once('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0))
    socket.once('error', () => resolve(0))
  })
  socket.terminate()
  return result
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'virthelm-web-'))
  await mkdir(join(folder, 'renderer', 'assets'), { recursive: true })
  await writeFile(join(folder, 'renderer', 'index.html'), '<!doctype html><title>Virthelm</title>')
  await writeFile(join(folder, 'renderer', 'assets', 'app-1.js'), 'export {}')
  await writeFile(join(folder, 'renderer', '.secret.js'), 'hidden')
  await writeFile(join(folder, 'outside.js'), 'outside')
  connected = []
  downloads = new Map()
  server = await openLoopbackServer({
    port: 0,
    rendererFolder: join(folder, 'renderer'),
    log,
    onPort: (opened) => connected.push(opened),
    takeDownload(id) {
      const download = downloads.get(id) ?? null
      downloads.delete(id)
      return download
    }
  })
  const address = new URL(server.address)
  port = Number(address.port)
  token = address.searchParams.get('token') ?? ''
  const welcome = await ask(`/?token=${token}`, { host: `127.0.0.1:${port}` })
  cookie = (welcome.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? ''
})
afterEach(async () => {
  await server.close()
  await rm(folder, { recursive: true })
})

describe('the printed address', () => {
  it('listens on 127.0.0.1 only and carries 256 bits', () => {
    expect(new URL(server.address).hostname).toBe('127.0.0.1')
    expect(Buffer.from(token, 'base64url')).toHaveLength(32)
  })

  it('exchanges its token for a cookie that scripts and other sites cannot use, and leaves the address bar', async () => {
    const welcome = await ask(`/?token=${token}`, { host: `127.0.0.1:${port}` })
    expect(welcome).toMatchObject({ status: 303, headers: { location: '/' } })
    expect(welcome.headers['set-cookie']?.[0]).toMatch(
      new RegExp(`^virthelm-${port}=[\\w-]{43}; HttpOnly; SameSite=Strict; Path=/$`)
    )
    expect(cookie).not.toContain(token)
  })

  it('serves a second tab by the cookie, and another browser by the same address', async () => {
    expect((await ask('/', own())).status).toBe(200)
    expect((await ask('/', own())).status).toBe(200)
    expect((await ask(`/?token=${token}`, { host: `127.0.0.1:${port}` })).status).toBe(303)
  })

  it('gives tickets that are good for one use', async () => {
    const ticket = new URL(server.ticketAddress()).search
    expect((await ask(`/${ticket}`, { host: `127.0.0.1:${port}` })).status).toBe(303)
    expect((await ask(`/${ticket}`, { host: `127.0.0.1:${port}` })).status).toBe(403)
  })
})

describe('P19: closed to others', () => {
  const foreignHosts = [
    'localhost',
    'evil.example',
    '127.0.0.1',
    '127.0.0.1.evil.example',
    '[::1]',
    '0.0.0.0',
    '2130706433'
  ]
  const foreignOrigins = [
    'null',
    'https://evil.example',
    'http://127.0.0.1',
    'http://localhost:PORT',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1:PORT.evil.example',
    'http://127.0.0.1:1',
    'file://',
    'chrome-extension://abcdefghijklmnop'
  ]
  const here = (value: string): string => value.replace('PORT', String(port))
  const hostHeaders = (): string[] => [
    ...foreignHosts
      .flatMap((host) => [host, `${host}:${port}`])
      .filter((host) => host !== `127.0.0.1:${port}`),
    `127.0.0.1:${port + 1}`,
    `127.0.0.1:${port}.`
  ]

  it('refuses every foreign Host, with all secrets known (a rebound name)', async () => {
    for (const host of hostHeaders()) {
      for (const path of ['/', `/?token=${token}`, '/assets/app-1.js', '/download/abc']) {
        expect([host, path, (await ask(path, { host, cookie })).status]).toEqual([host, path, 403])
      }
      expect([host, await openSocket({ host, cookie, origin: `http://127.0.0.1:${port}` })]).toEqual([
        host,
        403
      ])
      expect([host, await openSocket({ host, cookie, origin: `http://${host}` })]).toEqual([host, 403])
    }
    expect(connected).toHaveLength(0)
  })

  it('refuses every foreign Origin, with all secrets known', async () => {
    for (const origin of foreignOrigins.map(here)) {
      expect([origin, (await ask('/', { ...own(), origin })).status]).toEqual([origin, 403])
      expect([origin, await openSocket({ ...own(), origin })]).toEqual([origin, 403])
    }
    // A WebSocket without any Origin is no browser's.
    expect(await openSocket(own())).toBe(403)
    expect(connected).toHaveLength(0)
  })

  it("refuses whoever has no token, a wrong one, or another console's cookie", async () => {
    const host = `127.0.0.1:${port}`
    const origin = `http://${host}`
    const value = cookie.split('=')[1] ?? ''
    const wrongCookies = [
      '',
      'virthelm=1',
      `virthelm-${port}=`,
      `virthelm-${port}=${'A'.repeat(43)}`,
      `virthelm-${port}=${value.slice(0, -1)}`,
      `virthelm-${port}=${value}x`,
      `virthelm-${port}=${token}`,
      `virthelm-${port + 1}=${value}`,
      `x${cookie}`
    ]
    for (const wrong of wrongCookies) {
      for (const path of ['/', '/index.html', '/assets/app-1.js', '/download/abc', '/rpc']) {
        expect([wrong, path, (await ask(path, { host, cookie: wrong })).status]).toEqual([wrong, path, 403])
      }
      expect([wrong, await openSocket({ host, origin, cookie: wrong })]).toEqual([wrong, 403])
    }
    for (const wrong of ['', 'A'.repeat(43), token.slice(1), `${token}A`, token.toLowerCase(), value]) {
      expect((await ask(`/?token=${wrong}`, { host })).status).toBe(403)
    }
    expect(await openSocket({ host, origin }, `/rpc?token=${token}`)).toBe(403)
    expect(connected).toHaveLength(0)
  })

  it('refuses what a page of another site loads from here', async () => {
    for (const site of ['cross-site', 'same-site']) {
      const headers = { ...own(), 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }
      expect((await ask('/assets/app-1.js', headers)).status).toBe(403)
    }
  })

  it('accepts its own window, so that the refusals above mean something', async () => {
    expect(await openSocket({ ...own(), origin: `http://127.0.0.1:${port}` })).toBe('open')
    expect(connected).toHaveLength(1)
  })

  it('refuses a Host that is given twice or not at all, other methods, other sockets and too many of them', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nHost: evil.example\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`
    )
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 40[03]/)
    const hostless = connect(port, '127.0.0.1')
    hostless.write(`GET / HTTP/1.0\r\nCookie: ${cookie}\r\n\r\n`)
    expect(await text(hostless)).toMatch(/^HTTP\/1\.1 403/)
    expect((await ask('/', own(), 'POST')).status).toBe(405)
    const good = { ...own(), origin: `http://127.0.0.1:${port}` }
    expect(await openSocket(good, '/other')).toBe(403)
    const open = Array.from(
      { length: 16 },
      () => new WebSocket(`ws://127.0.0.1:${port}/rpc`, { headers: good })
    )
    await Promise.all(open.map((one) => once(one, 'open')))
    expect(await openSocket(good)).toBe(403)
    for (const one of open) one.terminate()
  })
})

describe('files', () => {
  it('come with a policy that allows only what the window needs', async () => {
    const { status, headers, body } = await ask('/', own())
    expect(status).toBe(200)
    expect(body).toContain('<title>Virthelm</title>')
    const policy = headers['content-security-policy'] ?? ''
    expect(policy).toMatch(/^default-src 'none'; script-src 'self';/)
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${port};`)
    expect(policy).toContain("frame-ancestors 'none'")
    expect(policy).not.toMatch(/script-src[^;]*unsafe/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-type': 'text/html; charset=utf-8'
    })
  })

  it('are the built window and nothing else', async () => {
    await symlink(join(folder, 'outside.js'), join(folder, 'renderer', 'assets', 'app-2.txt'))
    expect((await ask('/assets/app-1.js', own())).body).toBe('export {}')
    expect((await ask('/servers/1', own())).body).toContain('Virthelm')
    for (const path of [
      '/../outside.js',
      '/..%2foutside.js',
      '/%2e%2e/outside.js',
      '/assets/..%5c..%5coutside.js',
      '/.secret.js',
      '/assets/%00.js',
      '/%ff.js',
      '/assets/app-2.txt',
      '//etc/passwd.js',
      '/missing.js'
    ]) {
      expect([path, (await ask(path, own())).status]).toEqual([path, 404])
    }
  })
})

describe('downloads', () => {
  it('are streamed once, as files and never as pages', async () => {
    const written: string[] = []
    downloads.set('abc', {
      fileName: 'größe "a";\r\nx.csv',
      contentType: 'text/csv; charset=utf-8',
      start(body) {
        body.write('a,b\r\n')
        body.end('1,2\r\n', () => written.push('all'))
      }
    })
    expect((await ask('/download/abc', own(), 'HEAD')).status).toBe(405)
    const { status, headers, body } = await ask('/download/abc', own())
    expect([status, body, written]).toEqual([200, 'a,b\r\n1,2\r\n', ['all']])
    expect(headers['content-disposition']).toBe(
      `attachment; filename="gr__e _a____x.csv"; filename*=UTF-8''gr%C3%B6%C3%9Fe%20%22a%22%3B%0D%0Ax.csv`
    )
    expect(headers['x-content-type-options']).toBe('nosniff')
    expect((await ask('/download/abc', own())).status).toBe(404)
  })
})

it('closes while windows are open', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/rpc`, {
    headers: { ...own(), origin: `http://127.0.0.1:${port}` }
  })
  await once(socket, 'open')
  const closed = once(socket, 'close')
  const idle = connect(port, '127.0.0.1')
  await once(idle, 'connect')
  idle.resume()
  await server.close()
  await closed
  await finished(idle).catch((error: NodeJS.ErrnoException) => expect(error.code).toBe('ECONNRESET'))
})

it('says when its port is taken', async () => {
  await expect(
    openLoopbackServer({
      port,
      rendererFolder: folder,
      log,
      onPort: () => undefined,
      takeDownload: () => null
    })
  ).rejects.toMatchObject({ code: 'conflict', params: { port } })
})

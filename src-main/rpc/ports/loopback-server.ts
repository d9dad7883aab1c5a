/** The browser mode's server on 127.0.0.1: the built window, its one WebSocket, and one-time downloads. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex, Writable } from 'node:stream'
import { WebSocketServer } from 'ws'
import { AppError } from '#contract/errors.ts'
import type { RpcPort, ServerFrame } from '#contract/frames.ts'
import type { Log } from '../../application/platform/platform.ts'
import { DEFAULT_LIMITS } from '../limits.ts'
import { sendReport, type ShownReport } from './report-page.ts'
import { LoopbackGuard } from './loopback-guard.ts'
import { contentDisposition, pageHeaders } from './page-headers.ts'
import { readStaticFile } from './static-files.ts'
import { webSocketPort } from './websocket.ts'

/** A file that is made while it is downloaded. */
export interface Download {
  readonly fileName: string
  readonly contentType: string
  /** Called once, when a browser asks for it. */
  start(body: Writable): void
}

export interface LoopbackServerOptions {
  /** 0 = any free port. */
  readonly port: number
  /** The built window: out/renderer. */
  readonly rendererFolder: string
  readonly log: Log
  /** A window has connected. */
  readonly onPort: (port: RpcPort<ServerFrame>) => void
  /** Gives a waiting download away, once. */
  readonly takeDownload: (id: string) => Download | null
  /** A report that was opened in this run. */
  readonly reportOf?: (id: string) => ShownReport | null
}

export interface LoopbackServer {
  /** To print: opens a session in any browser of the operator. */
  readonly address: string
  /** For a command line: opens one session, once. */
  ticketAddress(): string
  close(): Promise<void>
}

const HOST = '127.0.0.1'
const MAX_SOCKETS = 16
const REPORT_PATH = /^\/report\/([\w-]{1,64})$/
const DOWNLOAD_PATH = /^\/download\/([\w-]{1,64})$/

/** Throws AppError `conflict` when the port is taken, `refused` when it may not be used. */
export async function openLoopbackServer(options: LoopbackServerOptions): Promise<LoopbackServer> {
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, maxHeaderSize: 16 * 1024 })
  server.maxConnections = 256
  const port = await listen(server, options.port)
  const guard = new LoopbackGuard(port)
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: DEFAULT_LIMITS.maxFrameBytes
  })
  server.on('request', (request, response) => {
    answer(request, response, guard, options).catch((error: unknown) => {
      options.log.error('web.requestFailed', error)
      response.destroy()
    })
  })
  server.on('upgrade', (request, socket, head) => {
    const refusal = refuseUpgrade(request, guard, sockets.clients.size)
    if (refusal !== null) {
      options.log.warn('web.refused', { reason: refusal, path: '/rpc' })
      refuseSocket(socket)
      return
    }
    sockets.handleUpgrade(request, socket, head, (open) => options.onPort(webSocketPort(open)))
  })
  return {
    address: guard.address(),
    ticketAddress: () => guard.ticketAddress(),
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    }
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const code = error.code === 'EADDRINUSE' ? 'conflict' : 'refused'
      reject(new AppError(code, { params: { port }, cause: error }))
    })
    server.listen(port, HOST, () => resolve((server.address() as AddressInfo).port))
  })
}

function refuseUpgrade(request: IncomingMessage, guard: LoopbackGuard, open: number): string | null {
  if (request.url !== '/rpc') return 'path'
  const place = guard.refusePlace(request, { originNeeded: true })
  if (place !== null) return place
  if (!guard.hasSession(request)) return 'token'
  return open >= MAX_SOCKETS ? 'tooMany' : null
}

function refuseSocket(socket: Duplex): void {
  // A client that is already gone is refused well enough.
  socket.on('error', () => socket.destroy())
  socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: LoopbackGuard,
  options: LoopbackServerOptions
): Promise<void> {
  const headers = pageHeaders(`'self' ${guard.origin.replace('http', 'ws')}`)
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
  const place = guard.refusePlace(request, { originNeeded: false })
  if (place !== null) {
    options.log.warn('web.refused', { reason: place })
    say(response, 403, 'Refused.')
    return
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    say(response, 405, 'Only GET.')
    return
  }
  const url = new URL(request.url ?? '/', guard.origin)
  const token = url.pathname === '/' ? url.searchParams.get('token') : null
  const cookie = token === null ? null : guard.exchange(token)
  if (cookie !== null) {
    response.setHeader('Set-Cookie', cookie)
    response.setHeader('Location', '/')
    say(response, 303, 'Welcome.')
    return
  }
  if (!guard.hasSession(request)) {
    options.log.warn('web.refused', { reason: 'token' })
    say(response, 403, 'Open the address that Virthelm printed in the terminal where it was started.')
    return
  }
  const report = REPORT_PATH.exec(url.pathname)
  const download = DOWNLOAD_PATH.exec(url.pathname)
  if (report !== null) await sendReport(request, response, options.reportOf?.(report[1] ?? '') ?? null)
  else if (download === null) await sendFile(request, response, options.rendererFolder, url.pathname)
  // HEAD must not use a download up.
  else if (request.method === 'HEAD') say(response, 405, 'Only GET.')
  else sendDownload(response, options.takeDownload(download[1] ?? ''))
}

function say(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' })
  response.end(`${text}\n`)
}

async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  folder: string,
  path: string
): Promise<void> {
  const file = await readStaticFile(folder, path)
  if (file === null) {
    say(response, 404, 'There is no such page.')
    return
  }
  response.writeHead(200, { 'Content-Type': file.contentType, 'Content-Length': file.body.byteLength })
  response.end(request.method === 'HEAD' ? undefined : file.body)
}

function sendDownload(response: ServerResponse, download: Download | null): void {
  if (download === null) {
    say(response, 404, 'This download is over.')
    return
  }
  response.writeHead(200, {
    'Content-Type': download.contentType,
    'Content-Disposition': contentDisposition('attachment', download.fileName)
  })
  response.flushHeaders()
  download.start(response)
}

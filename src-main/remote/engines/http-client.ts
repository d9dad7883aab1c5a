/**
 * HTTP to outside engines: with deadlines and caps, without redirects, proxies and cookies. Names go through the
 * console's own resolver, because the system's blocks others while a name server is dead.
 */
import {
  Agent as HttpAgent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage
} from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { isIP, type LookupFunction, type Socket } from 'node:net'
import { getCACertificates } from 'node:tls'
import { AppError, type ErrorCode, type ErrorParams } from '#contract/errors.ts'
import type { EngineAnswer, EngineHttp, EngineRequest } from '../../application/engines/http.ts'
import { cancelled } from '../ssh/deadline.ts'
import { remoteWords, socketError } from '../ssh/errors.ts'
import { createResolver, type AddressResolver } from '../ssh/resolver.ts'

/** A connection that nobody uses for this long is closed. */
const IDLE_MS = 30_000
const MAX_HEADER_BYTES = 16 * 1_024

export function createEngineHttp(resolver: AddressResolver = createResolver()): EngineHttp {
  const options = { keepAlive: true, keepAliveMsecs: IDLE_MS, timeout: IDLE_MS, maxSockets: 8 }
  const http = new HttpAgent(options)
  let https: HttpsAgent | null = null
  /** The system's own authorities too: a private one stands there. Read once, and only when it is needed. */
  const httpsAgent = (): HttpsAgent =>
    (https ??= new HttpsAgent({
      ...options,
      ca: [...getCACertificates('default'), ...getCACertificates('system')]
    }))
  return {
    async request(request) {
      const tls = request.url.protocol === 'https:'
      const agent = tls ? httpsAgent() : http
      const exchange = new Exchange(request, resolver)
      try {
        return await exchange.run(agent, tls)
      } catch (error) {
        // The engine gave up an idle connection in just this moment: that says nothing about the engine.
        const stale = exchange.onKept && error instanceof AppError && error.code === 'connectionClosed'
        if (!stale) throw error
        return new Exchange(request, resolver).run(agent, tls)
      }
    },
    close() {
      http.destroy()
      https?.destroy()
    }
  }
}

type Stage = 'resolve' | 'connect' | 'tls' | 'answer'

/** What it means that time ran out in a stage. */
const LATE = {
  resolve: 'addressTimeout',
  connect: 'connectTimeout',
  tls: 'deadlineExceeded',
  answer: 'deadlineExceeded'
} as const satisfies Record<Stage, ErrorCode>

class Exchange {
  readonly #request: EngineRequest
  readonly #resolver: AddressResolver
  /** Ends the look-up of the name too. */
  readonly #ending = new AbortController()
  #stage: Stage = 'resolve'
  /** It went over a connection that was kept, and no answer began. */
  #onKept = false

  constructor(request: EngineRequest, resolver: AddressResolver) {
    this.#request = request
    this.#resolver = resolver
  }

  get onKept(): boolean {
    return this.#onKept
  }

  run(agent: HttpAgent, tls: boolean): Promise<EngineAnswer> {
    const { url, method, headers, body, deadlineMs, signal } = this.#request
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(cancelled(signal))
        return
      }
      const outgoing = (tls ? httpsRequest : httpRequest)(url, {
        agent,
        method,
        headers: { ...headers, 'content-length': body.length },
        lookup: this.#lookup,
        maxHeaderSize: MAX_HEADER_BYTES
      })
      const settle = (finish: () => void): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        this.#ending.abort()
        finish()
      }
      const fail = (error: AppError): void =>
        settle(() => {
          reject(error)
          outgoing.destroy()
        })
      const onAbort = (): void => fail(cancelled(signal))
      const timer = setTimeout(() => fail(this.#lateError()), deadlineMs)
      signal.addEventListener('abort', onAbort, { once: true })
      outgoing.once('socket', (socket) => this.#follow(outgoing, socket, tls))
      // Stays: a request that was destroyed may still say why.
      outgoing.on('error', (error) => fail(this.#errorOf(error)))
      outgoing.once('response', (incoming) => {
        this.#stage = 'answer'
        this.#onKept = false
        this.#readAll(incoming).then(
          (answer) => settle(() => resolve(answer)),
          (error: unknown) => fail(this.#errorOf(error))
        )
      })
      outgoing.end(body)
    })
  }

  readonly #lookup: LookupFunction = (host, options, callback) => {
    const { deadlineMs } = this.#request
    this.#resolver.resolve(host, { signal: this.#ending.signal, deadlineMs }).then(
      (addresses) => {
        this.#pass('resolve', 'connect')
        const all = addresses.map((address) => ({ address, family: isIP(address) }))
        if (options.all === true) callback(null, all)
        else callback(null, all[0]?.address ?? '', all[0]?.family)
      },
      (error: unknown) => callback(error as Error, '', 0)
    )
  }

  #pass(stage: 'resolve' | 'connect' | 'tls', next: Stage): void {
    this.#stage = next
    this.#request.onStage?.(stage)
  }

  /** Tells the stages apart, for the error and for a test. A connection that was kept has passed them before. */
  #follow(outgoing: ClientRequest, socket: Socket, tls: boolean): void {
    this.#onKept = outgoing.reusedSocket
    if (this.#onKept || !socket.connecting) {
      for (const stage of ['resolve', 'connect', ...(tls ? ['tls' as const] : [])] as const)
        this.#pass(stage, 'answer')
      return
    }
    // A literal address is not looked up.
    if (isIP(this.#request.url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0) this.#pass('resolve', 'connect')
    socket.once('connect', () => this.#pass('connect', tls ? 'tls' : 'answer'))
    if (tls) socket.once('secureConnect', () => this.#pass('tls', 'answer'))
  }

  async #readAll(incoming: IncomingMessage): Promise<EngineAnswer> {
    const chunks: Buffer[] = []
    let bytes = 0
    for await (const chunk of incoming as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > this.#request.maxAnswerBytes)
        throw new AppError('outputTooLarge', { params: this.#where() })
      chunks.push(chunk)
    }
    const headers: Record<string, string> = {}
    for (const [name, value] of Object.entries(incoming.headers)) {
      if (value !== undefined) headers[name] = String(value)
    }
    return { status: incoming.statusCode ?? 0, headers, body: Buffer.concat(chunks) }
  }

  #where(): ErrorParams {
    const { url } = this.#request
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
    return { host: url.hostname, port, service: 'engine' }
  }

  #lateError(): AppError {
    return new AppError(LATE[this.#stage], {
      params: { ...this.#where(), deadlineMs: this.#request.deadlineMs },
      retryable: true
    })
  }

  #errorOf(error: unknown): AppError {
    const params = this.#where()
    if (error instanceof AppError) {
      return new AppError(error.code, {
        params: { ...error.params, ...params },
        retryable: true,
        cause: error
      })
    }
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (this.#stage === 'tls' || /^(ERR_SSL|ERR_TLS|CERT_|UNABLE_TO_|DEPTH_ZERO|SELF_SIGNED)/.test(code)) {
      return new AppError('tlsFailed', {
        params: { ...params, reason: remoteWords(error) },
        retryable: true,
        cause: error
      })
    }
    if (code.startsWith('HPE_')) {
      return new AppError('engineNotThisKind', { params: { ...params, reason: 'notHttp' }, cause: error })
    }
    const reached = socketError(errorInside(error), {
      host: String(params['host']),
      port: Number(params['port'])
    })
    return new AppError(reached.code, {
      params: { ...reached.params, ...params },
      retryable: true,
      cause: error
    })
  }
}

/** Where several addresses were tried, each has an error of its own in there. */
function errorInside(error: unknown): unknown {
  return error instanceof AggregateError ? error.errors[0] : error
}

/** One ssh2 client on one byte stream, from the first byte to the end. */
import type { Duplex } from 'node:stream'
import ssh2, { type Client, type ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type { Log } from '../../application/platform/platform.ts'
import { within } from './deadline.ts'
import {
  clientError,
  isMethodFailure,
  isTurnedAway,
  isNoLoginLeft,
  remoteWords,
  where,
  type Endpoint
} from './errors.ts'

export interface LinkOptions {
  readonly stream: Duplex
  readonly endpoint: Endpoint
  /** The link that carries this one's bytes. Its end explains this one's. */
  readonly carrier: SshLink | null
  readonly keepalive: Keepalive
  readonly log: Log
}

/** A link is dead after `misses` + 1 spans of `intervalMs` without a byte; one span before that it is asked for a sign. */
export interface Keepalive {
  readonly intervalMs: number
  readonly misses: number
}

export type LinkPhase = 'handshake' | 'login' | 'open' | 'ended'

/** How finely silence is measured. */
const TICKS_PER_INTERVAL = 4
const IDENTIFICATION_BYTES = 8_192
/** How long a polite goodbye may take before the socket is destroyed. */
const GOODBYE_MS = 500

export class SshLink {
  readonly client: Client = new ssh2.Client()
  readonly endpoint: Endpoint
  /** Resolves once with the reason, however the link ends. Never rejects. */
  readonly closed: Promise<AppError>
  /** Set while logging in: the error that stands for "no method left". */
  noLoginLeft: (() => AppError) | null = null
  readonly #stream: Duplex
  readonly #carrier: SshLink | null
  readonly #keepalive: Keepalive
  readonly #log: Log
  #phase: LinkPhase = 'handshake'
  #end: AppError | null = null
  #resolveClosed: (reason: AppError) => void = () => undefined
  #identification = ''
  #head = ''
  #sawBytes = false
  #heard = false
  #ticker: NodeJS.Timeout | null = null
  readonly #waiting = new Set<(reason: AppError) => void>()

  constructor(options: LinkOptions) {
    this.endpoint = options.endpoint
    this.#stream = options.stream
    this.#carrier = options.carrier
    this.#keepalive = options.keepalive
    this.#log = options.log
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve))
    // For the client's whole life: one failure can emit two errors, and some come after the end.
    this.client.on('error', (error: unknown) => this.#onError(error))
    this.client.on('close', () => this.#onGone())
    this.client.on('end', () => this.#onGone())
  }

  get phase(): LinkPhase {
    return this.#phase
  }

  set phase(phase: 'login' | 'open') {
    if (this.#phase === 'ended') return
    this.#phase = phase
    if (phase === 'open') this.#startKeepalive()
  }

  /** Why the link ended, or null while it lives. */
  get end(): AppError | null {
    return this.#end
  }

  /** `SSH-2.0-…` as the server said it; remote text. */
  get identification(): string {
    return this.#identification
  }

  /** True when bytes came that are no ssh. */
  get heardSomethingElse(): boolean {
    return this.#sawBytes && this.#identification === ''
  }

  /** To be called after `client.connect`, which pauses the stream before it listens. */
  watchStream(): void {
    // Before ssh2 sees them: its error about them is explained by what they are.
    this.#stream.prependListener('data', (chunk: Buffer) => {
      this.#heard = true
      if (this.#identification === '' && this.#head.length < IDENTIFICATION_BYTES) this.#sniff(chunk)
    })
    this.#stream.on('error', (error: Error) => this.#onError(error))
    joinWrites(this.#stream)
  }

  /** Ends the link now. The first reason stays. */
  fail(reason: AppError): void {
    if (this.#end) return
    this.#log.debug('ssh.linkEnded', { ...where(this.endpoint), code: reason.code })
    this.#finish(reason)
    this.#stream.destroy()
  }

  /** Says goodbye and ends the link. */
  close(): void {
    if (this.#end) return
    const goodbye = setTimeout(() => this.#stream.destroy(), GOODBYE_MS)
    this.#stream.once('close', () => clearTimeout(goodbye))
    this.#finish(new AppError('disconnected', { params: where(this.endpoint) }))
    this.#attempt(() => this.client.end())
  }

  #finish(reason: AppError): void {
    this.#end = reason
    this.#phase = 'ended'
    if (this.#ticker) clearInterval(this.#ticker)
    this.#resolveClosed(reason)
    for (const reject of [...this.#waiting]) reject(reason)
    this.#waiting.clear()
  }

  /** Asks for a sign of life. Rejects with the link's end, or with linkFrozen after the deadline. */
  async ping(deadlineMs: number): Promise<void> {
    const answer = new Promise<void>((resolve) => this.#ask(resolve))
    await within(this.orEnd(answer), {
      deadlineMs,
      onDeadline: () => this.#frozen()
    })
  }

  /**
   * Opens a TCP stream from the server to another host.
   * @throws AppError jumpFailed, connectTimeout, or the link's end
   */
  forward(target: Pick<Endpoint, 'host' | 'port'>, options: ForwardOptions): Promise<ClientChannel> {
    const opened = new Promise<ClientChannel>((resolve, reject) => {
      const refused = (error: unknown): void =>
        reject(
          new AppError('jumpFailed', {
            params: { ...where(target), jump: this.endpoint.host, reason: remoteWords(error) },
            retryable: true,
            cause: error
          })
        )
      const threw = this.#attempt(() => {
        this.client.forwardOut('127.0.0.1', 0, target.host, target.port, (error, channel) => {
          if (error) refused(error)
          else resolve(channel)
        })
      })
      if (threw) refused(threw)
    })
    return within(this.orEnd(opened), {
      ...options,
      onDeadline: () =>
        new AppError('connectTimeout', {
          params: { ...where(target), deadlineMs: options.deadlineMs, jump: this.endpoint.host },
          retryable: true
        }),
      late: (channel) => channel.destroy()
    })
  }

  /** The result of `work`, or the link's end as a rejection, whichever comes first. Leaves nothing behind. */
  orEnd<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#end) reject(this.#end)
      this.#waiting.add(reject)
      work.then(resolve, reject).finally(() => this.#waiting.delete(reject))
    })
  }

  #frozen(): AppError {
    return new AppError('linkFrozen', { params: where(this.endpoint), retryable: true })
  }

  #sniff(chunk: Buffer): void {
    this.#sawBytes = true
    this.#head += chunk.toString('latin1').slice(0, IDENTIFICATION_BYTES)
    const line = /(?:^|\n)(SSH-\d[^\r\n]*)\r?\n/.exec(this.#head)?.[1]
    if (line === undefined) return
    this.#identification = remoteWords(line)
    this.#head = ''
  }

  #onError(error: unknown): void {
    if (isMethodFailure(error)) {
      this.#log.debug('ssh.loginMethodFailed', { ...where(this.endpoint), reason: remoteWords(error) })
      return
    }
    if (this.#end) return
    if (isNoLoginLeft(error) && this.noLoginLeft) {
      this.fail(this.noLoginLeft())
      return
    }
    this.fail(
      this.#carrier?.end ??
        clientError(error, this.endpoint, {
          identification: this.#identification !== '',
          bytes: this.#sawBytes,
          loggingIn: this.#phase === 'login',
          greeting: this.#head
        })
    )
  }

  #onGone(): void {
    if (this.#end) return
    const code = this.heardSomethingElse && !isTurnedAway(this.#head) ? 'notSsh' : 'connectionClosed'
    this.fail(
      this.#carrier?.end ??
        new AppError(code, { params: where(this.endpoint), retryable: code === 'connectionClosed' })
    )
  }

  /**
   * Any byte counts as life, so that a slow link full of data is not taken for a dead one. Counted in ticks, not in
   * time: after the console itself stood still, what waits in the socket is read before the next tick.
   */
  #startKeepalive(): void {
    const { intervalMs, misses } = this.#keepalive
    // One tick early, because the last byte may have come right after a tick.
    const deadAfterTicks = (misses + 1) * TICKS_PER_INTERVAL - 1
    // One interval before the end: a server that is sampled every 5 s is never silent for so long, so it is never asked.
    const askAfterTicks = deadAfterTicks - TICKS_PER_INTERVAL
    let silentTicks = 0
    this.#ticker = setInterval(() => {
      silentTicks = this.#heard ? 0 : silentTicks + 1
      this.#heard = false
      if (silentTicks >= deadAfterTicks) this.fail(this.#frozen())
      else if (silentTicks === askAfterTicks) this.#ask(() => undefined)
    }, intervalMs / TICKS_PER_INTERVAL)
  }

  /** A global request that every server answers (with "no"): to stop a forward that never was. */
  #ask(onAnswer: () => void): void {
    this.#attempt(() => this.client.unforwardIn('virthelm-keepalive', 1, onAnswer))
  }

  /** ssh2 throws synchronously on a client that has ended. */
  #attempt(action: () => unknown): Error | null {
    try {
      action()
      return null
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error))
    }
  }
}

export interface ForwardOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
}

/**
 * ssh2 writes each packet in three pieces; without Nagle's delay each would be a system call and a segment of its own.
 * What is written in one turn of the event loop, by whatever lane, goes out together at its end.
 */
function joinWrites(stream: Duplex): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean
  let corked = false
  stream.write = (...args: unknown[]): boolean => {
    if (!corked) {
      corked = true
      stream.cork()
      setImmediate(() => {
        corked = false
        stream.uncork()
      })
    }
    return write(...args)
  }
}

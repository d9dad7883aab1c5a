/** The application's view of one logged in link: shells and scripts on session channels. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type {
  ByteStream,
  Connection,
  ForwardTarget,
  ScriptResult,
  ShellChannel,
  ShellOptions,
  TerminalRequest,
  TerminalStream
} from '../../application/servers/connection.ts'
import { cancelled, within } from './deadline.ts'
import { remoteWords, where } from './errors.ts'
import type { SshLink } from './link.ts'
import { openForward, Terminals, type OpenOptions } from './open-streams.ts'
import { DEFAULT_MAX_BYTES, runScript } from './script-run.ts'
import { quieten } from './quiet-channel.ts'
import { type SessionKind, SessionPlaces } from './session-places.ts'
import { SshShellChannel } from './shell-channel.ts'

/** A script that may take longer is a job unless it says otherwise: it must not hold the place that is kept for acts. */
const LONGEST_RUN_MS = 60_000
/** sshd counts a session until its process has ended, which may be a moment after its channel has. */
const REFUSED_TRIES = 8
const REFUSED_PAUSE_MS = 250
/** Constant: nothing the operator or a server chose ever becomes part of a command line. */
const COMMAND = 'exec /bin/sh -s'

const isRefusal = (error: unknown): boolean => error instanceof AppError && error.code === 'channelRefused'

export class SshConnection implements Connection {
  readonly address: string
  readonly closed: Promise<AppError>
  readonly #link: SshLink
  readonly #places = new SessionPlaces()
  readonly #terminals: Terminals
  /** Where none was opened, a refusal is not about how many. */
  #opened = 0

  constructor(link: SshLink, address: string) {
    this.#link = link
    this.#terminals = new Terminals(link, this.#places)
    this.address = address
    this.closed = link.closed
  }

  /** For ways between two servers (tunnel.ts), which need both links. */
  get link(): SshLink {
    return this.#link
  }

  get serverSoftware(): string {
    return this.#link.identification
  }

  openShell(options: ShellOptions): Promise<ShellChannel> {
    const kind = options.isJob === undefined ? 'lane' : options.isJob ? 'job' : 'run'
    return this.#openShell(kind, options)
  }

  #openShell(kind: SessionKind, options: OpenOptions): Promise<ShellChannel> {
    return this.#open(kind, options, (channel, release) => new SshShellChannel(channel, release))
  }

  /** A shell whose bytes are piped by the caller (relay.ts). It keeps its place until the server has closed it. */
  openPipe(options: { signal: AbortSignal; deadlineMs: number }): Promise<ClientChannel> {
    return this.#open('job', options, (channel, release) => {
      channel.once('close', release)
      return quieten(channel)
    })
  }

  async #open<T extends { close(): unknown }>(
    kind: SessionKind,
    options: OpenOptions,
    wrap: (channel: ClientChannel, release: () => void) => T
  ): Promise<T> {
    const { signal, deadlineMs } = options
    const untilMs = performance.now() + deadlineMs
    const left = (): number => Math.max(0, untilMs - performance.now())
    const tooLate = (): AppError =>
      new AppError('deadlineExceeded', {
        params: { deadlineMs, ...where(this.#link.endpoint) },
        retryable: true
      })
    try {
      for (let attempt = 1; ; attempt++) {
        const release = await this.#place(kind, { signal, deadlineMs: left() }, tooLate)
        const opening = within(this.#link.orEnd(this.#exec(release, wrap)), {
          signal,
          deadlineMs: left(),
          onDeadline: tooLate,
          late: (channel) => channel.close()
        })
        const channel = await opening.catch((error: unknown) => {
          if (attempt < REFUSED_TRIES && this.#opened > 0 && isRefusal(error)) return null
          throw error
        })
        if (channel !== null) return channel
        await sleep(REFUSED_PAUSE_MS, undefined, { signal }).catch(() => {
          throw cancelled(signal)
        })
      }
    } catch (error) {
      if (this.#link.end && !signal.aborted) throw this.#gone()
      throw error
    }
  }

  /** One of the few channels. A link that ends while we queue does not keep the caller until its deadline. */
  async #place(
    kind: SessionKind,
    { signal, deadlineMs }: OpenOptions,
    onDeadline: () => AppError
  ): Promise<() => void> {
    const place = this.#places.acquire(kind, { signal, deadlineMs, onDeadline })
    try {
      return await this.#link.orEnd(place)
    } catch (error) {
      void place.then(
        (release) => release(),
        () => undefined
      )
      throw error
    }
  }

  async run(script: string, options: ShellOptions & { maxBytes?: number }): Promise<ScriptResult> {
    const { signal, deadlineMs, maxBytes = DEFAULT_MAX_BYTES } = options
    const untilMs = performance.now() + deadlineMs
    const kind = (options.isJob ?? deadlineMs > LONGEST_RUN_MS) ? 'job' : 'run'
    const channel = await this.#openShell(kind, { signal, deadlineMs })
    try {
      return await within(runScript(channel, script, { deadlineMs, maxBytes }), {
        signal,
        deadlineMs: Math.max(0, untilMs - performance.now()),
        onDeadline: () => new AppError('deadlineExceeded', { params: { deadlineMs }, retryable: true })
      })
    } catch (error) {
      if (signal.aborted) throw cancelled(signal)
      if (this.#link.end) throw this.#gone()
      throw error
    } finally {
      channel.close()
    }
  }

  openForward(target: ForwardTarget, options: OpenOptions): Promise<ByteStream> {
    return this.#orGone(options, openForward(this.#link, target, options))
  }

  openTerminal(request: TerminalRequest, options: OpenOptions): Promise<TerminalStream> {
    return this.#orGone(options, this.#terminals.open(request, options))
  }

  async probe(deadlineMs: number): Promise<boolean> {
    try {
      await this.#link.ping(deadlineMs)
      return true
    } catch (error) {
      if (error instanceof AppError) this.#link.fail(error)
      return false
    }
  }

  close(): void {
    this.#link.close()
  }

  /** Opens a channel. It keeps its place until the server has closed it, also when nobody waits for it any more. */
  #exec<T>(release: () => void, wrap: (channel: ClientChannel, release: () => void) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const refuse = (error: unknown): void => {
        release()
        reject(
          new AppError('channelRefused', {
            params: { ...where(this.#link.endpoint), reason: remoteWords(error) },
            retryable: true,
            cause: error
          })
        )
      }
      try {
        // Throws synchronously on a client that has ended.
        this.#link.client.exec(COMMAND, (error: Error | undefined, channel: ClientChannel) => {
          if (error) refuse(error)
          else {
            this.#opened++
            channel.once('close', () => this.#opened--)
            resolve(wrap(channel, release))
          }
        })
      } catch (error) {
        refuse(error)
      }
    })
  }

  async #orGone<T>({ signal }: OpenOptions, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (this.#link.end && !signal.aborted) throw this.#gone()
      throw error
    }
  }

  #gone(): AppError {
    const reason = this.#link.end?.code ?? 'disconnected'
    return new AppError('disconnected', {
      params: { ...where(this.#link.endpoint), reason },
      retryable: true,
      cause: this.#link.end
    })
  }
}

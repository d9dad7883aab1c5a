/** The application's view of one logged in link: shells and scripts on session channels. */
import type { ClientChannel } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import type {
  ByteStream,
  Connection,
  ForwardTarget,
  ScriptResult,
  ShellChannel,
  TerminalRequest,
  TerminalStream
} from '../../application/servers/connection.ts'
import { cancelled, within } from './deadline.ts'
import { remoteWords, where } from './errors.ts'
import type { SshLink } from './link.ts'
import { openForward, Terminals, type OpenOptions } from './open-streams.ts'
import { DEFAULT_MAX_BYTES, runScript } from './script-run.ts'
import { quieten } from './quiet-channel.ts'
import { Semaphore } from './semaphore.ts'
import { SshShellChannel } from './shell-channel.ts'

/** sshd allows ten (MaxSessions): these and the terminals (open-streams.ts). */
const MAX_SESSIONS = 7
/** Constant: nothing the operator or a server chose ever becomes part of a command line. */
const COMMAND = 'exec /bin/sh -s'

export class SshConnection implements Connection {
  readonly address: string
  readonly closed: Promise<AppError>
  readonly #link: SshLink
  readonly #sessions = new Semaphore(MAX_SESSIONS)
  readonly #terminals: Terminals

  constructor(link: SshLink, address: string) {
    this.#link = link
    this.#terminals = new Terminals(link)
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

  openShell(options: { signal: AbortSignal; deadlineMs: number }): Promise<ShellChannel> {
    return this.#open(options, (channel, release) => new SshShellChannel(channel, release))
  }

  /** A shell whose bytes are piped by the caller (relay.ts). It keeps its place until the server has closed it. */
  openPipe(options: { signal: AbortSignal; deadlineMs: number }): Promise<ClientChannel> {
    return this.#open(options, (channel, release) => {
      channel.once('close', release)
      return quieten(channel)
    })
  }

  async #open<T extends { close(): unknown }>(
    options: { signal: AbortSignal; deadlineMs: number },
    wrap: (channel: ClientChannel, release: () => void) => T
  ): Promise<T> {
    const { signal, deadlineMs } = options
    const untilMs = performance.now() + deadlineMs
    const tooLate = (): AppError =>
      new AppError('deadlineExceeded', {
        params: { deadlineMs, ...where(this.#link.endpoint) },
        retryable: true
      })
    try {
      const release = await this.#place(options, tooLate)
      return await within(this.#link.orEnd(this.#exec(release, wrap)), {
        signal,
        deadlineMs: Math.max(0, untilMs - performance.now()),
        onDeadline: tooLate,
        late: (channel) => channel.close()
      })
    } catch (error) {
      if (this.#link.end && !signal.aborted) throw this.#gone()
      throw error
    }
  }

  /** One of the few channels. A link that ends while we queue does not keep the caller until its deadline. */
  async #place(
    { signal, deadlineMs }: { signal: AbortSignal; deadlineMs: number },
    onDeadline: () => AppError
  ): Promise<() => void> {
    const place = this.#sessions.acquire({ signal, deadlineMs, onDeadline })
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

  async run(
    script: string,
    options: { signal: AbortSignal; deadlineMs: number; maxBytes?: number }
  ): Promise<ScriptResult> {
    const { signal, deadlineMs, maxBytes = DEFAULT_MAX_BYTES } = options
    const untilMs = performance.now() + deadlineMs
    const channel = await this.openShell({ signal, deadlineMs })
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
          else resolve(wrap(channel, release))
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

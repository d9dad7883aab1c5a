/**
 * A tunnel between two servers through the console: one server listens (on its loopback, or at a socket in a private
 * folder), and what connects there is carried over both ssh connections to a socket of the other. No port is opened on the
 * workstation, nothing is kept, and no login of the operator is given to a server.
 */
import { pipeline, type Duplex } from 'node:stream'
import type { AcceptConnection, ClientChannel, RejectConnection } from 'ssh2'
import { AppError } from '#contract/errors.ts'
import { within } from './deadline.ts'
import { remoteWords, where } from './errors.ts'
import { quieten } from './quiet-channel.ts'
import type { SshLink } from './link.ts'

/** A socket of a server. TCP is always its loopback. */
export type SocketPlace = { readonly path: string } | { readonly port: number }

export interface TunnelEnd {
  readonly link: SshLink
  readonly place: SocketPlace
}

export interface Tunnel {
  /** Ends what is open and stops listening. Idempotent; never throws. */
  close(): void
}

export interface TunnelOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
}

const LOOPBACK = '127.0.0.1'

/**
 * Listens at `from` and carries every connection to `to`.
 * @throws AppError channelRefused when the server does not listen (forwarding is switched off in its sshd, the port is
 * taken), deadlineExceeded, cancelled, or the link's end
 */
export async function openTunnel(from: TunnelEnd, to: TunnelEnd, options: TunnelOptions): Promise<Tunnel> {
  const tunnel = new OpenTunnel(from, to)
  try {
    await within(from.link.orEnd(tunnel.listen()), {
      ...options,
      onDeadline: () =>
        new AppError('deadlineExceeded', {
          params: { ...where(from.link.endpoint), deadlineMs: options.deadlineMs },
          retryable: true
        })
    })
    return tunnel
  } catch (error) {
    tunnel.close()
    throw error
  }
}

class OpenTunnel implements Tunnel {
  readonly #from: TunnelEnd
  readonly #to: TunnelEnd
  readonly #streams = new Set<Duplex>()
  #closed = false

  constructor(from: TunnelEnd, to: TunnelEnd) {
    this.#from = from
    this.#to = to
  }

  listen(): Promise<void> {
    const { link, place } = this.#from
    link.client.on('tcp connection', this.#onTcp)
    link.client.on('unix connection', this.#onUnix)
    return new Promise((resolve, reject) => {
      const done = (error: Error | undefined): void => {
        if (error) reject(refused(this.#from, error))
        else resolve()
      }
      attempt(() => {
        if ('path' in place)
          link.client.openssh_forwardInStreamLocal(place.path, (error?: Error | null) =>
            done(error ?? undefined)
          )
        else link.client.forwardIn(LOOPBACK, place.port, done)
      }, done)
    })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    const { link, place } = this.#from
    link.client.off('tcp connection', this.#onTcp)
    link.client.off('unix connection', this.#onUnix)
    attempt(() => {
      if ('path' in place) link.client.openssh_unforwardInStreamLocal(place.path, () => undefined)
      else link.client.unforwardIn(LOOPBACK, place.port, () => undefined)
    })
    for (const stream of this.#streams) stream.destroy()
  }

  readonly #onTcp = (
    details: { readonly destPort: number },
    accept: AcceptConnection<ClientChannel>
  ): void => {
    const { place } = this.#from
    if ('port' in place && details.destPort === place.port) this.#carry(accept())
  }

  readonly #onUnix = (
    details: { readonly socketPath: string },
    accept: AcceptConnection,
    _reject: RejectConnection
  ): void => {
    const { place } = this.#from
    if ('path' in place && details.socketPath === place.path) this.#carry(accept())
  }

  #carry(near: Duplex): void {
    this.#keep(near)
    const opened = (error: Error | undefined, far: Duplex): void => {
      if (error || this.#closed) {
        near.destroy()
        if (!error) far.destroy()
        return
      }
      this.#keep(far)
      // Each direction ends by itself: one end may have said all it has to say while the other still speaks.
      pipeline(near, far, () => undefined)
      pipeline(far, near, () => undefined)
    }
    const { link, place } = this.#to
    attempt(
      () => {
        if ('path' in place) link.client.openssh_forwardOutStreamLocal(place.path, opened)
        else link.client.forwardOut(LOOPBACK, 0, LOOPBACK, place.port, opened)
      },
      () => near.destroy()
    )
  }

  #keep(stream: Duplex): void {
    this.#streams.add(quieten(stream))
    stream.on('close', () => this.#streams.delete(stream))
    // A stream of a link that is gone; its pipeline ends the other side.
    stream.on('error', () => stream.destroy())
  }
}

const refused = ({ link, place }: TunnelEnd, error: Error): AppError =>
  new AppError('channelRefused', {
    params: {
      ...where(link.endpoint),
      reason: remoteWords(error),
      forward: 'path' in place ? 'socket' : 'port'
    },
    retryable: true,
    cause: error
  })

/** ssh2 throws synchronously on a link that has ended. */
function attempt(action: () => unknown, failed: (error: Error) => void = () => undefined): void {
  try {
    action()
  } catch (error) {
    failed(error instanceof Error ? error : new Error(String(error)))
  }
}

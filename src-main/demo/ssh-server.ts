/** The ssh side of one demo server: a socket of its own on loopback, a host key of its own, one login. */
import { timingSafeEqual } from 'node:crypto'
import { createServer, type Server as NetServer, type Socket } from 'node:net'
import ssh2, { type AuthContext, type Connection, type Server, type Session } from 'ssh2'
import type { HostKey } from '#contract/servers.ts'
import { playChannel } from './channel.ts'
import type { DemoConsoles } from './consoles/index.ts'
import { hostKeyOf, makeDemoKey } from './host-key.ts'
import type { DemoFaults, LanePlayer } from './model.ts'

/** What every channel of the console runs; nothing else is played. */
const SHELL_COMMAND = 'exec /bin/sh -s'
const ADDRESS = '127.0.0.1'
const TUNNELS: ReadonlySet<string> = new Set(['tcpip-forward', 'streamlocal-forward@openssh.com'])

export interface DemoSshOptions {
  readonly user: string
  readonly password: string
  readonly faults: DemoFaults
  readonly players: readonly LanePlayer[]
  readonly consoles: DemoConsoles
}

export class DemoSshServer {
  readonly #options: DemoSshOptions
  readonly #sockets = new Set<Socket>()
  #key = makeDemoKey()
  #ssh: Server
  #net: NetServer | null = null
  #port = 0
  #frozen = false
  #logins = 0

  constructor(options: DemoSshOptions) {
    this.#options = options
    this.#ssh = this.#makeSsh()
  }

  get port(): number {
    return this.#port
  }

  get hostKey(): HostKey {
    return hostKeyOf(this.#key, ADDRESS, this.#port)
  }

  /** Logins that were let in so far. */
  get logins(): number {
    return this.#logins
  }

  get connections(): number {
    return this.#sockets.size
  }

  /** Listens, on the same port as before when there was one. */
  async listen(): Promise<void> {
    if (this.#net !== null) return
    const net = createServer((socket) => {
      this.#onSocket(socket)
    })
    await new Promise<void>((resolve, reject) => {
      net.once('error', reject)
      net.listen(this.#port, ADDRESS, () => {
        net.off('error', reject)
        resolve()
      })
    })
    const address = net.address()
    this.#port = typeof address === 'object' && address !== null ? address.port : 0
    this.#net = net
  }

  /** As a server without power: nobody listens, and every connection is gone. Idempotent. */
  async stop(): Promise<void> {
    const net = this.#net
    this.#net = null
    this.dropConnections()
    if (net === null) return
    await new Promise<void>((resolve) => {
      net.close(() => {
        resolve()
      })
    })
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  /** Open connections keep the old key; new ones see another. */
  changeHostKey(): HostKey {
    this.#key = makeDemoKey()
    this.#ssh = this.#makeSsh()
    return this.hostKey
  }

  /** Nothing moves in either direction until it is thawed; then old connections go on where they stopped. */
  setFrozen(frozen: boolean): void {
    if (this.#frozen === frozen) return
    this.#frozen = frozen
    for (const socket of this.#sockets) {
      if (frozen) freeze(socket)
      else thaw(socket)
    }
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.once('close', () => this.#sockets.delete(socket))
    // A reset by the console is an end as good as any; ssh2 tells it to its own listeners.
    socket.on('error', () => {
      socket.destroy()
    })
    this.#ssh.injectSocket(socket)
    if (this.#frozen) freeze(socket)
  }

  #makeSsh(): Server {
    return new ssh2.Server({ hostKeys: [this.#key.privatePem], ident: 'VirthelmDemo' }, (client) => {
      this.#onClient(client)
    })
  }

  #onClient(client: Connection): void {
    client.on('error', () => {
      client.end()
    })
    client.on('authentication', (context) => {
      this.#authenticate(context)
    })
    // Tunnels between two servers: agreed to, and played by migration/player.ts without a byte in them.
    client.on('request', (accept, reject, name) => {
      if (TUNNELS.has(name)) accept?.()
      else reject?.()
    })
    client.on('session', (accept) => {
      this.#onSession(accept())
    })
    client.on('tcpip', (accept, reject, { destPort }) => {
      if (this.#options.faults.silent) return
      const { consoles } = this.#options
      if (consoles.forward(destPort, accept)) return
      // A service that says nothing, or nothing at all.
      if (consoles.listens?.(destPort) !== true) {
        reject()
        return
      }
      const channel = accept()
      channel.on('error', () => channel.destroy())
      channel.end()
    })
  }

  #authenticate(context: AuthContext): void {
    const { user, password, faults } = this.#options
    const right =
      context.method === 'password' && context.username === user && sameText(context.password, password)
    if (!right || faults.refuseLogin) {
      context.reject(['password'])
      return
    }
    this.#logins++
    context.accept()
  }

  #onSession(session: Session): void {
    const { consoles, faults } = this.#options
    let size: { columns: number; rows: number } | null = null
    session.on('pty', (accept, _reject, { cols, rows }) => {
      size = { columns: cols, rows }
      accept()
    })
    session.on('window-change', (accept, _reject, { cols, rows }) => {
      if (size !== null) Object.assign(size, { columns: cols, rows })
      accept?.()
    })
    session.on('shell', (accept, reject) => {
      if (size === null) reject()
      else if (!faults.silent) consoles.terminal(accept(), { size, command: null })
    })
    session.on('exec', (accept, reject, info) => {
      if (size !== null) {
        if (!faults.silent) consoles.terminal(accept(), { size, command: info.command })
        return
      }
      if (info.command !== SHELL_COMMAND) {
        reject()
        return
      }
      playChannel(accept(), this.#options.players, this.#options.faults)
    })
  }
}

function sameText(left: string, right: string): boolean {
  const [one, other] = [Buffer.from(left), Buffer.from(right)]
  return one.length === other.length && timingSafeEqual(one, other)
}

/** What is written stays in the socket's own buffer; what comes stays in the kernel's. */
function freeze(socket: Socket): void {
  socket.pause()
  socket.cork()
}

function thaw(socket: Socket): void {
  socket.uncork()
  socket.resume()
}

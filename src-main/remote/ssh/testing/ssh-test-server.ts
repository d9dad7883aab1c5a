/**
 * A reusable sshd for tests: ssh2's server on loopback that logs in, runs a real `/bin/sh`, forwards, counts what
 * clients try, and falls silent at any stage.
 */
import { spawn } from 'node:child_process'
import { createConnection, createServer, type Server as NetServer, type Socket } from 'node:net'
import ssh2, {
  type Connection as ServerConnection,
  type KexAlgorithm,
  type ServerChannel,
  type Session
} from 'ssh2'
import { makeTestKey } from './keys.ts'
import { ServerLogin, type LoginRules, type LoginTry } from './server-login.ts'

export type { Question } from './server-login.ts'

export type Silence = 'banner' | 'keyExchange' | 'login' | 'channel' | 'exec' | 'output'

export interface TestServerOptions extends LoginRules {
  /** Private keys in PEM. Default: one new ed25519 key. */
  readonly hostKeys?: readonly string[]
  /** Key exchanges to offer instead of ssh2's default. */
  readonly keyExchanges?: readonly KexAlgorithm[]
  readonly compress?: boolean
  readonly silentAt?: Silence
  /** Text instead of ssh, sent at once; `close` then ends the connection. */
  readonly garbage?: { readonly text: string; readonly close?: boolean }
  readonly exec?: (channel: ServerChannel, command: string) => void
  readonly refuseChannels?: boolean
  readonly forward?: boolean
  readonly port?: number
}

export interface TestServer {
  readonly port: number
  /** Every login try, `none` included: nothing is here unless the client sent it. */
  readonly tries: readonly LoginTry[]
  /** Connections accepted so far, and at most at once before the end of their login. */
  readonly counts: {
    accepted: number
    logins: number
    inHandshake: number
    maxInHandshake: number
    open: number
  }
  readonly commands: readonly string[]
  /** Sends the change of keys that a long connection goes through. */
  rekey(): void
  /** Ends all connections without a word; keeps listening. */
  dropAll(): void
  close(): Promise<void>
}

export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const state = new ServerState(options)
  await state.listen()
  return state
}

class ServerState implements TestServer {
  readonly tries: LoginTry[] = []
  readonly counts = { accepted: 0, logins: 0, inHandshake: 0, maxInHandshake: 0, open: 0 }
  readonly commands: string[] = []
  readonly #options: TestServerOptions
  readonly #ssh: InstanceType<typeof ssh2.Server>
  readonly #net: NetServer
  readonly #sockets = new Set<Socket>()
  readonly #clients = new Set<ServerConnection>()
  readonly #children = new Set<ReturnType<typeof spawn>>()
  #port = 0

  constructor(options: TestServerOptions) {
    this.#options = options
    const hostKeys = [...(options.hostKeys ?? [makeTestKey().privatePem])]
    const { keyExchanges, compress } = options
    const algorithms = {
      ...(keyExchanges ? { kex: [...keyExchanges] } : {}),
      ...(compress ? { compress: ['zlib@openssh.com' as const] } : {})
    }
    this.#ssh = new ssh2.Server({ hostKeys, algorithms }, (client) => this.#onClient(client))
    this.#net = createServer((socket) => this.#onSocket(socket))
  }

  get port(): number {
    return this.#port
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#net.once('error', reject)
      this.#net.listen(this.#options.port ?? 0, '127.0.0.1', resolve)
    })
    const address = this.#net.address()
    this.#port = typeof address === 'object' && address ? address.port : 0
  }

  rekey(): void {
    for (const client of this.#clients) client.rekey()
  }

  dropAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.dropAll()
    for (const child of this.#children) child.kill('SIGKILL')
    await new Promise<void>((resolve) => this.#net.close(() => resolve()))
  }

  #onSocket(socket: Socket): void {
    this.counts.accepted += 1
    this.counts.open += 1
    this.#sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      this.#sockets.delete(socket)
      this.counts.open -= 1
    })
    const { garbage, silentAt } = this.#options
    if (garbage) {
      socket.write(garbage.text)
      if (garbage.close) socket.end()
    } else if (silentAt === 'keyExchange') {
      socket.write('SSH-2.0-silent\r\n')
    } else if (silentAt !== 'banner') {
      this.#countHandshake(socket)
      this.#ssh.injectSocket(socket)
    }
    if (garbage || silentAt === 'banner' || silentAt === 'keyExchange') socket.resume()
  }

  #countHandshake(socket: Socket): void {
    this.counts.inHandshake += 1
    this.counts.maxInHandshake = Math.max(this.counts.maxInHandshake, this.counts.inHandshake)
    let over = false
    const done = (): void => {
      if (over) return
      over = true
      this.counts.inHandshake -= 1
    }
    socket.once('close', done)
    socket.once('loggedIn', done)
  }

  #onClient(client: ServerConnection): void {
    this.#clients.add(client)
    client.on('error', () => undefined)
    client.on('close', () => this.#clients.delete(client))
    const login = new ServerLogin(this.#options, this.tries)
    client.on('authentication', (context) => login.onTry(context, () => client.end()))
    client.on('ready', () => {
      this.counts.logins += 1
      socketOf(client)?.emit('loggedIn')
    })
    client.on('session', (accept, reject) => {
      if (this.#options.silentAt === 'channel') return
      if (this.#options.refuseChannels) reject()
      else this.#onSession(accept())
    })
    client.on('tcpip', (accept, reject, info) => {
      if (this.#options.forward === false) {
        reject()
        return
      }
      const target = createConnection({ host: info.destIP, port: info.destPort, noDelay: true })
      target.once('error', () => reject())
      target.once('connect', () => {
        const channel = accept()
        channel.on('error', () => target.destroy())
        channel.on('close', () => target.destroy())
        target.on('close', () => channel.close())
        target.on('error', () => channel.close())
        channel.pipe(target).pipe(channel)
      })
    })
  }

  #onSession(session: Session): void {
    session.on('exec', (accept, _reject, info) => {
      this.commands.push(info.command)
      if (this.#options.silentAt === 'exec') return
      const channel = accept()
      channel.on('error', () => undefined)
      if (this.#options.silentAt === 'output') channel.write('half a li')
      else if (this.#options.exec) this.#options.exec(channel, info.command)
      else this.#shell(channel)
    })
  }

  #shell(channel: ServerChannel): void {
    const child = spawn('/bin/sh', ['-s'], { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    this.#children.add(child)
    channel.pipe(child.stdin)
    child.stdin.on('error', () => undefined)
    child.stdout.on('data', (chunk: Buffer) => {
      if (channel.write(chunk) === false) {
        child.stdout.pause()
        channel.once('drain', () => child.stdout.resume())
      }
    })
    child.stderr.on('data', (chunk: Buffer) => channel.stderr.write(chunk))
    child.on('close', (code, signal) => {
      this.#children.delete(child)
      try {
        if (code === null) channel.exit(signal ?? 'KILL')
        else channel.exit(code)
        channel.end()
      } catch {
        // The connection has ended meanwhile.
      }
    })
    channel.on('close', () => {
      // As sshd: the pipes are closed, the process lives on until it notices.
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
    })
  }
}

/** ssh2's server connection keeps its socket to itself. */
const socketOf = (client: ServerConnection): Socket | undefined =>
  (client as unknown as { _sock?: Socket })._sock

/** Opens connections to servers: the way there (address, TCP, jumps), then the handshake, then one shared interface. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../../application/clock.ts'
import type { Log } from '../../application/platform/platform.ts'
import type { Connection, ConnectRequest, Connector } from '../../application/servers/connection.ts'
import type { PinStore } from '../../application/storage.ts'
import { defaultAgentSockets } from './agent.ts'
import { SshConnection } from './connection.ts'
import { within } from './deadline.ts'
import { defaultDeadlines, type Deadlines } from './deadlines.ts'
import { hostKeyFailureOf, where, type Endpoint } from './errors.ts'
import { openLink } from './handshake.ts'
import { HostKeys } from './host-keys.ts'
import { JumpPool, type JumpLease } from './jump-pool.ts'
import { createKeyParser, type KeyParser } from './key-worker.ts'
import type { SshLink } from './link.ts'
import { createResolver, type AddressResolver } from './resolver.ts'
import { Semaphores } from './semaphore.ts'
import { connectTcp } from './tcp.ts'

export interface ConnectorDeps {
  readonly pins: PinStore
  readonly log: Log
  readonly clock: Clock
  readonly homeFolder?: string
  /** Default: the user's and the system's. They are only read. */
  readonly knownHostsFiles?: readonly string[]
  /** Default: SSH_AUTH_SOCK, or Windows' pipe and Pageant. null: there is no agent. */
  readonly agentSocket?: string | null
  readonly keyParser?: KeyParser
  readonly resolver?: AddressResolver
  readonly deadlines?: Partial<Deadlines>
}

/** sshd drops handshakes beyond ten at once at random (MaxStartups 10:30:100). */
const HANDSHAKES_AT_ONCE = 4

export function createConnector(deps: ConnectorDeps): Connector & { close(): void } {
  const dialer = new Dialer(deps)
  return {
    connect: (request) => dialer.connect(request),
    hostKeyFailureOf,
    close: () => dialer.close()
  }
}

export function systemKnownHosts(homeFolder: string): string[] {
  const system =
    process.platform === 'win32' ? join(process.env['ProgramData'] ?? 'C:\\ProgramData', 'ssh') : '/etc/ssh'
  return [
    join(homeFolder, '.ssh', 'known_hosts'),
    join(homeFolder, '.ssh', 'known_hosts2'),
    join(system, 'ssh_known_hosts'),
    join(system, 'ssh_known_hosts2')
  ]
}

/** The bytes' way to a host, before any ssh. */
interface Way {
  readonly stream: Duplex
  readonly address: string
  readonly carrier: SshLink | null
}

class Dialer {
  readonly #deps: ConnectorDeps
  readonly #homeFolder: string
  readonly #deadlines: Deadlines
  readonly #agentSockets: readonly string[]
  readonly #hostKeys: HostKeys
  readonly #keyParser: KeyParser
  readonly #resolver: AddressResolver
  readonly #jumps: JumpPool
  readonly #turns = new Semaphores(HANDSHAKES_AT_ONCE)

  constructor(deps: ConnectorDeps) {
    this.#deps = deps
    this.#homeFolder = deps.homeFolder ?? homedir()
    this.#deadlines = { ...defaultDeadlines, ...deps.deadlines }
    this.#agentSockets =
      deps.agentSocket === undefined
        ? defaultAgentSockets(process.env, process.platform)
        : [deps.agentSocket ?? []].flat()
    const knownHostsFiles = deps.knownHostsFiles ?? systemKnownHosts(this.#homeFolder)
    this.#hostKeys = new HostKeys({ pins: deps.pins, knownHostsFiles, log: deps.log })
    this.#keyParser = deps.keyParser ?? createKeyParser()
    this.#resolver = deps.resolver ?? createResolver()
    this.#jumps = new JumpPool(this.#deadlines.jumpLingerMs)
  }

  async connect(request: ConnectRequest): Promise<Connection> {
    const { host, port, user, jumps } = request.settings
    const { link, address } = await this.#dial({ host, port, user }, jumps, request, true)
    return new SshConnection(link, address)
  }

  close(): void {
    this.#jumps.close()
    this.#keyParser.close()
  }

  /** @param chain the hops before `endpoint`, nearest first */
  async #dial(
    endpoint: Endpoint,
    chain: readonly Endpoint[],
    request: ConnectRequest,
    isTarget: boolean
  ): Promise<{ link: SshLink; address: string }> {
    const jump = chain.at(-1)
    const lease = jump ? await this.#jump(jump, chain.slice(0, -1), request) : null
    const turns: (() => void)[] = []
    try {
      if (jump) turns.push(await this.#turn(`through ${nameOf(jump, chain.slice(0, -1))}`, endpoint, request))
      turns.push(await this.#turn(nameOf({ ...endpoint, user: '' }, chain), endpoint, request))
      const way = await this.#way(endpoint, lease, request, isTarget || chain.length === 0)
      const link = await this.#login(endpoint, way, request, isTarget, turns)
      if (lease) void link.closed.then(() => lease.release())
      return { link, address: way.address }
    } catch (error) {
      lease?.release()
      throw error
    } finally {
      for (const done of turns) done()
    }
  }

  #jump(jump: Endpoint, before: readonly Endpoint[], request: ConnectRequest): Promise<JumpLease> {
    return this.#jumps.acquire(nameOf(jump, before), request.signal, async (signal) => {
      const { link } = await this.#dial(jump, before, { ...request, signal }, false)
      return link
    })
  }

  #turn(name: string, endpoint: Endpoint, { signal }: ConnectRequest): Promise<() => void> {
    const deadlineMs = this.#deadlines.turnMs
    return this.#turns.acquire(name, {
      signal,
      deadlineMs,
      onDeadline: () =>
        new AppError('deadlineExceeded', { params: { ...where(endpoint), deadlineMs }, retryable: true })
    })
  }

  async #way(
    endpoint: Endpoint,
    lease: JumpLease | null,
    request: ConnectRequest,
    tellStages: boolean
  ): Promise<Way> {
    const tell: NonNullable<ConnectRequest['onStage']> = (...stage) => {
      if (tellStages) request.onStage?.(...stage)
    }
    const { signal } = request
    const deadlineMs = this.#deadlines.connectMs
    if (lease) {
      tell('connect', 'running', { jump: lease.link.endpoint.host })
      const stream = await lease.link.forward(endpoint, { signal, deadlineMs })
      tell('connect', 'passed', { jump: lease.link.endpoint.host })
      return { stream, address: endpoint.host, carrier: lease.link }
    }
    tell('resolve', 'running', { host: endpoint.host })
    const addresses = await this.#addresses(endpoint, request)
    tell('resolve', 'passed', { address: addresses[0] ?? '' })
    tell('connect', 'running', { address: addresses[0] ?? '', port: endpoint.port })
    const { socket, address } = await connectTcp(addresses, endpoint, { signal, deadlineMs })
    tell('connect', 'passed', { address, port: endpoint.port })
    return { stream: socket, address, carrier: null }
  }

  /** The last good address stands in when the name cannot be resolved now. It belongs to the target, or its first hop. */
  async #addresses(endpoint: Endpoint, request: ConnectRequest): Promise<readonly string[]> {
    const deadlineMs = this.#deadlines.resolveMs
    const { signal, lastGoodAddress, settings } = request
    try {
      return await within(this.#resolver.resolve(endpoint.host, { signal, deadlineMs }), {
        signal,
        deadlineMs: deadlineMs + 250,
        onDeadline: () =>
          new AppError('addressTimeout', { params: { host: endpoint.host, deadlineMs }, retryable: true })
      })
    } catch (error) {
      const isTarget = endpoint.host === settings.host && settings.jumps.length === 0
      if (signal.aborted || lastGoodAddress === undefined || !isTarget) throw error
      this.#deps.log.info('ssh.lastGoodAddressUsed', { host: endpoint.host, address: lastGoodAddress })
      return [lastGoodAddress]
    }
  }

  async #login(
    endpoint: Endpoint,
    way: Way,
    request: ConnectRequest,
    isTarget: boolean,
    turns: readonly (() => void)[]
  ): Promise<SshLink> {
    const { settings, password, passphrase, signal } = request
    const { log } = this.#deps
    try {
      const known = await this.#hostKeys.load(endpoint.host, endpoint.port)
      return await openLink({
        ...way,
        endpoint,
        known,
        compress: isTarget && !isLoopback(way.address),
        deadlines: this.#deadlines,
        signal,
        log,
        onStage: (...stage) => {
          if (isTarget) request.onStage?.(...stage)
        },
        login: {
          useAgent: settings.useAgent,
          agentSockets: this.#agentSockets,
          agentDeadlineMs: this.#deadlines.agentMs,
          keyFiles: settings.keyFiles,
          homeFolder: this.#homeFolder,
          usePassword: settings.usePassword,
          password,
          passphrase,
          keyParser: this.#keyParser,
          log,
          prompt: (question, promptSignal) => {
            // While the operator thinks, others may have the place.
            for (const done of turns) done()
            return request.prompt(question, promptSignal)
          }
        }
      })
    } catch (error) {
      way.stream.destroy()
      throw error
    }
  }
}

/** A jump is shared only by servers that reach it by the same way and as the same user. */
const nameOf = (endpoint: Endpoint, chain: readonly Endpoint[]): string =>
  JSON.stringify([...chain, endpoint].map(({ host, port, user }) => [host.toLowerCase(), port, user]))

/** Compression pays wherever bytes travel. */
const isLoopback = (address: string): boolean => /^(127\.|::1$|::ffff:127\.)/.test(address)

/** Port scans of registered servers: on demand, and by themselves as each server's plan says. */
import { AppError } from '#contract/errors.ts'
import type { HistoryEvent } from '#contract/history.ts'
import type { ServerId } from '#contract/ids.ts'
import { parsePortList } from '#contract/port-list.ts'
import { PortPlan, type InsideTarget, type PortScan, type PortScansView } from '#contract/ports.ts'
import type { ScanOrigin } from '#contract/vocabulary.ts'
import { portChanges } from '../../domain/ports/scan-changes.ts'
import { serviceName } from '../../domain/ports/service-names.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'
import type { BlobStore } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import { KeptScans } from './kept-scans.ts'
import { knock, type ScanProgress } from './knock.ts'
import type { PortAccess, Probed } from './port-access.ts'
import { SshProbe } from './ssh-probe.ts'

export interface PortScansDeps {
  readonly access: PortAccess
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  /** Throws notFound. */
  readonly runtimeOf: (serverId: ServerId) => ServerRuntime
  /** The address that the server has in its own network, where it is known. */
  readonly ownAddress: (serverId: ServerId) => string | null
}

export interface ScanRequest {
  readonly ports: readonly number[]
  readonly origins: readonly ScanOrigin[]
  readonly inside: InsideTarget
  readonly scheduled: boolean
}

const DEADLINE_MS: Readonly<Record<ScanOrigin, number>> = { direct: 2_000, ssh: 3_000 }
const LOOPBACK = '127.0.0.1'

export class PortScans {
  readonly #deps: PortScansDeps
  readonly #kept: KeptScans
  readonly #plans: ServerOptions<typeof PortPlan>
  readonly #board = new DetailBoard<PortScansView>()
  readonly #running = new Map<ServerId, Set<ScanOrigin>>()
  /** One scan of a server at a time; the next one waits. */
  readonly #turns = new Map<ServerId, Promise<unknown>>()
  /** Told by the schedule. */
  nextAtMs: (serverId: ServerId) => number | null = () => null

  constructor(deps: PortScansDeps) {
    this.#deps = deps
    this.#kept = new KeptScans(deps.blobs)
    this.#plans = new ServerOptions(deps.blobs, 'ports', PortPlan)
  }

  async load(serverId: ServerId): Promise<void> {
    await Promise.all([this.#plans.load(serverId), this.#kept.load(serverId)])
  }

  async forget(serverId: ServerId): Promise<void> {
    this.#board.forget(serverId)
    await Promise.all([this.#plans.forget(serverId), this.#kept.forget(serverId)])
  }

  plan(serverId: ServerId): PortPlan {
    return this.#plans.get(serverId)
  }

  async setPlan(serverId: ServerId, plan: PortPlan): Promise<void> {
    await this.#plans.set(serverId, plan)
    this.publish(serverId)
  }

  scheduledAtMs(serverId: ServerId): number | null {
    return this.#kept.scheduledAtMs(serverId)
  }

  async noteScheduled(serverId: ServerId): Promise<void> {
    await this.#kept.noteScheduled(serverId, this.#deps.clock.nowMs())
    this.publish(serverId)
  }

  watch(serverId: ServerId, signal: AbortSignal): AsyncIterable<PortScansView> {
    this.publish(serverId)
    return this.#board.watch(serverId, signal)
  }

  publish(serverId: ServerId): void {
    const runtime = this.#deps.runtimeOf(serverId)
    this.#board.publish(serverId, {
      plan: this.#plans.get(serverId),
      direct: this.#kept.newest(serverId, 'direct'),
      ssh: this.#kept.newest(serverId, 'ssh'),
      running: [...(this.#running.get(serverId) ?? [])],
      nextAtMs: this.nextAtMs(serverId),
      directBlocked: runtime.record.connection.jumps.length > 0
    })
  }

  /**
   * Resolves with the scans, newest results kept and changes told. Throws refused {what: scanThroughJump}, disconnected,
   * addressNotFound, cancelled; then nothing of that origin is kept.
   */
  scan(
    serverId: ServerId,
    request: ScanRequest,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: ScanProgress) => void }
  ): Promise<PortScan[]> {
    const before = this.#turns.get(serverId) ?? Promise.resolve()
    const turn = before.then(async () => {
      const scans: PortScan[] = []
      for (const origin of request.origins)
        scans.push(await this.#scanFrom(serverId, origin, request, options))
      return scans
    })
    const settled = turn.then(
      () => undefined,
      () => undefined
    )
    this.#turns.set(serverId, settled)
    void settled.then(() => {
      if (this.#turns.get(serverId) === settled) this.#turns.delete(serverId)
    })
    return turn
  }

  async #scanFrom(
    serverId: ServerId,
    origin: ScanOrigin,
    request: ScanRequest,
    { signal, onProgress }: { readonly signal: AbortSignal; readonly onProgress: (p: ScanProgress) => void }
  ): Promise<PortScan> {
    const { clock } = this.#deps
    if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    const running = this.#running.get(serverId) ?? new Set()
    this.#running.set(serverId, running.add(origin))
    this.publish(serverId)
    const own = new AbortController()
    const either = AbortSignal.any([signal, own.signal])
    try {
      const way = await this.#way(serverId, origin, request.inside, either)
      const startedAtMs = clock.nowMs()
      const base = { origin, address: way.address, startedAtMs, scheduled: request.scheduled }
      const found = await knock({
        ...way,
        ports: request.ports,
        origin,
        known: this.#kept.known(serverId, origin),
        clock,
        signal: either,
        onProgress
      })
      const scan: PortScan = { ...base, endedAtMs: clock.nowMs(), ...found }
      await this.#take(serverId, scan)
      return scan
    } catch (error) {
      if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
      throw error
    } finally {
      own.abort()
      running.delete(origin)
      this.publish(serverId)
    }
  }

  /** Where to knock, and how. Only ever at the server that was registered. */
  async #way(
    serverId: ServerId,
    origin: ScanOrigin,
    inside: InsideTarget,
    signal: AbortSignal
  ): Promise<{ readonly address: string; readonly probe: (port: number) => Promise<Probed> }> {
    const { access, runtimeOf, ownAddress } = this.#deps
    const runtime = runtimeOf(serverId)
    const { record, connection } = runtime
    const deadlineMs = DEADLINE_MS[origin]
    if (origin === 'direct') {
      // Behind a jump host its address may be that of another machine here.
      if (record.connection.jumps.length > 0)
        throw new AppError('refused', { params: { what: 'scanThroughJump', server: record.name } })
      const address =
        connection?.address ??
        runtime.picture.lastGoodAddress ??
        (await access.resolve(record.connection.host, signal))[0]
      if (address === undefined)
        throw new AppError('addressNotFound', { params: { host: record.connection.host } })
      return { address, probe: (port) => access.probe(address, port, { signal, deadlineMs }) }
    }
    if (connection === null)
      throw new AppError('disconnected', { params: { server: record.name }, retryable: true })
    const address = inside === 'loopback' ? LOOPBACK : (ownAddress(serverId) ?? connection.address)
    const ssh = new SshProbe(connection, signal)
    return { address, probe: (port) => ssh.probe(address, port, deadlineMs) }
  }

  async #take(serverId: ServerId, scan: PortScan): Promise<void> {
    const { runtimeOf, log } = this.#deps
    const { origin, ports, problem, endedAtMs, scheduled } = scan
    const { picture } = runtimeOf(serverId)
    const before = this.#kept.known(serverId, origin)
    if (problem === null) {
      for (const change of portChanges(before, ports)) {
        const event: HistoryEvent = {
          kind: 'portChanged',
          origin,
          ...change,
          service: serviceName(change.port)
        }
        picture.happened.tell(event, endedAtMs)
      }
      if (scheduled) picture.takeReading(`portScan.${origin}`, endedAtMs, readingOf(scan))
    }
    if (origin === 'ssh') {
      picture.takeLaneCapabilities('portScan.ssh', [
        problem?.kind === 'forwardingOff'
          ? { id: 'portForwarding', works: false, cause: 'permissionDenied', fix: problem.fix }
          : { id: 'portForwarding', works: true, cause: null, fix: null }
      ])
    }
    try {
      await this.#kept.take(serverId, scan)
    } catch (cause) {
      // Shown all the same; a restart shows the scan before.
      log.error('ports.scanNotKept', cause, { serverId })
    }
  }
}

/** Into the history: whether each port was open, and how fast it said so. */
function readingOf({ origin, ports }: PortScan): Parameters<ServerRuntime['picture']['takeReading']>[2] {
  return {
    entities: ports.map(({ port, state, answerMs }) => ({
      kind: 'port' as const,
      key: `${origin}:${port}`,
      values: { open: state === 'open' ? 1 : 0, ...(answerMs !== null && { answerMs }) }
    })),
    labels: ports.flatMap(({ port, service }) =>
      service === null
        ? []
        : [{ kind: 'port' as const, key: `${origin}:${port}`, label: `${origin}:${port} ${service}` }]
    ),
    capabilities: []
  }
}

/** Checked at the contract's border already. */
export function portsOf(text: string): readonly number[] {
  const { ports, problem } = parsePortList(text)
  if (ports === null) throw new AppError('invalidInput', { params: { what: problem.kind } })
  return ports
}

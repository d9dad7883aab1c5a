/** One registered server, alive: connects, samples, keeps trying; and what the window sees of it. */
import { AppError } from '#contract/errors.ts'
import type { LiveTick } from '#contract/history.ts'
import type { VmRef, VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type {
  Capability,
  ConnectionFailure,
  ConnectionState,
  ServerFacts,
  ServerRecord,
  ServerView
} from '#contract/servers.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { Clock } from '../clock.ts'
import type { Hypervisor, HypervisorSession, MachineListing, StatsRound } from '../machines/hypervisor.ts'
import { MachineBoard } from '../machines/machine-board.ts'
import type { Log } from '../platform/platform.ts'
import type { HostSampler } from '../sampling/host-sampler.ts'
import { TickWriter } from '../sampling/tick-writer.ts'
import type { Storage, StoredServer, Tick } from '../storage.ts'
import { nextDelayMs, waitsForOperator } from './back-off.ts'
import type { Connection, Connector } from './connection.ts'
import type { PromptBroker } from './prompt-broker.ts'
import type { SecretVault } from './secret-vault.ts'
import { runServerLanes } from './server-lanes.ts'
import { NowBuilder } from './server-now.ts'

export interface RuntimeDeps {
  readonly connector: Connector
  readonly sampler: HostSampler
  readonly hypervisor: Hypervisor
  readonly storage: Storage
  readonly vault: SecretVault
  readonly prompts: PromptBroker
  readonly clock: Clock
  readonly log: Log
  /** 0..1, for jitter. */
  readonly random: () => number
  readonly defaultIntervalMs: () => number
}

export interface RuntimeEvents {
  readonly changed: () => void
  readonly machines: (changed: readonly MachineView[], removed: readonly VmRef[]) => void
  readonly tick: (tick: LiveTick) => void
  readonly hostKeyShown: (failure: ConnectionFailure) => void
}

const SPARKLINE_POINTS = 40
/** A lost link counts as "server off" only after this long without an answer. */
const OFF_AFTER_MS = 60_000
const RESUME_PROBE_MS = 2_000
const OFF_CODES = new Set(['connectTimeout', 'connectionRefused', 'networkUnreachable', 'addressNotFound'])

export class ServerRuntime {
  readonly machines: MachineBoard
  readonly #deps: RuntimeDeps
  readonly #events: RuntimeEvents
  readonly #now = new NowBuilder()
  readonly #writer: TickWriter
  #record: ServerRecord
  #state: ConnectionState
  #lastNow: ServerView['now']
  #facts: ServerFacts | null
  #factsAtMs: number | null
  #lastGoodAddress: string | null
  #hostCapabilities: readonly Capability[] = []
  #libvirtCapabilities: readonly Capability[] = []
  #session: HypervisorSession | null = null
  #sparkline: (number | null)[] = []
  readonly #newNames = new Map<VmUuid, string>()
  #watchers = 0
  #life: AbortController | null = null
  #running: Promise<void> = Promise.resolve()
  #nap: AbortController | null = null
  #connection: Connection | null = null

  constructor(stored: StoredServer, deps: RuntimeDeps, events: RuntimeEvents) {
    this.#record = stored.record
    this.#deps = deps
    this.#events = events
    this.#facts = stored.facts
    this.#factsAtMs = stored.factsAtMs
    this.#lastNow = stored.lastNow
    this.#lastGoodAddress = stored.lastGoodAddress
    this.#state = { kind: 'stopped', sinceAtMs: deps.clock.nowMs() }
    this.machines = new MachineBoard(stored.record.id)
    this.#writer = new TickWriter({
      serverId: stored.record.id,
      history: deps.storage.history,
      log: deps.log,
      lastStoredAtMs: stored.lastNow?.atMs ?? null
    })
  }

  get record(): ServerRecord {
    return this.#record
  }

  get session(): HypervisorSession | null {
    return this.#session
  }

  get sparkline(): readonly (number | null)[] {
    return this.#sparkline
  }

  get state(): ConnectionState {
    return this.#state
  }

  view(): ServerView {
    const now = this.#now.build(this.#facts?.cpuThreads ?? null) ?? this.#lastNow
    const counts = this.machines.counts()
    const online = this.#state.kind === 'online'
    return {
      record: this.#record,
      presence: now === null ? 'EMPTY' : online ? 'ON' : 'OFF',
      connection: this.#state,
      now,
      facts: this.#facts,
      factsAtMs: this.#factsAtMs,
      capabilities: [...this.#hostCapabilities, ...this.#libvirtCapabilities],
      machinesRunning: counts?.running ?? null,
      machinesTotal: counts?.total ?? null,
      secretKept: this.#deps.vault.isKept(this.#record.id)
    }
  }

  /** Starts to connect unless collecting is off. */
  start(): void {
    if (this.#life || !this.#record.collecting) return
    const life = new AbortController()
    this.#life = life
    this.#running = this.#run(life.signal).catch((error: unknown) => {
      // Nothing may end a server's loop but stop(); if something does, the operator sees it.
      const incidentId = this.#deps.log.error('server.loopEnded', error, { serverId: this.#record.id })
      const failure = new AppError('internal', { cause: error })
      failure.incidentId = incidentId
      this.#setOffline(failure, 1, null)
    })
  }

  /** Ends the connection and waits until nothing of it runs any more. */
  async stop(reason: GapReason | null): Promise<void> {
    this.#life?.abort(new AppError('cancelled'))
    this.#life = null
    this.#connection?.close()
    await this.#running
    if (reason) await this.#writer.gap(reason)
    this.#setState({ kind: 'stopped', sinceAtMs: this.#deps.clock.nowMs() })
  }

  /** Takes an edited record; reconnects only when the way to the server changed. */
  async reconfigure(record: ServerRecord, secretsChanged: boolean): Promise<void> {
    const before = this.#record
    this.#record = record
    const wayChanged =
      secretsChanged || JSON.stringify(before.connection) !== JSON.stringify(record.connection)
    if (wayChanged || before.collecting !== record.collecting) {
      await this.stop(record.collecting ? null : 'collectionStopped')
      this.start()
    }
    this.#events.changed()
  }

  /** Tries now instead of later; an online server is probed. */
  connectNow(): void {
    if (!this.#life) this.start()
    this.#nap?.abort()
    void this.#connection?.probe(RESUME_PROBE_MS)
  }

  /** While something looks at this server, slow values are read at every tick. Returns the release. */
  watch(): () => void {
    this.#watchers++
    let released = false
    return () => {
      if (!released) this.#watchers--
      released = true
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps
    let attempts = 0
    let refusedLogins = 0
    let failingSinceMs: number | null = null
    while (!signal.aborted) {
      this.#setState({ kind: 'connecting', sinceAtMs: clock.nowMs(), attempt: attempts + 1 })
      let failure: AppError
      try {
        const connection = await this.#connect(signal)
        attempts = 0
        refusedLogins = 0
        failingSinceMs = null
        failure = await this.#serve(connection, signal)
      } catch (error) {
        failure = error instanceof AppError ? error : new AppError('internal', { cause: error })
        if (failure.code === 'internal' && !signal.aborted) {
          failure.incidentId = this.#deps.log.error('server.connectFailed', error, {
            serverId: this.#record.id
          })
        }
      }
      if (signal.aborted) return
      attempts++
      failingSinceMs ??= clock.monotonicMs()
      if (failure.code === 'loginRefused') refusedLogins++
      const downMs = clock.monotonicMs() - failingSinceMs
      await this.#writer.gap(downMs > OFF_AFTER_MS && OFF_CODES.has(failure.code) ? 'serverOff' : 'linkLost')
      const delayMs = waitsForOperator(failure, refusedLogins)
        ? null
        : nextDelayMs({ attempt: attempts, sinceFirstFailureMs: downMs, random: random() })
      this.#setOffline(failure, attempts, delayMs)
      const woken = await this.#sleep(delayMs, signal)
      if (woken) refusedLogins = 0
    }
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { connector, vault, prompts } = this.#deps
    const secrets = vault.get(this.#record.id)
    return connector.connect({
      serverId: this.#record.id,
      settings: this.#record.connection,
      password: secrets.password,
      passphrase: secrets.passphrase,
      signal,
      ...(this.#lastGoodAddress === null ? {} : { lastGoodAddress: this.#lastGoodAddress }),
      prompt: (question, promptSignal) => prompts.ask(this.#record.name, question, promptSignal)
    })
  }

  /** Resolves with the reason when the connection is gone. */
  async #serve(connection: Connection, signal: AbortSignal): Promise<AppError> {
    this.#connection = connection
    const ended = new AbortController()
    const closed = connection.closed.then((error) => {
      ended.abort(error)
      return error
    })
    try {
      if (connection.address !== this.#lastGoodAddress) {
        this.#lastGoodAddress = connection.address
        await this.#deps.storage.servers.saveLastGoodAddress(this.#record.id, connection.address)
      }
      await runServerLanes({
        connection,
        deps: this.#deps,
        signal: AbortSignal.any([signal, ended.signal]),
        intervalMs: () => this.#record.intervalMs ?? this.#deps.defaultIntervalMs(),
        isWatched: () => this.#watchers > 0,
        onStarted: () => this.#setState({ kind: 'online', sinceAtMs: this.#deps.clock.nowMs() }),
        onFacts: (facts) => this.#takeFacts(facts, connection),
        onHost: (atMs, entities) => this.#takeHost(atMs, entities),
        onHostCapabilities: (capabilities) => {
          this.#hostCapabilities = capabilities
        },
        onLibvirtCapabilities: (capabilities) => {
          this.#libvirtCapabilities = capabilities
          this.#events.changed()
        },
        onSession: (session) => {
          this.#session = session
          if (session) this.#takeHypervisorVersions(session)
        },
        onList: (listings, atMs) => this.#takeList(listings, atMs),
        onStats: (round, atMs) => this.#takeStats(round, atMs),
        resumeProbeMs: RESUME_PROBE_MS
      })
    } finally {
      this.#session = null
      this.#connection = null
      connection.close()
    }
    return closed
  }

  async #takeFacts(facts: ServerFacts, connection: Connection): Promise<void> {
    const { clock, storage } = this.#deps
    this.#facts = {
      ...facts,
      sshServer: connection.serverSoftware,
      libvirtVersion: this.#session?.libvirtVersion ?? this.#facts?.libvirtVersion ?? null,
      hypervisorVersion: this.#session?.hypervisorVersion ?? this.#facts?.hypervisorVersion ?? null
    }
    this.#factsAtMs = clock.nowMs()
    this.#events.changed()
    await storage.servers.saveFacts(this.#record.id, this.#facts, this.#factsAtMs)
  }

  #takeHypervisorVersions({ libvirtVersion, hypervisorVersion }: HypervisorSession): void {
    if (this.#facts) this.#facts = { ...this.#facts, libvirtVersion, hypervisorVersion }
  }

  async #takeHost(atMs: number, entities: readonly EntityValues[]): Promise<void> {
    const counts = this.machines.counts()
    const all = counts ? entities.map((entity) => withCounts(entity, counts)) : entities
    this.#now.take(atMs, all)
    const host = all.find((entity) => entity.kind === 'server')
    if (host && 'uptimeSec' in host.values) {
      const point = (host as EntityValues<'server'>).values.netTotalBytesPerSec ?? null
      this.#sparkline = [...this.#sparkline.slice(1 - SPARKLINE_POINTS), point]
    }
    this.#events.changed()
    await this.#keep({ serverId: this.#record.id, atMs, entities: all })
  }

  #takeList(listings: readonly MachineListing[], atMs: number): void {
    const serverId = this.#record.id
    const { changed, removed, named } = this.machines.takeList(listings, atMs)
    if (changed.length > 0 || removed.length > 0) {
      this.#events.machines(
        changed,
        removed.map((vmUuid) => ({ serverId, vmUuid }))
      )
      this.#events.changed()
    }
    for (const { uuid, name } of named) this.#newNames.set(uuid, name)
  }

  async #takeStats(round: StatsRound, atMs: number): Promise<void> {
    const changed = this.machines.takeStats(round, atMs)
    if (changed.length > 0) this.#events.machines(changed, [])
    const entities = round.machines.map((machine) => machine.values)
    if (entities.length === 0) return
    await this.#keep({ serverId: this.#record.id, atMs, entities, labels: this.#labelsOf(round) })
  }

  /** New names go into the history with the first values of their VM. */
  #labelsOf(round: StatsRound): NonNullable<Tick['labels']> {
    return round.machines.flatMap(({ uuid }) => {
      const label = this.#newNames.get(uuid)
      this.#newNames.delete(uuid)
      return label === undefined ? [] : [{ kind: 'vm' as const, key: uuid, label }]
    })
  }

  async #keep(tick: Tick): Promise<void> {
    this.#events.tick({
      serverId: tick.serverId,
      atMs: tick.atMs,
      entities: tick.entities.map(({ kind, key, values }) => ({
        kind,
        key,
        values: values
      }))
    })
    await this.#writer.write(tick)
  }

  #setOffline(error: AppError, attempts: number, delayMs: number | null): void {
    const { clock, connector } = this.#deps
    const keys = connector.hostKeyFailureOf(error)
    const failure: ConnectionFailure = {
      error: error.toInfo(),
      hostKey: keys ? { shown: keys.shown, expected: [...keys.expected] } : null
    }
    if (failure.hostKey) this.#events.hostKeyShown(failure)
    const sinceAtMs = this.#offlineSinceAtMs ?? clock.nowMs()
    const nextTryAtMs = delayMs === null ? null : clock.nowMs() + delayMs
    this.#setState({ kind: 'offline', sinceAtMs, failure, attempts, nextTryAtMs })
  }

  #offlineSinceAtMs: number | null = null

  #setState(state: ConnectionState): void {
    if (state.kind === 'offline') this.#offlineSinceAtMs = state.sinceAtMs
    if (state.kind === 'online' || state.kind === 'stopped') this.#offlineSinceAtMs = null
    this.#state = state
    this.#events.changed()
  }

  /** True when woken by the operator. */
  async #sleep(delayMs: number | null, signal: AbortSignal): Promise<boolean> {
    const nap = new AbortController()
    this.#nap = nap
    const either = AbortSignal.any([signal, nap.signal])
    try {
      await this.#deps.clock.sleep(delayMs ?? 2 ** 31 - 1, either)
      return false
    } catch (error) {
      if (!either.aborted) throw error
      return nap.signal.aborted
    } finally {
      this.#nap = null
    }
  }
}

function withCounts(entity: EntityValues, counts: { running: number; total: number }): EntityValues {
  if (entity.kind !== 'server') return entity
  const values = { ...entity.values, machinesRunning: counts.running, machinesTotal: counts.total }
  return { kind: 'server', key: entity.key, values }
}

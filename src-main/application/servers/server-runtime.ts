/** One registered server, alive: connects, lets the lanes run, keeps trying; its picture is what the window sees. */
import { AppError } from '#contract/errors.ts'
import type { VmUuid } from '#contract/ids.ts'
import type {
  ConnectionFailure,
  ConnectionState,
  ExpectedOff,
  ServerRecord,
  ServerView
} from '#contract/servers.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { Hypervisor, HypervisorSession } from '../machines/hypervisor.ts'
import type { MachineBoard } from '../machines/machine-board.ts'
import type { HostSampler } from '../sampling/host-sampler.ts'
import type { StoredServer } from '../storage.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import type { Tools } from '../telemetry/tools.ts'
import { Retries } from './retries.ts'
import type { Connection, Connector } from './connection.ts'
import type { PromptBroker } from './prompt-broker.ts'
import type { SecretVault } from './secret-vault.ts'
import { runServerLanes } from './server-lanes.ts'
import { ServerPicture, type PictureDeps, type PictureEvents } from './server-picture.ts'

export interface RuntimeDeps extends PictureDeps {
  readonly connector: Connector
  readonly sampler: HostSampler
  readonly hypervisor: Hypervisor
  readonly telemetry: Telemetry
  readonly toolsOf: (connection: Connection) => Tools
  readonly vault: SecretVault
  readonly prompts: PromptBroker
  /** 0..1, for jitter. */
  readonly random: () => number
  readonly defaultIntervalMs: () => number
}

export interface RuntimeEvents extends PictureEvents {
  readonly hostKeyShown: (failure: ConnectionFailure) => void
}

/** A lost link counts as "server off" only after this long without an answer. */
const OFF_AFTER_MS = 60_000
const RESUME_PROBE_MS = 2_000
const OFF_CODES = new Set(['connectTimeout', 'connectionRefused', 'networkUnreachable', 'addressNotFound'])

/** root needs none, and may have no sudo at all. */
const sudoOf = ({ useSudo, connection }: ServerRecord): '' | 'sudo -n ' =>
  useSudo && connection.user !== 'root' ? 'sudo -n ' : ''

export class ServerRuntime {
  readonly picture: ServerPicture
  readonly #deps: RuntimeDeps
  readonly #events: RuntimeEvents
  #record: ServerRecord
  #state: ConnectionState
  #offlineSinceAtMs: number | null = null
  #session: HypervisorSession | null = null
  #connection: Connection | null = null
  #watchers = 0
  /** The connection is closed only to be opened again. */
  #renewing = false
  /** Aborted to end the loop; null while it does not run. */
  #life: AbortController | null = null
  #running: Promise<void> = Promise.resolve()
  /** Aborted to end the wait between two attempts. */
  #nap: AbortController | null = null

  constructor(stored: StoredServer, deps: RuntimeDeps, events: RuntimeEvents) {
    this.#record = stored.record
    this.#deps = deps
    this.#events = events
    this.#state = { kind: 'stopped', sinceAtMs: deps.clock.nowMs() }
    this.picture = new ServerPicture(stored, deps, events)
  }

  get machines(): MachineBoard {
    return this.picture.machines
  }

  get record(): ServerRecord {
    return this.#record
  }

  get session(): HypervisorSession | null {
    return this.#session
  }

  get connection(): Connection | null {
    return this.#connection
  }

  get sparkline(): readonly (number | null)[] {
    return this.picture.sparkline
  }

  get state(): ConnectionState {
    return this.#state
  }

  view(): ServerView {
    const { now } = this.picture
    const counts = this.machines.counts()
    // The first attempt of a run says nothing yet: a console that was just opened must not show a fleet in red.
    const off = this.#offlineSinceAtMs !== null || this.#state.kind === 'stopped'
    return {
      record: this.#record,
      presence: now === null ? 'EMPTY' : off ? 'OFF' : 'ON',
      connection: this.#state,
      now,
      ...this.picture.facts,
      capabilities: this.picture.capabilities.all(),
      machinesRunning: counts?.running ?? null,
      machinesTotal: counts?.total ?? null,
      expectedOff: this.picture.expectedOff.now,
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
    if (reason) await this.picture.gap(reason)
    await this.picture.settle()
    this.#setState({ kind: 'stopped', sinceAtMs: this.#deps.clock.nowMs() })
  }

  /** Takes an edited record; reconnects only when the way to the server changed. */
  async reconfigure(record: ServerRecord, secretsChanged: boolean): Promise<void> {
    const before = this.#record
    this.#record = record
    const wayChanged =
      secretsChanged || JSON.stringify(before.connection) !== JSON.stringify(record.connection)
    const isCollectingChanged = before.collecting !== record.collecting
    if (isCollectingChanged) {
      this.picture.happened.collecting(record.collecting, null, this.#deps.clock.nowMs())
    }
    if (wayChanged || isCollectingChanged) {
      await this.stop(record.collecting ? null : 'collectionStopped')
      this.start()
    } else if (before.useSudo !== record.useSudo) this.#deps.telemetry.readNow(record.id)
    this.#events.changed()
  }

  /** Takes the record with another list of VMs that are not collected, of which `changed` is new or gone. */
  async takeNotCollected(record: ServerRecord, changed: VmUuid): Promise<void> {
    this.#record = record
    await this.picture.takeNotCollected(record.machinesNotCollected, changed)
    this.#events.changed()
  }

  /** The operator is about to switch it off (null: it stays on after all). Gone when it is connected anew. */
  expectOff(expected: ExpectedOff | null): void {
    if (expected === null) this.picture.expectedOff.clear()
    else this.picture.expectedOff.set(expected)
    this.#events.changed()
  }

  /** Tries now instead of later; an online server is probed. */
  connectNow(): void {
    if (!this.#life) this.start()
    this.#nap?.abort()
    void this.#connection?.probe(RESUME_PROBE_MS)
  }

  /**
   * Everything is asked again now. Where the login may not read something it is made anew: a login has the groups it was
   * given when it began.
   */
  readNow(): void {
    if (this.#connection === null) throw new AppError('disconnected')
    this.#renewing = this.picture.capabilities.isRefused
    if (this.#renewing) this.#connection.close()
    else this.#deps.telemetry.readNow(this.#record.id)
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
    const retries = new Retries()
    while (!signal.aborted) {
      this.#setState({ kind: 'connecting', sinceAtMs: clock.nowMs(), attempt: retries.attempts + 1 })
      let failure: AppError
      try {
        const connection = await this.#connect(signal)
        retries.connected()
        failure = await this.#serve(connection, signal)
        if (this.#takeRenewing()) continue
      } catch (error) {
        failure = error instanceof AppError ? error : new AppError('internal', { cause: error })
        if (failure.code === 'internal' && !signal.aborted) {
          failure.incidentId = this.#deps.log.error('server.connectFailed', error, {
            serverId: this.#record.id
          })
        }
      }
      if (signal.aborted) return
      const { downMs, delayMs } = retries.failed(failure, clock.monotonicMs(), random())
      await this.picture.gap(downMs > OFF_AFTER_MS && OFF_CODES.has(failure.code) ? 'serverOff' : 'linkLost')
      this.#setOffline(failure, retries.attempts, delayMs)
      // A link that flaps is no news; one that waits for the operator does not flap.
      if (downMs > OFF_AFTER_MS || delayMs === null) {
        this.picture.happened.offline(this.#offlineSinceAtMs ?? clock.nowMs(), failure.code)
      }
      if (await this.#sleep(delayMs, signal)) retries.asked()
    }
  }

  #takeRenewing(): boolean {
    const renewing = this.#renewing
    this.#renewing = false
    return renewing
  }

  async #connect(signal: AbortSignal): Promise<Connection> {
    const { connector, vault, prompts } = this.#deps
    const secrets = vault.get(this.#record.id)
    const { lastGoodAddress } = this.picture
    return connector.connect({
      serverId: this.#record.id,
      settings: this.#record.connection,
      password: secrets.password,
      passphrase: secrets.passphrase,
      signal,
      ...(lastGoodAddress !== null && { lastGoodAddress }),
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
      await this.picture.takeAddress(connection.address)
      await runServerLanes({
        connection,
        deps: this.#deps,
        signal: AbortSignal.any([signal, ended.signal]),
        intervalMs: () => this.#record.intervalMs ?? this.#deps.defaultIntervalMs(),
        isWatched: () => this.#watchers > 0,
        onStarted: () => {
          const sinceAtMs = this.#deps.clock.nowMs()
          this.picture.expectedOff.clear()
          this.#setState({ kind: 'online', sinceAtMs })
          this.picture.happened.online(sinceAtMs)
        },
        onFacts: (facts) => this.picture.takeFacts(facts, connection, this.#session),
        onHost: (atMs, entities) => this.picture.takeHost(atMs, entities),
        // At every tick, with values that tell the window.
        onHostCapabilities: (capabilities) => this.picture.capabilities.take('host', capabilities),
        onLibvirtCapabilities: (capabilities) => this.picture.takeLaneCapabilities('libvirt', capabilities),
        onSession: (session) => {
          this.#session = session
          if (session) this.picture.takeHypervisor(session)
        },
        onList: (listings, atMs) => this.picture.takeList(listings, atMs),
        onStats: (round, atMs) => this.picture.takeStats(round, atMs),
        telemetry: {
          serverId: this.#record.id,
          sudo: () => sudoOf(this.#record),
          onReading: (laneId, atMs, reading) => this.picture.takeReading(laneId, atMs, reading),
          onCapabilities: (laneId, capabilities) => this.picture.takeLaneCapabilities(laneId, capabilities)
        },
        resumeProbeMs: RESUME_PROBE_MS
      })
    } finally {
      this.#session = null
      this.#connection = null
      connection.close()
    }
    return closed
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

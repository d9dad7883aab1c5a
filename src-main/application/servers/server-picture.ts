/** What is known of one server: newest values, facts, capabilities, machines. Outlives connections; feeds the history. */
import type { HistoryMark, LiveTick } from '#contract/history.ts'
import type { VmRef, VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { Capability, ServerFacts, ServerNow } from '#contract/servers.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { Clock } from '../clock.ts'
import { ServerEvents } from '../events/server-events.ts'
import type { HypervisorSession, MachineListing, MachineStats, StatsRound } from '../machines/hypervisor.ts'
import { MachineBoard } from '../machines/machine-board.ts'
import { MachineKeeping } from '../machines/machine-keeping.ts'
import type { Log } from '../platform/platform.ts'
import { ExpectedOffKeeper } from '../power/expected-off.ts'
import { TickWriter } from '../sampling/tick-writer.ts'
import type { FirmwareFacts, LaneReading } from '../telemetry/lane.ts'
import type { Storage, StoredServer, Tick } from '../storage.ts'
import type { Connection } from './connection.ts'
import { CoreMeans } from './core-means.ts'
import { ServerCapabilities } from './server-capabilities.ts'
import { NowBuilder } from './server-now.ts'

export interface PictureDeps {
  readonly storage: Storage
  readonly clock: Clock
  readonly log: Log
}

export interface PictureEvents {
  readonly changed: () => void
  readonly machines: (changed: readonly MachineView[], removed: readonly VmRef[]) => void
  /** `labels`: names that are new with it. */
  readonly tick: (tick: LiveTick, labels?: Tick['labels']) => void
  readonly mark: (mark: HistoryMark) => void
}

const SPARKLINE_POINTS = 40

export class ServerPicture {
  readonly machines: MachineBoard
  /** What happened, for the time axis. */
  readonly happened: ServerEvents
  readonly expectedOff: ExpectedOffKeeper
  readonly #keeping: MachineKeeping
  readonly #serverId: StoredServer['record']['id']
  readonly #deps: PictureDeps
  readonly #events: PictureEvents
  readonly #now = new NowBuilder()
  readonly #cores = new CoreMeans()
  readonly #writer: TickWriter
  /** Names that the history does not have yet. */
  readonly #newNames = new Map<VmUuid, string>()
  /** The machines' newest tick on its way into the history. */
  #statsKept: Promise<unknown> = Promise.resolve()
  readonly #lastNow: ServerNow | null
  #facts: ServerFacts | null
  #factsAtMs: number | null
  #lastGoodAddress: string | null
  readonly capabilities: ServerCapabilities
  #sparkline: readonly (number | null)[] = []

  constructor(stored: StoredServer, deps: PictureDeps, events: PictureEvents) {
    this.#serverId = stored.record.id
    this.#deps = deps
    this.#events = events
    this.#facts = stored.facts
    this.#factsAtMs = stored.factsAtMs
    this.#lastNow = stored.lastNow
    this.#lastGoodAddress = stored.lastGoodAddress
    this.capabilities = new ServerCapabilities(deps.clock)
    this.#keeping = new MachineKeeping({
      serverId: stored.record.id,
      history: deps.storage.history,
      log: deps.log,
      notCollected: stored.record.machinesNotCollected
    })
    this.machines = new MachineBoard(stored.record.id, (uuid) => this.#keeping.isCollected(uuid))
    this.happened = new ServerEvents(stored, {
      history: deps.storage.history,
      blobs: deps.storage.blobs,
      clock: deps.clock,
      log: deps.log,
      onMark: (mark) => events.mark(mark)
    })
    this.expectedOff = new ExpectedOffKeeper(stored.record.id, { blobs: deps.storage.blobs, log: deps.log })
    this.#writer = new TickWriter({
      serverId: stored.record.id,
      history: deps.storage.history,
      log: deps.log,
      lastStoredAtMs: stored.lastNow?.atMs ?? null
    })
  }

  /** Newest values; of an earlier run until this one has some. null = never any. */
  get now(): ServerNow | null {
    return this.#now.build(this.#facts?.cpuThreads ?? null) ?? this.#lastNow
  }

  get facts(): { readonly facts: ServerFacts | null; readonly factsAtMs: number | null } {
    return { facts: this.#facts, factsAtMs: this.#factsAtMs }
  }

  get sparkline(): readonly (number | null)[] {
    return this.#sparkline
  }

  get lastGoodAddress(): string | null {
    return this.#lastGoodAddress
  }

  /** Takes up what an earlier run of the console left. */
  async load(): Promise<void> {
    await this.happened.load()
    await this.expectedOff.load()
    this.#keeping.resume(this.#deps.clock.nowMs())
  }

  /** Nobody looks at the server any more. Resolves when everything that was begun is written. Never rejects. */
  async settle(): Promise<void> {
    await Promise.all([this.#writer.settle(), this.#statsKept])
    this.#keeping.loseLink()
    await Promise.all([this.#keeping.settle(), this.happened.settle()])
  }

  /** From the last kept tick on there is nothing, for this reason. */
  gap(reason: GapReason): Promise<void> {
    this.#keeping.loseLink()
    return this.#writer.gap(reason)
  }

  /** The VM is or was listed on this server, in this run or an earlier one. */
  knowsMachine(uuid: VmUuid): boolean {
    return (
      this.machines.view(uuid) !== null ||
      this.happened.knowsMachine(uuid) ||
      !this.#keeping.isCollected(uuid)
    )
  }

  /** Takes the list of VMs that are not collected, of which this one is new or gone. */
  async takeNotCollected(notCollected: readonly VmUuid[], changed: VmUuid): Promise<void> {
    this.#keeping.setNotCollected(notCollected)
    const view = this.machines.takeCollecting(changed)
    if (view) this.#events.machines([view], [])
    const atMs = this.#deps.clock.nowMs()
    this.happened.collecting(this.#keeping.isCollected(changed), changed, atMs)
    // Values that were on their way when the operator decided are still kept: the gap begins behind them.
    await this.#statsKept
    this.#keeping.account(changed, atMs)
    await this.#keeping.settle()
  }

  async takeAddress(address: string): Promise<void> {
    if (address === this.#lastGoodAddress) return
    this.#lastGoodAddress = address
    await this.#keepIfPossible(() => this.#deps.storage.servers.saveLastGoodAddress(this.#serverId, address))
  }

  async takeFacts(
    facts: ServerFacts,
    connection: Connection,
    session: HypervisorSession | null
  ): Promise<void> {
    const { serialNumber = null, memoryModules = null, memorySlots = null } = this.#facts ?? {}
    const kept: ServerFacts = {
      ...facts,
      serialNumber,
      memoryModules,
      memorySlots,
      sshServer: connection.serverSoftware,
      libvirtVersion: session?.libvirtVersion ?? this.#facts?.libvirtVersion ?? null,
      hypervisorVersion: session?.hypervisorVersion ?? this.#facts?.hypervisorVersion ?? null
    }
    const atMs = this.#deps.clock.nowMs()
    this.#facts = kept
    this.#factsAtMs = atMs
    this.#events.changed()
    await this.#keepIfPossible(() => this.#deps.storage.servers.saveFacts(this.#serverId, kept, atMs))
  }

  async #takeFirmware(firmware: FirmwareFacts): Promise<void> {
    if (this.#facts === null || this.#factsAtMs === null) return
    const facts = { ...this.#facts, ...firmware }
    if (JSON.stringify(facts) === JSON.stringify(this.#facts)) return
    this.#facts = facts
    const atMs = this.#factsAtMs
    await this.#keepIfPossible(() => this.#deps.storage.servers.saveFacts(this.#serverId, facts, atMs))
  }

  takeHypervisor({ libvirtVersion, hypervisorVersion }: HypervisorSession): void {
    if (this.#facts) this.#facts = { ...this.#facts, libvirtVersion, hypervisorVersion }
  }

  takeLaneCapabilities(laneId: string, capabilities: readonly Capability[]): void {
    this.capabilities.take(laneId, capabilities)
    this.#events.changed()
  }

  /** What a telemetry lane brought. */
  takeReading(laneId: string, atMs: number, { entities, labels, capabilities, facts }: LaneReading): void {
    this.capabilities.take(laneId, capabilities)
    if (facts) void this.#takeFirmware(facts)
    this.#now.take(atMs, entities, labels)
    this.#events.changed()
    if (entities.length === 0) return
    const ownAtMs = this.#writer.claim(atMs)
    this.#show(ownAtMs, entities, labels)
    void this.#writer.write({ serverId: this.#serverId, atMs: ownAtMs, entities, ...(labels && { labels }) })
  }

  takeHost(atMs: number, entities: readonly EntityValues[]): void {
    const counts = this.machines.counts()
    const all = counts ? entities.map((entity) => withCounts(entity, counts)) : entities
    this.#now.take(atMs, all)
    const server = all.find((entity): entity is EntityValues<'server'> => entity.kind === 'server')
    if (server?.values.uptimeSec !== undefined) {
      const point = server.values.netTotalBytesPerSec ?? null
      this.#sparkline = [...this.#sparkline.slice(1 - SPARKLINE_POINTS), point]
      this.happened.takeUptime(server.values.uptimeSec, atMs)
    }
    this.#events.changed()
    const ownAtMs = this.#writer.claim(atMs)
    this.#show(ownAtMs, all)
    // Not waited for: large fleets are committed together, and a round must not last as long.
    void this.#writer.write({
      serverId: this.#serverId,
      atMs: ownAtMs,
      entities: this.#cores.keep(atMs, all)
    })
  }

  takeList(listings: readonly MachineListing[], atMs: number): void {
    const { changed, removed, named } = this.machines.takeList(listings, atMs)
    this.happened.takeList(listings, atMs)
    if (changed.length > 0 || removed.length > 0) {
      this.#events.machines(
        changed,
        removed.map((vmUuid) => ({ serverId: this.#serverId, vmUuid }))
      )
      this.#events.changed()
    }
    for (const { uuid, name } of named) this.#newNames.set(uuid, name)
  }

  takeStats(round: StatsRound, atMs: number): void {
    const changed = this.machines.takeStats(round, atMs)
    if (changed.length > 0) this.#events.machines(changed, [])
    this.#keeping.takeRound(round.notResponding, atMs)
    if (round.machines.length === 0) return
    const ownAtMs = this.#writer.claim(atMs)
    this.#show(
      ownAtMs,
      round.machines.map(({ values }) => values)
    )
    const collected = round.machines.filter(({ uuid }) => this.#keeping.isCollected(uuid))
    if (collected.length === 0) return
    this.#statsKept = Promise.all([this.#statsKept, this.#keepStats(collected, ownAtMs)])
  }

  async #keepStats(machines: readonly MachineStats[], atMs: number): Promise<void> {
    const entities = machines.map(({ values }) => values)
    const labels = this.#labelsOf(machines)
    const keptAtMs = await this.#writer.write({ serverId: this.#serverId, atMs, entities, labels })
    if (keptAtMs === null) return
    const withValues = machines.filter(({ values }) => Object.keys(values.values).length > 0)
    this.#keeping.takeKept(
      withValues.map(({ uuid }) => uuid),
      keptAtMs
    )
  }

  /** New names go into the history with the first values of their VM. */
  #labelsOf(machines: readonly MachineStats[]): NonNullable<Tick['labels']> {
    return machines.flatMap(({ uuid }) => {
      const label = this.#newNames.get(uuid)
      this.#newNames.delete(uuid)
      return label === undefined ? [] : [{ kind: 'vm' as const, key: uuid, label }]
    })
  }

  #show(atMs: number, entities: readonly EntityValues[], labels?: Tick['labels']): void {
    const shown = entities.map(({ kind, key, values }) => ({ kind, key, values }))
    this.#events.tick({ serverId: this.#serverId, atMs, entities: shown }, labels)
  }

  /** A full disk must not cost the connection: what could not be kept is read again at the next one. */
  async #keepIfPossible(save: () => Promise<void>): Promise<void> {
    try {
      await save()
    } catch (cause) {
      this.#deps.log.error('server.notKept', cause, { serverId: this.#serverId })
    }
  }
}

function withCounts(entity: EntityValues, counts: { running: number; total: number }): EntityValues {
  if (entity.kind !== 'server') return entity
  const values = { ...entity.values, machinesRunning: counts.running, machinesTotal: counts.total }
  return { kind: 'server', key: entity.key, values }
}

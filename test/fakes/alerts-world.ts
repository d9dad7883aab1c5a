/** Alerts over a fleet that a test plays: links, machines and values are as it says; time moves when it says. */
import { randomUUID } from 'node:crypto'
import type { AlertRule } from '#contract/alert-rules.ts'
import type { Alert } from '#contract/alerts.ts'
import { AppError, type ErrorCode } from '#contract/errors.ts'
import type { HistoryEvent } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import { ServerRecord, type ConnectionState } from '#contract/servers.ts'
import type {
  AlertChange,
  AlertsKept,
  AlertStore,
  KeptAlert
} from '../../src-main/application/alerts/alert-store.ts'
import type { AlertNews, AlertTeller } from '../../src-main/application/alerts/alert-teller.ts'
import { Alerts } from '../../src-main/application/alerts/alerts.ts'
import type { FleetSight, ServerSight } from '../../src-main/application/alerts/fleet-sight.ts'
import type { HistoryStore } from '../../src-main/application/storage.ts'
import { PRESET_NAMES } from '../../src-main/domain/alerts/presets.ts'
import { FakeClock, settle, silentLog } from './engine-parts.ts'

/** As the console's file: what is in it is a copy. */
export class FakeAlertStore implements AlertStore {
  readonly alerts = new Map<string, KeptAlert>()
  readonly rules = new Map<string, AlertRule>()
  readonly silences = new Map<string, AlertsKept['silences'][number]>()
  readonly maintenances = new Map<string, AlertsKept['maintenances'][number]>()
  readonly memory = new Map<string, string>()
  commits = 0
  full = false

  async load(): Promise<AlertsKept> {
    const alerts = [...this.alerts.values()].filter(({ told }) => !told.ended)
    return structuredClone({
      rules: [...this.rules.values()],
      silences: [...this.silences.values()],
      maintenances: [...this.maintenances.values()],
      alerts,
      memory: Object.fromEntries(this.memory)
    })
  }

  async commit(change: AlertChange): Promise<void> {
    if (this.full) throw new AppError('diskFull')
    this.commits++
    for (const kept of structuredClone(change.alerts ?? [])) this.alerts.set(kept.alert.id, kept)
    for (const rule of change.rules ?? []) this.rules.set(rule.id, rule)
    for (const id of change.removedRules ?? []) this.rules.delete(id)
    for (const silence of change.silences ?? []) this.silences.set(silence.id, silence)
    for (const id of change.removedSilences ?? []) this.silences.delete(id)
    for (const one of change.maintenances ?? []) this.maintenances.set(one.id, one)
    for (const id of change.removedMaintenances ?? []) this.maintenances.delete(id)
    for (const [name, value] of Object.entries(change.memory ?? {}))
      if (value === null) this.memory.delete(name)
      else this.memory.set(name, value)
  }

  async history(): Promise<readonly Alert[]> {
    return [...this.alerts.values()].map(({ alert }) => alert)
  }

  async prune(): Promise<void> {}
}

/** What was told, in order: `raised RED alpha`. */
export class FakeTeller implements AlertTeller {
  readonly said: string[] = []
  readonly news: AlertNews[] = []
  failure: AppError | null = null

  raised = (news: AlertNews): Promise<void> => this.#take('raised', news)
  escalated = (news: AlertNews): Promise<void> => this.#take('escalated', news)
  again = (news: AlertNews): Promise<void> => this.#take('again', news)
  recovered = (news: AlertNews): Promise<void> => this.#take('recovered', news)

  async #take(kind: string, news: AlertNews): Promise<void> {
    if (this.failure !== null) throw this.failure
    this.news.push(news)
    const { level, serverName, label, process, ended } = news.alert
    const words = [kind, level, serverName, label, process?.name, kind === 'recovered' ? ended : null]
    this.said.push(words.filter(Boolean).join(' '))
  }
}

interface PlayedServer {
  record: ServerRecord
  connection: ConnectionState
  presence: 'EMPTY' | 'ON' | 'OFF'
  isExpectedOff: boolean
  machines: MachineView[]
}

export class AlertsWorld {
  readonly clock = new FakeClock()
  readonly store = new FakeAlertStore()
  readonly teller = new FakeTeller()
  readonly marks: HistoryEvent[] = []
  readonly played = new Map<ServerId, PlayedServer>()
  history: Pick<HistoryStore, 'read'> = { read: () => Promise.reject(new AppError('notFound')) }
  alerts: Alerts
  /** Of the console that runs: one that was killed sees and reaches nothing any more. */
  #isAlive = { on: true }

  /** Only these rules: none of the console's own. */
  constructor(rules: readonly AlertRule[]) {
    for (const rule of rules) this.store.rules.set(rule.id, rule)
    this.store.memory.set('presets', JSON.stringify(PRESET_NAMES))
    this.alerts = this.#make()
  }

  async open(): Promise<void> {
    await this.alerts.open()
    this.alerts.start()
    await settle()
  }

  /** Closes the console and opens it again; `killed`: without closing. */
  async restart({ killed = false, whileClosed = (): void => undefined } = {}): Promise<void> {
    if (!killed) await this.alerts.close()
    this.#isAlive.on = false
    whileClosed()
    this.alerts = this.#make()
    await this.open()
  }

  add(name: string, changes: Partial<ServerRecord> = {}): ServerId {
    const id = randomUUID() as ServerId
    const record = ServerRecord.parse({
      id,
      name,
      addedAtMs: 0,
      connection: { host: `${name}.example`, user: 'root' },
      ...changes
    })
    const connection = { kind: 'online' as const, sinceAtMs: this.clock.nowMs() }
    this.played.set(id, { record, connection, presence: 'ON', isExpectedOff: false, machines: [] })
    this.alerts.serverChanged(id)
    return id
  }

  server(serverId: ServerId): PlayedServer {
    const server = this.played.get(serverId)
    if (server === undefined) throw new Error('no such server')
    return server
  }

  online(serverId: ServerId): void {
    const server = this.server(serverId)
    server.connection = { kind: 'online', sinceAtMs: this.clock.nowMs() }
    server.presence = 'ON'
    server.isExpectedOff = false
  }

  lost(serverId: ServerId, code: ErrorCode = 'linkFrozen'): void {
    const server = this.server(serverId)
    const failure = { error: { code, params: {}, retryable: true }, hostKey: null }
    const sinceAtMs = this.clock.nowMs()
    server.connection = { kind: 'offline', sinceAtMs, failure, attempts: 1, nextTryAtMs: null }
    server.presence = 'OFF'
  }

  edit(serverId: ServerId, changes: Partial<ServerRecord>): void {
    const server = this.server(serverId)
    server.record = { ...server.record, ...changes }
    this.alerts.serverChanged(serverId)
  }

  remove(serverId: ServerId): void {
    this.played.delete(serverId)
    this.alerts.serverRemoved(serverId)
  }

  machine(serverId: ServerId, vmUuid: VmUuid, changes: Partial<MachineView> = {}): void {
    const server = this.server(serverId)
    const view: MachineView = {
      ref: { serverId, vmUuid },
      name: `vm${vmUuid.at(-1)}`,
      state: 'running',
      stateReason: null,
      stateSinceAtMs: 0,
      autostart: false,
      persistent: true,
      hasSnapshot: false,
      hasSavedState: false,
      needsShutdown: false,
      isProtected: false,
      tags: [],
      vcpus: 1,
      memoryMaxBytes: null,
      template: false,
      notRespondingSinceAtMs: null,
      collecting: true,
      now: null,
      ...changes
    }
    server.machines = [...server.machines.filter(({ ref }) => ref.vmUuid !== vmUuid), view]
  }

  /** Values of one entity, now. */
  tick(
    serverId: ServerId,
    values: Record<string, number>,
    kind: 'server' | 'mount' | 'vm' = 'server',
    key = ''
  ) {
    this.alerts.takeTick({ serverId, atMs: this.clock.nowMs(), entities: [{ kind, key, values }] })
  }

  /** The same value every five seconds for a while. */
  async tickFor(
    durationMs: number,
    values: (afterMs: number) => Record<string, number>,
    of: { serverId: ServerId; kind?: 'server' | 'mount' | 'vm'; key?: string }
  ): Promise<void> {
    for (let afterMs = 0; afterMs < durationMs; afterMs += 5_000) {
      this.tick(of.serverId, values(afterMs), of.kind, of.key)
      await this.clock.advance(5_000)
    }
  }

  sights(): ServerSight[] {
    return [...this.played.values()].map(sightOf)
  }

  shown(): string[] {
    return this.alerts.now().alerts.map((alert) => `${alert.level} ${alert.cause} ${alert.serverName}`)
  }

  #make(): Alerts {
    const { clock, store, teller, marks } = this
    const alive = { on: true }
    this.#isAlive = alive
    const never = Promise.withResolvers<never>().promise
    const fleet: FleetSight = {
      servers: () => (alive.on ? this.sights() : []),
      server: (serverId) => {
        const server = this.played.get(serverId)
        return server === undefined ? null : sightOf(server)
      }
    }
    const tell =
      (kind: keyof AlertTeller) =>
      (news: AlertNews): Promise<void> =>
        alive.on ? teller[kind](news) : never
    return new Alerts({
      store: {
        load: () => store.load(),
        commit: (change) => (alive.on ? store.commit(change) : never),
        history: () => store.history(),
        prune: () => store.prune()
      },
      teller: {
        raised: tell('raised'),
        escalated: tell('escalated'),
        again: tell('again'),
        recovered: tell('recovered')
      },
      fleet,
      clock,
      history: { read: (query, signal) => this.history.read(query, signal) },
      log: silentLog,
      defaultIntervalMs: () => 5_000,
      processIntervalMs: () => 10_000,
      onMark: (_serverId, _atMs, event) => void marks.push(event)
    })
  }
}

const sightOf = (server: PlayedServer): ServerSight => ({
  ...server,
  hasListed: true,
  machine: (vmUuid) => server.machines.find(({ ref }) => ref.vmUuid === vmUuid) ?? null
})

/** The operator's list of servers: add, edit, remove, collect; every server's runtime lives here. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { ServerId, VmRef } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import { MAX_MACHINES_NOT_COLLECTED } from '#contract/servers.ts'
import type { HostKey, ServerDraft, ServerRecord, ServerSecrets } from '#contract/servers.ts'
import type { PictureEvents } from './server-picture.ts'
import { ServerRuntime, type RuntimeDeps } from './server-runtime.ts'
import type { StoredServer } from '../storage.ts'

export interface DirectoryEvents {
  readonly serverChanged: (serverId: ServerId) => void
  readonly serverRemoved: (serverId: ServerId) => void
  readonly machinesChanged: (changed: readonly MachineView[], removed: readonly VmRef[]) => void
  readonly tick: PictureEvents['tick']
  readonly mark: (mark: HistoryMark) => void
}

const keyIdentity = (key: HostKey): string => `${key.host}\n${key.port}\n${key.type}\n${key.keyBase64}`

export class ServerDirectory {
  readonly #deps: RuntimeDeps
  readonly #events: DirectoryEvents
  readonly #runtimes = new Map<ServerId, ServerRuntime>()
  /** Only keys that a host really showed in this run can be trusted: the window cannot invent one. */
  readonly #shownKeys = new Set<string>()
  /** The last change of each server's record: the next one waits for it, so that none is lost in another. */
  readonly #changing = new Map<ServerId, Promise<unknown>>()

  constructor(deps: RuntimeDeps, events: DirectoryEvents) {
    this.#deps = deps
    this.#events = events
  }

  /** Loads the list; nothing connects yet. */
  async load(): Promise<void> {
    const stored = await this.#deps.storage.servers.list()
    for (const server of stored) {
      await this.#deps.vault.load(server.record.id)
      await this.#deps.telemetry.load(server.record.id)
      await this.#adopt(server).picture.load()
    }
  }

  /**
   * The list was written past this: takes it up. `touched`: new servers and those of which anything is other; `secrets`: those
   * whose password or passphrase is. Whoever waited for a host key looks again.
   */
  async reload(touched: ReadonlySet<ServerId>, secrets: ReadonlySet<string>): Promise<void> {
    const stored = new Map((await this.#deps.storage.servers.list()).map((one) => [one.record.id, one]))
    for (const id of this.#runtimes.keys()) if (!stored.has(id)) await this.#inTurn(id, () => this.#leave(id))
    for (const server of stored.values()) {
      const { id } = server.record
      if (!this.#runtimes.has(id)) await this.#inTurn(id, () => this.#join(server))
      else if (touched.has(id) || secrets.has(id))
        await this.#inTurn(id, () => this.#change(server.record, secrets.has(id)))
    }
    for (const runtime of this.#runtimes.values()) {
      const { state } = runtime
      if (state.kind === 'offline' && state.failure.hostKey !== null) runtime.connectNow()
    }
  }

  async #join(server: StoredServer): Promise<void> {
    await this.#deps.telemetry.load(server.record.id)
    const runtime = this.#adopt(server)
    await runtime.picture.load()
    runtime.start()
    this.#events.serverChanged(server.record.id)
  }

  async #change(record: ServerRecord, secretsChanged: boolean): Promise<void> {
    const runtime = this.get(record.id)
    await this.#deps.telemetry.load(record.id)
    const before = runtime.record.machinesNotCollected
    const after = record.machinesNotCollected
    const others = [
      ...before.filter((uuid) => !after.includes(uuid)),
      ...after.filter((uuid) => !before.includes(uuid))
    ]
    await runtime.reconfigure(record, secretsChanged)
    for (const uuid of others) await runtime.takeNotCollected(record, uuid)
    this.#deps.telemetry.readNow(record.id)
  }

  /** Starts to connect to every server that is collecting. */
  start(): void {
    for (const runtime of this.#runtimes.values()) runtime.start()
  }

  runtimes(): ServerRuntime[] {
    return [...this.#runtimes.values()]
  }

  /** Throws notFound. */
  get(serverId: ServerId): ServerRuntime {
    const runtime = this.#runtimes.get(serverId)
    if (!runtime) throw new AppError('notFound', { params: { what: 'server' } })
    return runtime
  }

  find(serverId: ServerId): ServerRuntime | undefined {
    return this.#runtimes.get(serverId)
  }

  async add(draft: ServerDraft, secrets: ServerSecrets | undefined): Promise<ServerId> {
    this.#assertNameFree(draft.name, null)
    const { clock, storage, vault } = this.#deps
    const record = {
      ...draft,
      id: randomUUID() as ServerId,
      addedAtMs: clock.nowMs(),
      machinesNotCollected: []
    }
    await storage.servers.insert(record)
    if (secrets) await vault.set(record.id, secrets)
    await this.#deps.telemetry.load(record.id)
    const runtime = this.#adopt({
      record,
      facts: null,
      factsAtMs: null,
      lastNow: null,
      lastGoodAddress: null
    })
    runtime.start()
    this.#events.serverChanged(record.id)
    return record.id
  }

  edit(serverId: ServerId, draft: ServerDraft, secrets: ServerSecrets | undefined): Promise<void> {
    return this.#inTurn(serverId, () => this.#edit(serverId, draft, secrets))
  }

  async #edit(serverId: ServerId, draft: ServerDraft, secrets: ServerSecrets | undefined): Promise<void> {
    const runtime = this.get(serverId)
    this.#assertNameFree(draft.name, serverId)
    const { addedAtMs, machinesNotCollected } = runtime.record
    const record = { ...draft, id: serverId, addedAtMs, machinesNotCollected }
    await this.#deps.storage.servers.update(record)
    const given =
      secrets !== undefined && (secrets.password !== undefined || secrets.passphrase !== undefined)
    if (given) await this.#deps.vault.set(serverId, secrets)
    await runtime.reconfigure(record, given)
  }

  remove(serverId: ServerId, deleteHistory: boolean): Promise<void> {
    return this.#inTurn(serverId, () => this.#remove(serverId, deleteHistory))
  }

  async #remove(serverId: ServerId, deleteHistory: boolean): Promise<void> {
    await this.#end(serverId)
    await this.#deps.storage.servers.remove(serverId, { deleteHistory })
    this.#gone(serverId)
  }

  /** It is no longer in the stored list. */
  async #leave(serverId: ServerId): Promise<void> {
    await this.#end(serverId)
    this.#gone(serverId)
  }

  async #end(serverId: ServerId): Promise<void> {
    const runtime = this.get(serverId)
    await runtime.stop(null)
    await runtime.picture.happened.forget()
    await runtime.picture.expectedOff.forget()
    await this.#deps.vault.forget(serverId)
    await this.#deps.telemetry.forget(serverId)
  }

  #gone(serverId: ServerId): void {
    const runtime = this.get(serverId)
    this.#runtimes.delete(serverId)
    const machines = runtime.machines.views().map((view) => view.ref)
    this.#events.serverRemoved(serverId)
    if (machines.length > 0) this.#events.machinesChanged([], machines)
  }

  setCollecting(serverId: ServerId, collecting: boolean): Promise<void> {
    return this.#inTurn(serverId, () =>
      this.#edit(serverId, { ...this.get(serverId).record, collecting }, undefined)
    )
  }

  /**
   * Keeps a VM's values in the history, or no longer. Nothing is asked of the server: it may be off. A VM that is
   * undefined and defined again under its UUID keeps the choice, so nothing is ever tidied away here.
   * Throws notFound for a VM that was never listed on this server, refused when too many are left out already.
   */
  setMachineCollecting({ serverId, vmUuid }: VmRef, collecting: boolean): Promise<void> {
    return this.#inTurn(serverId, async () => {
      const runtime = this.get(serverId)
      const { record } = runtime
      if (!runtime.picture.knowsMachine(vmUuid))
        throw new AppError('notFound', { params: { what: 'machine' } })
      const others = record.machinesNotCollected.filter((uuid) => uuid !== vmUuid)
      const isCollected = others.length === record.machinesNotCollected.length
      if (isCollected === collecting) return
      const machinesNotCollected = collecting ? others : [...others, vmUuid]
      if (machinesNotCollected.length > MAX_MACHINES_NOT_COLLECTED) {
        throw new AppError('refused', { params: { what: 'machinesNotCollected' } })
      }
      const next = { ...record, machinesNotCollected }
      await this.#deps.storage.servers.update(next)
      await runtime.takeNotCollected(next, vmUuid)
    })
  }

  async giveSecrets(serverId: ServerId, secrets: ServerSecrets): Promise<void> {
    const runtime = this.get(serverId)
    await this.#deps.vault.set(serverId, secrets)
    runtime.connectNow()
  }

  async forgetSecrets(serverId: ServerId): Promise<void> {
    this.get(serverId)
    await this.#deps.vault.forget(serverId)
    this.#events.serverChanged(serverId)
  }

  /** Remembers a key that a host showed, so that it may be trusted. */
  noteShownKey(key: HostKey): void {
    this.#shownKeys.add(keyIdentity(key))
  }

  /** Pins a shown key and lets the servers that wait for it connect. */
  async trustHostKey(key: HostKey, replace: boolean): Promise<void> {
    if (!this.#shownKeys.has(keyIdentity(key))) throw new AppError('refused', { params: { what: 'hostKey' } })
    await this.#deps.storage.pins.pin(key, { replace })
    for (const runtime of this.#runtimes.values()) {
      const { state } = runtime
      if (state.kind !== 'offline' || !state.failure.hostKey) continue
      if (keyIdentity(state.failure.hostKey.shown) === keyIdentity(key)) runtime.connectNow()
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.runtimes().map((runtime) => runtime.stop(null)))
  }

  #adopt(stored: StoredServer): ServerRuntime {
    const serverId = stored.record.id
    const runtime = new ServerRuntime(stored, this.#deps, {
      changed: () => this.#events.serverChanged(serverId),
      machines: (changed, removed) => this.#events.machinesChanged(changed, removed),
      tick: (tick, labels) => this.#events.tick(tick, labels),
      mark: (mark) => this.#events.mark(mark),
      hostKeyShown: ({ hostKey }) => {
        if (hostKey) this.noteShownKey(hostKey.shown)
      }
    })
    this.#runtimes.set(serverId, runtime)
    return runtime
  }

  /** Runs a change of one server's record after those that were asked for before. */
  #inTurn<T>(serverId: ServerId, change: () => Promise<T>): Promise<T> {
    const before = this.#changing.get(serverId) ?? Promise.resolve()
    const turn = before.then(change, change)
    this.#changing.set(serverId, turn)
    const done = (): void => {
      if (this.#changing.get(serverId) === turn) this.#changing.delete(serverId)
    }
    turn.then(done, done)
    return turn
  }

  #assertNameFree(name: string, except: ServerId | null): void {
    const wanted = name.toLocaleLowerCase()
    for (const { record } of this.#runtimes.values()) {
      if (record.id !== except && record.name.toLocaleLowerCase() === wanted) {
        throw new AppError('conflict', { params: { what: 'serverName', name } })
      }
    }
  }
}

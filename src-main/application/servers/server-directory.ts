/** The operator's list of servers: add, edit, remove, collect; every server's runtime lives here. */
import { randomUUID } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import type { HistoryMark } from '#contract/history.ts'
import type { EditId, ServerId, VmRef } from '#contract/ids.ts'
import type { MachineView } from '#contract/machines.ts'
import type { EditManyResult, ServerChange, UndoEditResult } from '#contract/server-edits.ts'
import { MAX_MACHINES_NOT_COLLECTED } from '#contract/servers.ts'
import type { HostKey, ServerDraft, ServerRecord, ServerSecrets } from '#contract/servers.ts'
import { EditLog, editsOf, takenBack } from './many-edits.ts'
import type { PictureEvents } from './server-picture.ts'
import { ServerRuntime, type RuntimeDeps } from './server-runtime.ts'
import { Turns } from './turns.ts'
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
  readonly #turns = new Turns()
  readonly #edits = new EditLog()

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
    for (const id of this.#runtimes.keys())
      if (!stored.has(id)) await this.#turns.run([id], () => this.#leave(id))
    for (const server of stored.values()) {
      const { id } = server.record
      if (!this.#runtimes.has(id)) await this.#turns.run([id], () => this.#join(server))
      else if (touched.has(id) || secrets.has(id))
        await this.#turns.run([id], () => this.#change(server.record, secrets.has(id)))
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
    return this.#turns.run([serverId], () => this.#edit(serverId, draft, secrets))
  }

  async #edit(serverId: ServerId, draft: ServerDraft, secrets: ServerSecrets | undefined): Promise<void> {
    const runtime = this.get(serverId)
    this.#assertNameFree(draft.name, serverId)
    const { addedAtMs, machinesNotCollected } = runtime.record
    const record = { ...draft, id: serverId, addedAtMs, machinesNotCollected }
    await this.#deps.storage.servers.update([record])
    const given =
      secrets !== undefined && (secrets.password !== undefined || secrets.passphrase !== undefined)
    if (given) await this.#deps.vault.set(serverId, secrets)
    await runtime.reconfigure(record, given)
  }

  /** Changes those that are still there in one transaction. Throws refused; nothing is changed then. */
  editMany(serverIds: readonly ServerId[], change: ServerChange): Promise<EditManyResult> {
    const wanted = [...new Set(serverIds)]
    return this.#turns.run(wanted, async () => {
      const runtimes = this.#thereOf(wanted)
      const edits = editsOf(
        runtimes.map((runtime) => runtime.record),
        change
      )
      await this.#takeRecords(edits.map(({ after }) => after))
      return {
        changed: edits.length,
        unchanged: runtimes.length - edits.length,
        gone: wanted.length - runtimes.length,
        editId: edits.length === 0 ? null : this.#edits.note(edits)
      }
    })
  }

  /** Throws notFound for an edit that was taken back before, or is too old. */
  async undoEdit(editId: EditId): Promise<UndoEditResult> {
    const wanted = [...this.#edits.get(editId).keys()]
    return this.#turns.run(wanted, async () => {
      const edits = this.#edits.get(editId)
      const runtimes = this.#thereOf(wanted)
      const records = runtimes.flatMap(({ record }) => {
        const edit = edits.get(record.id)
        return (edit && takenBack(record, edit)) ?? []
      })
      await this.#takeRecords(records)
      this.#edits.forget(editId)
      return {
        restored: records.length,
        editedSince: runtimes.length - records.length,
        gone: wanted.length - runtimes.length
      }
    })
  }

  async remove(serverId: ServerId, deleteHistory: boolean): Promise<void> {
    const { removed } = await this.removeMany([serverId], deleteHistory)
    if (removed === 0) throw new AppError('notFound', { params: { what: 'server' } })
  }

  /** Those that are still there leave the list in one transaction. Resolves with how many did, and how many were gone. */
  removeMany(
    serverIds: readonly ServerId[],
    deleteHistory: boolean
  ): Promise<{ removed: number; gone: number }> {
    const wanted = [...new Set(serverIds)]
    return this.#turns.run(wanted, async () => {
      const runtimes = this.#thereOf(wanted)
      if (runtimes.length > 0) await this.#remove(runtimes, deleteHistory)
      return { removed: runtimes.length, gone: wanted.length - runtimes.length }
    })
  }

  async #remove(runtimes: readonly ServerRuntime[], deleteHistory: boolean): Promise<void> {
    await Promise.all(runtimes.map((runtime) => runtime.stop(null)))
    try {
      await Promise.all(runtimes.map((runtime) => this.#letGo(runtime)))
      await this.#deps.storage.servers.remove(
        runtimes.map(({ record }) => record.id),
        { deleteHistory }
      )
    } catch (error) {
      // They are still on the list: they go on.
      for (const runtime of runtimes) runtime.start()
      throw error
    }
    this.#gone(runtimes)
  }

  /** It is no longer in the stored list. */
  async #leave(serverId: ServerId): Promise<void> {
    const runtime = this.get(serverId)
    await runtime.stop(null)
    await this.#letGo(runtime)
    this.#gone([runtime])
  }

  /** What is kept of it beside the list and the history. */
  async #letGo({ picture, record }: ServerRuntime): Promise<void> {
    const { telemetry, vault } = this.#deps
    await picture.happened.forget()
    await picture.expectedOff.forget()
    await vault.forget(record.id)
    await telemetry.forget(record.id)
  }

  #gone(runtimes: readonly ServerRuntime[]): void {
    for (const { record } of runtimes) this.#runtimes.delete(record.id)
    for (const { record } of runtimes) this.#events.serverRemoved(record.id)
    const machines = runtimes.flatMap((runtime) => runtime.machines.views().map((view) => view.ref))
    if (machines.length > 0) this.#events.machinesChanged([], machines)
  }

  setCollecting(serverId: ServerId, collecting: boolean): Promise<void> {
    return this.#turns.run([serverId], () =>
      this.#edit(serverId, { ...this.get(serverId).record, collecting }, undefined)
    )
  }

  /**
   * Keeps a VM's values in the history, or no longer. Nothing is asked of the server: it may be off. A VM that is
   * undefined and defined again under its UUID keeps the choice, so nothing is ever tidied away here.
   * Throws notFound for a VM that was never listed on this server, refused when too many are left out already.
   */
  setMachineCollecting({ serverId, vmUuid }: VmRef, collecting: boolean): Promise<void> {
    return this.#turns.run([serverId], async () => {
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
      await this.#deps.storage.servers.update([next])
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

  #thereOf(serverIds: readonly ServerId[]): ServerRuntime[] {
    return serverIds.flatMap((serverId) => this.find(serverId) ?? [])
  }

  /** Keeps edited records, all or none, and lets their servers go by them. */
  async #takeRecords(records: readonly ServerRecord[]): Promise<void> {
    if (records.length === 0) return
    await this.#deps.storage.servers.update(records)
    const taken = records.map((record) => this.get(record.id).reconfigure(record, false))
    // In one go, also for those whose connection now ends or begins: whoever watches sees one change and not a hundred.
    for (const { id } of records) this.#events.serverChanged(id)
    await Promise.all(taken)
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

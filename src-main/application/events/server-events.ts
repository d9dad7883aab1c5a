/** What happened to one server and its machines, kept as marks for the time axis. Never waited for by the sampling. */
import type { HistoryEvent, HistoryMark } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import type { Clock } from '../clock.ts'
import type { MachineListing } from '../machines/hypervisor.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore, HistoryStore, StoredServer } from '../storage.ts'
import { LastKnown } from './last-known.ts'
import { MarkBudget } from './mark-budget.ts'

export interface ServerEventsDeps {
  readonly history: Pick<HistoryStore, 'addMark'>
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  /** Told of each mark as it is kept. */
  readonly onMark: (mark: HistoryMark) => void
}

export class ServerEvents {
  readonly #serverId: ServerId
  readonly #deps: ServerEventsDeps
  readonly #known = new LastKnown()
  readonly #budget = new MarkBudget()
  #unsaved = false
  #saving: Promise<void> | null = null

  /** @param stored with the last uptime of an earlier run */
  constructor({ record, lastNow }: Pick<StoredServer, 'record' | 'lastNow'>, deps: ServerEventsDeps) {
    this.#serverId = record.id
    this.#deps = deps
    if (lastNow !== null && lastNow.uptimeSec !== null) {
      this.#known.takeUptime(lastNow.uptimeSec, lastNow.atMs)
    }
  }

  /** Reads what an earlier run knew; before the first observation. */
  async load(): Promise<void> {
    const kept = await this.#deps.blobs.get(this.#blobName)
    if (kept !== null) this.#known.restore(new TextDecoder().decode(kept))
  }

  /** The VM was in the newest list of this server, of this run or an earlier one. */
  knowsMachine(uuid: VmUuid): boolean {
    return this.#known.knowsMachine(uuid)
  }

  /** A full list of the server's machines. @param atMs when it was asked for */
  takeList(listings: readonly MachineListing[], atMs: number): void {
    const { events, changed } = this.#known.takeList(listings)
    for (const event of events) this.#mark(event, atMs)
    if (changed) this.#save()
  }

  takeUptime(uptimeSec: number, atMs: number): void {
    const bootedAtMs = this.#known.takeUptime(uptimeSec, atMs)
    if (bootedAtMs !== null) this.#mark({ kind: 'serverRebooted' }, bootedAtMs)
    this.#keep(this.#budget.due(this.#deps.clock.monotonicMs()))
  }

  online(atMs: number): void {
    const event = this.#known.online()
    this.#save()
    if (event) this.#mark(event, atMs)
  }

  /** Call it only when the link has been gone for so long that it is not a flap. @param sinceAtMs when it went */
  offline(sinceAtMs: number, code: string): void {
    const event = this.#known.offline(code)
    if (!event) return
    this.#save()
    this.#mark(event, sinceAtMs)
  }

  /** @param vmUuid null = the whole server */
  collecting(isOn: boolean, vmUuid: VmUuid | null, atMs: number): void {
    if (vmUuid === null && !isOn) {
      this.#known.forgetLink()
      this.#save()
    }
    this.#mark({ kind: isOn ? 'collectingStarted' : 'collectingStopped', vmUuid }, atMs)
  }

  /** What another part of the console saw happen. */
  tell(event: HistoryEvent, atMs: number): void {
    this.#mark(event, atMs)
  }

  /** Keeps what was held back, and resolves when all is written. Never rejects. */
  async settle(): Promise<void> {
    this.#keep(this.#budget.drain())
    while (this.#saving) await this.#saving
  }

  /** The server is removed from the list. */
  async forget(): Promise<void> {
    await this.settle()
    await this.#deps.blobs.set(this.#blobName, null)
  }

  get #blobName(): string {
    return `lastKnown:${this.#serverId}`
  }

  #mark(event: HistoryEvent, atMs: number): void {
    const mark = { serverId: this.#serverId, atMs, event }
    this.#keep(this.#budget.take(mark, this.#deps.clock.monotonicMs()))
  }

  #keep(marks: readonly HistoryMark[]): void {
    const { history, log, onMark } = this.#deps
    for (const mark of marks) {
      onMark(mark)
      // A mark that finds no room on the disk is lost; the values beside it tell the same.
      void history.addMark(mark).catch((cause: unknown) => {
        log.error('history.markNotKept', cause, { serverId: this.#serverId, kind: mark.event.kind })
      })
    }
  }

  /** One write at a time; what changes meanwhile goes with the next one. */
  #save(): void {
    this.#unsaved = true
    this.#saving ??= this.#saveAll()
  }

  async #saveAll(): Promise<void> {
    const { blobs, log } = this.#deps
    while (this.#unsaved) {
      this.#unsaved = false
      try {
        await blobs.set(this.#blobName, new TextEncoder().encode(this.#known.toText()))
      } catch (cause) {
        // Written again with the next change; until then a restart may tell of a change twice.
        log.error('server.lastKnownNotKept', cause, { serverId: this.#serverId })
      }
    }
    // In the same turn as the last look at #unsaved: what changes from now on begins a write of its own.
    this.#saving = null
  }
}

/** The history file as a whole: the parts of samples/ put together, and what runs by itself between the calls. */
import { statSync } from 'node:fs'
import type { EntityInfo, HistoryMark, HistoryUsage } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { ServerNow } from '#contract/servers.ts'
import type { Settings } from '#contract/settings.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import type { PackedTick, Report } from './protocol.ts'
import { Appender } from './samples/appender.ts'
import { syncCatalogue } from './samples/catalogue-sync.ts'
import { Days } from './samples/days.ts'
import { Gaps } from './samples/gaps.ts'
import { tailAtMs } from './samples/keys.ts'
import { lastNowOf } from './samples/last-now.ts'
import { Maintenance } from './samples/maintenance.ts'
import { Marks } from './samples/marks.ts'
import { OpenHours } from './samples/open-hours.ts'
import { RawHours } from './samples/raw-hours.ts'
import type { KeptFrom, ReadContext } from './samples/read.ts'
import { RecentHours } from './samples/recent-hours.ts'
import { Registry } from './samples/registry.ts'
import type { RetentionParts } from './samples/retention.ts'
import { RollupTables } from './samples/rollup-tables.ts'
import { Sealer } from './samples/sealer.ts'
import { usageOf } from './samples/usage.ts'
import type { Space } from './space.ts'
import { type Database, isDiskFull } from './sqlite.ts'

/** Hours up to so old are in memory from the start on; older ones (of an older file) are brought in one by one. */
const OPEN_HOURS_AT_START = 3

export class HistoryFile {
  /** What readers work with. */
  readonly context: ReadContext
  readonly marks: Marks
  private readonly db: Database
  private readonly space: Space
  private readonly report: Report
  private readonly registry: Registry
  private readonly raw: RawHours
  private readonly parts: RetentionParts
  private readonly gaps: Gaps
  private readonly appender: Appender
  private readonly maintenance: Maintenance
  private kept: KeptFrom
  private budgetBytes: number | null = null
  private newestAtMs: number
  private damaged = 0

  constructor(db: Database, options: { space: Space; report: Report; nowMs: number }) {
    this.db = db
    this.space = options.space
    this.report = options.report
    syncCatalogue(db)
    this.kept = this.readKept()
    this.newestAtMs = options.nowMs
    this.registry = new Registry(db)
    const { registry } = this
    const tables = new RollupTables(db)
    const raw = new RawHours(db, new OpenHours(), () => this.damaged++)
    this.raw = raw
    const recent = new RecentHours(registry, tables)
    const sealer = new Sealer({ db, raw, registry, tables, recent })
    const days = new Days({ db, raw, registry, tables, sealer, rawFromMs: () => this.kept.raw })
    this.parts = { db, raw, registry, tables, sealer, days, recent }
    this.fillOpenHours()
    this.gaps = new Gaps(db, registry, options.nowMs)
    this.marks = new Marks(db, registry)
    this.appender = new Appender({
      db,
      registry,
      raw,
      sealer,
      gaps: this.gaps,
      space: this.space,
      rawFromMs: () => this.kept.raw,
      onCommitted: (atMs) => {
        this.newestAtMs = atMs
        this.maintenance.wake(atMs)
      }
    })
    this.context = {
      ...this.parts,
      gaps: this.gaps,
      keptFromMs: () => this.kept,
      newestAtMs: () => this.newestAtMs
    }
    this.noteConsoleWasClosed()
    this.maintenance = new Maintenance(this.parts, {
      report: this.report,
      onFull: () => this.space.noteFull(),
      keep: (kept) => this.keep(kept)
    })
    this.maintenance.wake(options.nowMs)
    this.maintenance.deleteServers()
  }

  append(tick: PackedTick): Promise<void> {
    return this.appender.append(tick)
  }

  beginGap(serverId: ServerId, fromAtMs: number, reason: GapReason, vmUuid: VmUuid | null): void {
    this.appender.flush()
    const write = this.db.transaction(() => {
      this.gaps.begin(this.registry.ensureServer(serverId), fromAtMs, reason, vmUuid)
    })
    this.changeGaps(() => this.registry.inTransaction(() => write.immediate()))
  }

  endGap(serverId: ServerId, toAtMs: number, vmUuid: VmUuid | null): void {
    this.appender.flush()
    const server = this.registry.find(serverId)
    if (server !== undefined) this.changeGaps(() => this.gaps.end(server, toAtMs, vmUuid))
  }

  addMark(mark: HistoryMark): void {
    this.marks.add(mark)
  }

  entities(serverId: ServerId): EntityInfo[] {
    const server = this.registry.find(serverId)
    return [...(server?.entities.values() ?? [])].map(({ kind, key, label, firstAtMs, lastAtMs }) => ({
      entity: { serverId, kind, key },
      label,
      firstAtMs,
      lastAtMs
    }))
  }

  lastNow(serverId: ServerId): ServerNow | null {
    const server = this.registry.find(serverId)
    if (server === undefined) return null
    const fromSamples = lastNowOf(server, this.raw)
    if (fromSamples !== null) return fromSamples
    const row = this.db
      .prepare<[number], { last_now: string | null }>('SELECT last_now FROM server WHERE number = ?')
      .get(server.number)
    if (row === undefined || row.last_now === null) return null
    return ServerNow.safeParse(JSON.parse(row.last_now)).data ?? null
  }

  /** The server's history is gone at once for readers; its rows go in steps. */
  remove(serverId: ServerId): void {
    this.appender.flush()
    const number = this.registry.markDeleting(serverId)
    if (number === null) return
    this.gaps.forget(number)
    this.maintenance.deleteServers()
  }

  /** Throws cancelled. */
  applyRetention(retention: Settings['retention'], nowMs: number, signal: AbortSignal): Promise<void> {
    this.budgetBytes = retention.budgetBytes
    return this.maintenance.applyRetention(retention, this.kept, nowMs, signal)
  }

  /** Bytes of the file and its WAL. */
  bytes(): number {
    return ['', '-wal'].reduce((sum, suffix) => {
      return sum + (statSync(this.db.name + suffix, { throwIfNoEntry: false })?.size ?? 0)
    }, 0)
  }

  usage(): HistoryUsage {
    return usageOf(this.db, this.registry, {
      fileBytes: this.bytes(),
      kept: this.kept,
      budgetBytes: this.budgetBytes
    })
  }

  /** Commits what is queued; then nothing runs any more. */
  async close(nowMs: number): Promise<void> {
    this.appender.flush()
    await this.maintenance.stop()
    const write = this.db.transaction(() => {
      for (const server of this.registry.all()) this.registry.saveLastSeen(server)
      this.setMeta('closed_at_ms', String(nowMs))
    })
    try {
      write.immediate()
    } catch (error) {
      // All of it can be told from the rows again at the next start.
      this.report('warn', 'storage.closedWithoutNotes', {}, error)
    }
    this.db.close()
  }

  /** Gaps are in memory too: what failed on the disk is taken back there. */
  private changeGaps(change: () => void): void {
    try {
      change()
    } catch (error) {
      this.gaps.load()
      throw error
    }
  }

  private keep(kept: KeptFrom): void {
    this.setMeta('kept_from', JSON.stringify(kept))
    this.kept = kept
  }

  private setMeta(name: string, value: string): void {
    this.db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)').run(name, value)
  }

  /** Unsealed hours into memory; servers' and entities' last times with them (a crash left those on the disk behind). */
  private fillOpenHours(): void {
    const unsealed = this.parts.sealer.unsealed()
    const newest = Math.max(0, ...unsealed.map(({ hour }) => hour))
    for (const { serverNumber, hour } of unsealed) {
      const server = this.registry.numbered(serverNumber)
      if (server === undefined || hour <= newest - OPEN_HOURS_AT_START) continue
      const open = this.raw.reopen(serverNumber, hour)
      const byId = new Map([...server.entities.values()].map((entity) => [entity.id, entity]))
      for (const { entityId, atMs } of open.entities.values()) {
        const [before, last] = [atMs.at(-2), atMs.at(-1) ?? 0]
        const entity = byId.get(entityId)
        if (entity !== undefined) entity.lastAtMs = Math.max(entity.lastAtMs, last)
        if (last < (server.lastAtMs ?? 0)) continue
        server.lastAtMs = last
        if (before !== undefined) server.spacingMs = last - before
      }
    }
    if (this.damaged > 0) this.report('warn', 'storage.damagedRows', { rows: this.damaged })
  }

  /** On a full disk the gap stays without its reason. */
  private noteConsoleWasClosed(): void {
    try {
      this.gaps.consoleWasClosed(this.aliveUntilMs())
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.gaps.load()
      this.space.noteFull()
      this.report('warn', 'storage.gapNotWritten', {}, error)
    }
  }

  private aliveUntilMs(): number {
    const closed = this.db.prepare("SELECT value FROM meta WHERE name = 'closed_at_ms'").pluck().get()
    const newest = this.db.prepare('SELECT max(id) FROM tail').pluck().get()
    const seen = [...this.registry.all()].map((server) => server.lastAtMs ?? 0)
    return Math.max(Number(closed ?? 0), typeof newest === 'number' ? tailAtMs(newest) : 0, ...seen)
  }

  private readKept(): KeptFrom {
    const text = this.db.prepare("SELECT value FROM meta WHERE name = 'kept_from'").pluck().get()
    const kept: Partial<KeptFrom> = typeof text === 'string' ? (JSON.parse(text) as Partial<KeptFrom>) : {}
    return { raw: kept.raw ?? 0, minute: kept.minute ?? 0, hour: kept.hour ?? 0, day: 0 }
  }
}

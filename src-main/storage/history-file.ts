/** The history file as a whole: the parts of samples/ put together, and what runs by itself between the calls. */
import { statSync } from 'node:fs'
import type { HistoryMark, HistoryUsage } from '#contract/history.ts'
import type { ServerId, VmUuid } from '#contract/ids.ts'
import { ServerNow } from '#contract/servers.ts'
import type { Settings } from '#contract/settings.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import { type HistoryParts, openHistoryParts, readKept } from './history-parts.ts'
import type { PackedTick, Report } from './protocol.ts'
import { ProcessHistory } from './processes/process-history.ts'
import { Appender } from './samples/appender.ts'
import { syncCatalogue } from './samples/catalogue-sync.ts'
import { DayTotals } from './samples/day-totals.ts'
import { tailAtMs } from './samples/keys.ts'
import { lastNowOf } from './samples/last-now.ts'
import { Maintenance } from './samples/maintenance.ts'
import { TrafficCounters } from './samples/traffic-counters.ts'
import { Marks } from './samples/marks.ts'
import type { KeptFrom, ReadContext } from './samples/read.ts'
import { usageOf } from './samples/usage.ts'
import { WebTraffic } from './samples/web-traffic.ts'
import type { Space } from './space.ts'
import { type Database, isDiskFull } from './sqlite.ts'

export class HistoryFile {
  readonly marks: Marks
  readonly dayTotals: DayTotals
  readonly webTraffic: WebTraffic
  readonly processes: ProcessHistory
  readonly traffic: TrafficCounters
  private readonly db: Database
  private readonly space: Space
  private readonly report: Report
  private readonly parts: HistoryParts
  private readonly appender: Appender
  private readonly maintenance: Maintenance
  private kept: KeptFrom
  private budgetBytes: number | null = null
  private newestAtMs: number

  constructor(db: Database, options: { space: Space; report: Report; nowMs: number }) {
    this.db = db
    this.space = options.space
    this.report = options.report
    syncCatalogue(db)
    this.kept = readKept(db)
    this.newestAtMs = options.nowMs
    this.parts = openHistoryParts(db, {
      nowMs: options.nowMs,
      report: options.report,
      kept: () => this.kept,
      newestAtMs: () => this.newestAtMs
    })
    const { registry, raw, sealer, gaps } = this.parts
    this.marks = new Marks(db, registry)
    this.dayTotals = new DayTotals(db, registry)
    this.webTraffic = new WebTraffic(db, registry)
    this.processes = new ProcessHistory({
      db,
      registry,
      space: this.space,
      rawFromMs: () => this.kept.raw
    })
    this.traffic = new TrafficCounters(db, registry, this.dayTotals)
    this.appender = new Appender({
      db,
      registry,
      raw,
      sealer,
      gaps,
      space: this.space,
      rawFromMs: () => this.kept.raw,
      onCommitted: (atMs) => {
        this.newestAtMs = atMs
        this.maintenance.wake(atMs)
      }
    })
    this.noteConsoleWasClosed()
    this.maintenance = new Maintenance(
      { ...this.parts, webTraffic: this.webTraffic },
      {
        report: this.report,
        onFull: () => this.space.noteFull(),
        keep: (kept) => this.keep(kept)
      }
    )
    this.maintenance.wake(options.nowMs)
    this.maintenance.deleteServers()
  }

  /** What readers work with. */
  get context(): ReadContext {
    return this.parts
  }

  /** As `context`, when all ticks that were appended so far are in it. */
  upToDate(): ReadContext {
    this.flush()
    return this.parts
  }

  flush(): void {
    this.appender.flush()
  }

  append(tick: PackedTick): Promise<void> {
    return this.appender.append(tick)
  }

  beginGap(serverId: ServerId, fromAtMs: number, reason: GapReason, vmUuid: VmUuid | null): void {
    this.appender.flush()
    const write = this.db.transaction(() => {
      this.parts.gaps.begin(this.parts.registry.ensureServer(serverId), fromAtMs, reason, vmUuid)
    })
    this.changeGaps(() => this.parts.registry.inTransaction(() => write.immediate()))
  }

  endGap(serverId: ServerId, toAtMs: number, vmUuid: VmUuid | null): void {
    this.appender.flush()
    const server = this.parts.registry.find(serverId)
    if (server !== undefined) this.changeGaps(() => this.parts.gaps.end(server, toAtMs, vmUuid))
  }

  addMark(mark: HistoryMark): void {
    this.marks.add(mark)
  }

  lastNow(serverId: ServerId): ServerNow | null {
    const server = this.parts.registry.find(serverId)
    if (server === undefined) return null
    const fromSamples = lastNowOf(server, this.parts.raw)
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
    const number = this.parts.registry.markDeleting(serverId)
    if (number === null) return
    this.parts.gaps.forget(number)
    this.processes.forget(number)
    this.maintenance.deleteServers()
  }

  /** Throws cancelled. */
  async applyRetention(retention: Settings['retention'], nowMs: number, signal: AbortSignal): Promise<void> {
    this.budgetBytes = retention.budgetBytes
    this.processes.sealAll(nowMs)
    try {
      await this.maintenance.applyRetention(retention, this.kept, nowMs, signal)
    } finally {
      this.processes.forgetNames()
    }
  }

  /** Bytes of the file and its WAL. */
  bytes(): number {
    return ['', '-wal'].reduce((sum, suffix) => {
      return sum + (statSync(this.db.name + suffix, { throwIfNoEntry: false })?.size ?? 0)
    }, 0)
  }

  usage(): HistoryUsage {
    return usageOf(this.db, this.parts.registry, {
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
      for (const server of this.parts.registry.all()) this.parts.registry.saveLastSeen(server)
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
      this.parts.gaps.load()
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

  /** On a full disk the gap stays without its reason. */
  private noteConsoleWasClosed(): void {
    try {
      this.parts.gaps.consoleWasClosed(this.aliveUntilMs())
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.parts.gaps.load()
      this.space.noteFull()
      this.report('warn', 'storage.gapNotWritten', {}, error)
    }
  }

  private aliveUntilMs(): number {
    const closed = this.db.prepare("SELECT value FROM meta WHERE name = 'closed_at_ms'").pluck().get()
    const newest = this.db.prepare('SELECT max(id) FROM tail').pluck().get()
    const seen = [...this.parts.registry.all()].map((server) => server.lastAtMs ?? 0)
    return Math.max(Number(closed ?? 0), typeof newest === 'number' ? tailAtMs(newest) : 0, ...seen)
  }
}

/** The history file as a whole: the parts of samples/ put together, and what runs by itself between the calls. */
import type {
  BusyHour,
  BusyQuery,
  EntityInfo,
  HistoryAnswer,
  HistoryMark,
  HistoryQuery,
  HistoryUsage,
  RowsPage,
  RowsPageQuery,
  SeriesStatistics,
  StatisticsQuery,
  TopEntry,
  TopQuery
} from '#contract/history.ts'
import { ServerId, type VmUuid } from '#contract/ids.ts'
import { ServerNow } from '#contract/servers.ts'
import type { Settings } from '#contract/settings.ts'
import type { GapReason } from '#contract/vocabulary.ts'
import { statSync } from 'node:fs'
import type { HistoryStore, RowBatch, RowsQuery } from '../application/storage.ts'
import type { PackedTick, Report } from './protocol.ts'
import { Appender } from './samples/appender.ts'
import { syncCatalogue } from './samples/catalogue-sync.ts'
import { RowReader } from './samples/codec.ts'
import { Gaps } from './samples/gaps.ts'
import { StatementCache } from './samples/gather.ts'
import { HOUR_MS, hourOf, tailAtMs, tailKey } from './samples/keys.ts'
import { lastNowOf } from './samples/last-now.ts'
import { Mirror } from './samples/mirror.ts'
import { TailReader } from './samples/raw-reader.ts'
import { type KeptFrom, type ReadContext, readHistory } from './samples/read.ts'
import { Registry } from './samples/registry.ts'
import { deleteOld, deleteServers, keptFrom } from './samples/retention.ts'
import { historyRows } from './samples/rows.ts'
import { busyHoursOf, rowsPageOf, statisticsOf } from './samples/questions.ts'
import { Sealer } from './samples/sealer.ts'
import type { Space } from './space.ts'
import { type Database, isDiskFull } from './sqlite.ts'

/** Between two seals, so that many servers do not hold up reads at the full hour. */
const SEAL_PAUSE_MS = 50

export class HistoryFile {
  private readonly db: Database
  private readonly space: Space
  private readonly report: Report
  private readonly registry: Registry
  private readonly mirror: Mirror
  private readonly raw: TailReader
  private readonly sealer: Sealer
  private readonly gaps: Gaps
  private readonly appender: Appender
  private readonly context: ReadContext
  private readonly stopping = new AbortController()
  private kept: KeptFrom
  private newestAtMs: number
  private sealTimer: NodeJS.Timeout | null = null
  private readonly recent: HistoryMark[] = []
  private damagedRows = 0
  private deletion: Promise<void> = Promise.resolve()

  constructor(db: Database, options: { space: Space; report: Report; nowMs: number }) {
    this.db = db
    this.space = options.space
    this.report = options.report
    syncCatalogue(db)
    this.kept = this.readKept()
    this.registry = new Registry(db)
    this.newestAtMs = options.nowMs
    this.mirror = new Mirror((hourOf(options.nowMs) - 1) * HOUR_MS)
    this.raw = new TailReader(db, this.mirror, () => this.damagedRows++)
    this.sealer = new Sealer(db, this.raw, this.registry)
    this.gaps = new Gaps(db, this.registry, options.nowMs)
    this.appender = new Appender({
      db,
      registry: this.registry,
      mirror: this.mirror,
      sealer: this.sealer,
      gaps: this.gaps,
      space: this.space,
      rawFromMs: () => this.kept.raw,
      onCommitted: (atMs) => this.committed(atMs)
    })
    const statements = new StatementCache(db)
    this.context = {
      raw: this.raw,
      sealer: this.sealer,
      registry: this.registry,
      gaps: this.gaps,
      statement: (sql) => statements.get(sql),
      keptFromMs: () => this.kept
    }
    this.fillMirror()
    this.bringLastSeenUpToDate()
    this.noteConsoleWasClosed()
    this.scheduleSeal()
    this.deleteMarkedServers()
  }

  append(tick: PackedTick): Promise<void> {
    return this.appender.append(tick)
  }

  beginGap(serverId: ServerId, fromAtMs: number, reason: GapReason, vmUuid: VmUuid | null): void {
    if (vmUuid !== null) return
    this.appender.flush()
    const write = this.db.transaction(() => {
      this.gaps.begin(this.registry.ensureServer(serverId), fromAtMs, reason)
    })
    this.registry.begin()
    try {
      write.immediate()
    } catch (error) {
      this.registry.rollBack()
      throw error
    }
  }

  endGap(serverId: ServerId, toAtMs: number, vmUuid: VmUuid | null): void {
    if (vmUuid !== null) return
    this.appender.flush()
    const server = this.registry.find(serverId)
    if (server !== undefined) this.gaps.end(server, toAtMs)
  }

  read(query: HistoryQuery, signal: AbortSignal): Promise<HistoryAnswer> {
    return readHistory(this.context, query, signal)
  }

  statistics(query: StatisticsQuery, signal: AbortSignal): Promise<SeriesStatistics[]> {
    return statisticsOf(this.context, query, signal)
  }

  rowsPage(query: RowsPageQuery, signal: AbortSignal): Promise<RowsPage> {
    return rowsPageOf(this.context, query, signal)
  }

  busyHours(query: BusyQuery, signal: AbortSignal): Promise<BusyHour[]> {
    return busyHoursOf(this.context, query, signal)
  }

  async top(query: TopQuery, signal: AbortSignal): Promise<TopEntry[]> {
    const entries: TopEntry[] = []
    for (const server of this.registry.all()) {
      const serverId = ServerId.parse(server.serverId)
      if (query.serverIds.length > 0 && !query.serverIds.includes(serverId)) continue
      for (const { kind, key, label } of server.entities.values()) {
        if (kind !== query.kind) continue
        const entity = { serverId, kind, key }
        const series = [{ entity, metrics: [query.metric] }]
        const [one] = await this.statistics({ ...query, series }, signal)
        if (one === undefined || one.mean === null || one.min === null || one.max === null) continue
        entries.push({ entity, label, mean: one.mean, min: one.min, max: one.max, count: one.count })
      }
    }
    const sign = query.order === 'highest' ? -1 : 1
    return entries.toSorted((a, b) => sign * (a[query.by] - b[query.by])).slice(0, query.limit)
  }

  addMark(mark: HistoryMark): void {
    this.recent.push(mark)
  }

  marks(query: Parameters<HistoryStore['marks']>[0]): HistoryMark[] {
    return this.recent
      .filter(
        ({ serverId, atMs }) =>
          query.serverIds.includes(serverId) && atMs >= query.fromAtMs && atMs < query.toAtMs
      )
      .slice(-query.limit)
  }

  usage(): HistoryUsage {
    const fileBytes = this.bytes()
    return {
      fileBytes,
      rawBytes: fileBytes,
      freeBytes: 0,
      budgetBytes: null,
      rawSamples: 0,
      oldestAtMs: { raw: null, minute: null, hour: null, day: null }
    }
  }

  rows(query: RowsQuery, signal: AbortSignal): AsyncGenerator<RowBatch> {
    return historyRows(this.context, query, signal)
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
    const fromTail = lastNowOf(server, this.raw)
    if (fromTail !== null) return fromTail
    const row = this.db
      .prepare<[number], { last_now: string | null }>('SELECT last_now FROM server WHERE number = ?')
      .get(server.number)
    if (row === undefined || row.last_now === null) return null
    return ServerNow.safeParse(JSON.parse(row.last_now)).data ?? null
  }

  /** The server's history is gone at once for readers; its rows go in steps. */
  remove(serverId: ServerId): void {
    this.appender.flush()
    if (this.registry.markDeleting(serverId) !== null) this.deleteMarkedServers()
  }

  async applyRetention(retention: Settings['retention'], nowMs: number, signal: AbortSignal): Promise<void> {
    const wanted = keptFrom(retention, nowMs)
    // What is deleted stays deleted: a longer retention does not bring it back.
    const kept: KeptFrom = {
      raw: Math.max(this.kept.raw, wanted.raw),
      minute: Math.max(this.kept.minute, wanted.minute),
      hour: Math.max(this.kept.hour, wanted.hour),
      day: 0
    }
    this.db
      .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('kept_from', ?)")
      .run(JSON.stringify(kept))
    this.kept = kept
    await deleteOld(this.parts(), kept, nowMs, AbortSignal.any([signal, this.stopping.signal]))
  }

  /** Bytes of the file and its WAL. */
  bytes(): number {
    return ['', '-wal'].reduce((sum, suffix) => {
      return sum + (statSync(this.db.name + suffix, { throwIfNoEntry: false })?.size ?? 0)
    }, 0)
  }

  /** Commits what is queued; then nothing runs any more. */
  async close(nowMs: number): Promise<void> {
    this.appender.flush()
    this.stopping.abort()
    if (this.sealTimer !== null) clearTimeout(this.sealTimer)
    await this.deletion
    const write = this.db.transaction(() => {
      for (const server of this.registry.all()) this.registry.saveLastSeen(server)
      this.db
        .prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('closed_at_ms', ?)")
        .run(String(nowMs))
    })
    try {
      write.immediate()
    } catch (error) {
      // All of it can be told from the rows again at the next start.
      this.report('warn', 'storage.closedWithoutNotes', {}, error)
    }
    this.db.close()
  }

  private parts(): { db: Database; registry: Registry; sealer: Sealer; mirror: Mirror } {
    return { db: this.db, registry: this.registry, sealer: this.sealer, mirror: this.mirror }
  }

  private committed(atMs: number): void {
    this.newestAtMs = atMs
    this.mirror.keepFrom((hourOf(atMs) - 1) * HOUR_MS)
    this.scheduleSeal()
  }

  private scheduleSeal(): void {
    if (this.sealTimer !== null || this.stopping.signal.aborted) return
    if (this.sealer.nextDue(this.newestAtMs) === null) return
    this.sealTimer = setTimeout(() => {
      this.sealTimer = null
      const due = this.sealer.nextDue(this.newestAtMs)
      if (due === null) return
      try {
        this.sealer.seal(due.serverNumber, due.hour)
        this.scheduleSeal()
      } catch (error) {
        // Tried again after the next commit; nothing is lost meanwhile.
        if (isDiskFull(error)) this.space.noteFull()
        this.report('warn', 'storage.sealFailed', { hour: due.hour }, error)
      }
    }, SEAL_PAUSE_MS)
  }

  private deleteMarkedServers(): void {
    if (this.registry.deletingNumbers().length === 0) return
    this.deletion = this.deletion.then(async () => {
      try {
        await deleteServers(this.parts(), this.stopping.signal)
      } catch (error) {
        // Goes on at the next start.
        if (!this.stopping.signal.aborted) this.report('warn', 'storage.deletionStopped', {}, error)
      }
    })
  }

  private fillMirror(): void {
    const rows = this.db
      .prepare<[number], { id: number; server: number }>('SELECT DISTINCT server FROM tail WHERE id >= ?')
      .all(tailKey(0, this.mirror.coveredFromMs))
    const fromMs = this.mirror.coveredFromMs
    // Read from the disk by a reader whose mirror covers nothing.
    const disk = new TailReader(this.db, new Mirror(Number.MAX_SAFE_INTEGER), () => this.damagedRows++)
    for (const { server } of rows) {
      const found = disk.read(server, fromMs, tailAtMs(Number.MAX_SAFE_INTEGER), Infinity)
      // A copy: rows from SQLite may share a larger buffer.
      for (const row of found) this.mirror.add(server, row.atMs, Uint8Array.from(row.data))
    }
    if (this.damagedRows > 0) this.report('warn', 'storage.damagedRows', { rows: this.damagedRows })
  }

  /** Entities' last times are written when an hour is sealed; a crash left them behind. */
  private bringLastSeenUpToDate(): void {
    const reader = new RowReader()
    for (const server of this.registry.all()) {
      const byId = new Map([...server.entities.values()].map((entity) => [entity.id, entity]))
      for (const hour of this.sealer.unsealedHours(server.number)) {
        for (const row of this.raw.read(server.number, hour * HOUR_MS, (hour + 1) * HOUR_MS, Infinity)) {
          reader.open(row.data)
          while (reader.next()) {
            const entity = byId.get(reader.entityId)
            if (entity !== undefined && row.atMs > entity.lastAtMs) entity.lastAtMs = row.atMs
          }
        }
      }
    }
  }

  /** On a full disk the gap stays without its reason. */
  private noteConsoleWasClosed(): void {
    try {
      this.gaps.consoleWasClosed(this.aliveUntilMs())
    } catch (error) {
      if (!isDiskFull(error)) throw error
      this.space.noteFull()
      this.report('warn', 'storage.gapNotWritten', {}, error)
    }
  }

  private aliveUntilMs(): number {
    const closed = this.db.prepare("SELECT value FROM meta WHERE name = 'closed_at_ms'").pluck().get()
    const newest = this.db.prepare('SELECT max(id) FROM tail').pluck().get()
    return Math.max(Number(closed ?? 0), typeof newest === 'number' ? tailAtMs(newest) : 0)
  }

  private readKept(): KeptFrom {
    const text = this.db.prepare("SELECT value FROM meta WHERE name = 'kept_from'").pluck().get()
    const kept: Partial<KeptFrom> = typeof text === 'string' ? (JSON.parse(text) as Partial<KeptFrom>) : {}
    return { raw: kept.raw ?? 0, minute: kept.minute ?? 0, hour: kept.hour ?? 0, day: 0 }
  }
}

/** Processes in the history file: readings go to a tail, hours that are over into one row each. */
import { AppError } from '#contract/errors.ts'
import type { PastTable } from '#contract/processes.ts'
import type { ProcessMoment, ProcessSeries, ProcessSnapshot } from '../../application/storage.ts'
import { HOUR_MS, hourOf } from '../samples/keys.ts'
import { Pace } from '../samples/pace.ts'
import type { Registry } from '../samples/registry.ts'
import type { Space } from '../space.ts'
import type { Database } from '../sqlite.ts'
import { decodeHour, decodeReading, encodeHour, encodeReading, type StoredReading } from './codec.ts'
import { ProcessNamesTable } from './names.ts'
import { fromIntegers, toIntegers } from './values.ts'

/** How far a reading may be from the time that is asked for. */
const NEAR_MS = 300_000

interface TailRow {
  at_ms: number
  data: Uint8Array
}

interface HourRow {
  hour: number
  span_ms: number
  data: Uint8Array
}

export interface ProcessHistoryParts {
  readonly db: Database
  readonly registry: Registry
  readonly space: Space
  /** Readings before it are refused: their hour has been made means of, or removed. */
  readonly rawFromMs: () => number
}

export class ProcessHistory {
  private readonly parts: ProcessHistoryParts
  private readonly names: ProcessNamesTable
  /** The hour of each server's newest reading in this run. */
  private readonly lastHours = new Map<number, number>()

  constructor(parts: ProcessHistoryParts) {
    this.parts = parts
    this.names = new ProcessNamesTable(parts.db)
  }

  /** One transaction, with the hours that are over. Throws diskFull, notFound. */
  append({ serverId, atMs, memoryTotalBytes, processes }: ProcessSnapshot): void {
    const { db, registry, space, rawFromMs } = this.parts
    if (!space.mayWrite()) throw new AppError('diskFull', { retryable: true })
    if (atMs < rawFromMs()) return
    const hour = hourOf(atMs)
    const write = db.transaction(() => {
      const { number } = registry.ensureServer(serverId)
      const ids = new Map(
        processes.map((process) => [this.names.idOf(number, process, atMs), toIntegers(process)])
      )
      const data = encodeReading({ atMs, memoryTotalBytes: memoryTotalBytes ?? 0, processes: ids })
      db.prepare('INSERT OR REPLACE INTO process_tail (server, at_ms, data) VALUES (?, ?, ?)').run(
        number,
        atMs,
        data
      )
      if (this.lastHours.get(number) !== hour) this.seal(number, hour)
      return number
    })
    registry.inTransaction(() => {
      try {
        this.lastHours.set(write.immediate(), hour)
      } catch (error) {
        // Ids that were given out in it are not in the file.
        this.names.forget()
        throw error
      }
    })
    space.noteWritten()
  }

  /** The reading next to the time; one that is both near and newer wins over an equally near older one. */
  at(serverId: ProcessSnapshot['serverId'], atMs: number): PastTable {
    const nothing: PastTable = { atMs: null, level: 'reading', rows: [] }
    const number = this.parts.registry.find(serverId)?.number
    if (number === undefined) return nothing
    let best: { reading: StoredReading; spanMs: number; distanceMs: number } | null = null
    const consider = (reading: StoredReading, spanMs: number): void => {
      // Means stand for the minutes after their time.
      const middleMs = reading.atMs + spanMs / 2
      const distanceMs = Math.abs(middleMs - atMs)
      if (distanceMs <= NEAR_MS && (best === null || distanceMs <= best.distanceMs))
        best = { reading, spanMs, distanceMs }
    }
    for (const { spanMs, readings } of this.between(number, atMs - NEAR_MS, atMs + NEAR_MS))
      for (const reading of readings) consider(reading, spanMs)
    const found = best as { reading: StoredReading; spanMs: number } | null
    if (found === null) return nothing
    const { reading, spanMs } = found
    const rows = [...reading.processes].flatMap(([id, integers]) => {
      const names = this.names.get(id)
      return names === null ? [] : [fromIntegers(names, integers, reading.memoryTotalBytes)]
    })
    return { atMs: reading.atMs, level: spanMs === 0 ? 'reading' : 'mean5', rows }
  }

  /** Throws cancelled. */
  async series(
    { serverId, process, fromAtMs, toAtMs }: ProcessSeries,
    signal: AbortSignal
  ): Promise<ProcessMoment[]> {
    const number = this.parts.registry.find(serverId)?.number
    if (number === undefined) return []
    const ids = new Map(this.names.ofProcess(number, process).map((names) => [names.id, names]))
    const moments: ProcessMoment[] = []
    if (ids.size === 0) return moments
    const pace = new Pace(signal)
    const only = new Set(ids.keys())
    for (const { readings } of this.between(number, fromAtMs, toAtMs, only)) {
      for (const { atMs, memoryTotalBytes, processes } of readings) {
        if (atMs < fromAtMs || atMs >= toAtMs) continue
        const [id] = [...processes.keys()].filter((one) => ids.has(one))
        const names = id === undefined ? undefined : ids.get(id)
        const integers = id === undefined ? undefined : processes.get(id)
        if (names !== undefined && integers !== undefined)
          moments.push({ atMs, process: fromIntegers(names, integers, memoryTotalBytes) })
        else if (moments.at(-1)?.process) moments.push({ atMs, process: null })
      }
      await pace.rest()
    }
    return moments
  }

  /** Hours in order of time, then what is not sealed; each only when it may have something of the range. */
  private *between(
    number: number,
    fromMs: number,
    toMs: number,
    only?: ReadonlySet<number>
  ): Generator<{ spanMs: number; readings: readonly StoredReading[] }> {
    const { db } = this.parts
    const hours = db
      .prepare<[number, number, number], HourRow>(
        'SELECT hour, span_ms, data FROM process_hour WHERE server = ? AND hour BETWEEN ? AND ? ORDER BY hour'
      )
      .all(number, hourOf(Math.max(0, fromMs)), hourOf(Math.max(0, toMs)))
    for (const { span_ms: spanMs, data } of hours) yield { spanMs, readings: decodeHour(data, only) ?? [] }
    yield { spanMs: 0, readings: this.tail(number, fromMs, toMs) }
  }

  private tail(number: number, fromMs: number, toMs: number): StoredReading[] {
    return this.parts.db
      .prepare<[number, number, number], TailRow>(
        'SELECT at_ms, data FROM process_tail WHERE server = ? AND at_ms BETWEEN ? AND ? ORDER BY at_ms'
      )
      .all(number, Math.max(0, fromMs), Math.max(0, toMs))
      .flatMap((row) => decodeReading(row.at_ms, row.data) ?? [])
  }

  /** Within a transaction: all hours of the tail before `hour` become rows of their own. */
  private seal(number: number, hour: number): void {
    const { db } = this.parts
    const oldest = db
      .prepare<[number], number>('SELECT min(at_ms) FROM process_tail WHERE server = ?')
      .pluck()
    for (
      let firstMs = oldest.get(number);
      firstMs !== undefined && firstMs !== null;
      firstMs = oldest.get(number)
    ) {
      const own = hourOf(firstMs)
      if (own >= hour) return
      this.sealHour(number, own)
    }
  }

  /** Readings that came late are put to those that are sealed. */
  private sealHour(number: number, hour: number): void {
    const { db } = this.parts
    const [fromMs, toMs] = [hour * HOUR_MS, (hour + 1) * HOUR_MS - 1]
    const sealed = db
      .prepare<[number, number], HourRow>(
        'SELECT hour, span_ms, data FROM process_hour WHERE server = ? AND hour = ? AND span_ms = 0'
      )
      .get(number, hour)
    const before = sealed === undefined ? [] : (decodeHour(sealed.data) ?? [])
    const byTime = new Map([...before, ...this.tail(number, fromMs, toMs)].map((one) => [one.atMs, one]))
    const readings = [...byTime.values()].sort((left, right) => left.atMs - right.atMs)
    if (readings.length > 0) {
      db.prepare(
        `INSERT INTO process_hour (server, hour, span_ms, data) VALUES (?, ?, 0, ?)
         ON CONFLICT (server, hour) DO UPDATE SET data = excluded.data WHERE span_ms = 0`
      ).run(number, hour, encodeHour(readings))
    }
    db.prepare('DELETE FROM process_tail WHERE server = ? AND at_ms BETWEEN ? AND ?').run(
      number,
      fromMs,
      toMs
    )
  }

  /** Seals what the tail has of servers that are silent: before retention looks at it. */
  sealAll(nowMs: number): void {
    const { db } = this.parts
    const numbers = db.prepare<[], number>('SELECT DISTINCT server FROM process_tail').pluck().all()
    const write = db.transaction(() => {
      for (const number of numbers) this.seal(number, hourOf(nowMs))
    })
    write.immediate()
  }

  /** Rows of names may have been deleted. */
  forgetNames(): void {
    this.names.forget()
  }

  /** The server's history is being deleted. */
  forget(number: number): void {
    this.lastHours.delete(number)
    this.names.forget()
  }
}

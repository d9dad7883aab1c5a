/**
 * The hours that are not sealed yet, column by column in memory: what the tail holds on the disk, ready to be read and
 * sealed. Filled again from the tail (and from the chunk, where an hour got late ticks) at each start.
 */
import type { Chunk, EntityHour } from './chunk-codec.ts'
import { RowReader } from './codec.ts'

const FIRST_CAPACITY = 64
const MOST_GROWTH = 256

function grown(values: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  if (needed <= values.length) return values
  const larger = new Float64Array(Math.max(needed, values.length + Math.min(values.length, MOST_GROWTH)))
  larger.set(values)
  return larger
}

/** Values of one metric; an array only once they differ. Trailing ticks without a value need not be there. */
class OpenColumn {
  private length = 0
  private constant = NaN
  private values: Float64Array<ArrayBuffer> | null = null

  /** Puts a value at a place; the places before it that are not there yet have none. */
  put(at: number, value: number): void {
    const { values, length } = this
    // Nearly always: the next value of a column that has changed, or that has not.
    if (at === length) {
      if (values === null) {
        if (length === 0) this.constant = value
        if (value === this.constant) {
          this.length++
          return
        }
      } else if (at < values.length) {
        values[at] = value
        this.length++
        return
      }
    }
    this.putInArray(at, value)
  }

  private putInArray(at: number, value: number): void {
    const { length } = this
    const values =
      this.values === null
        ? new Float64Array(Math.max(FIRST_CAPACITY, at + 1)).fill(this.constant, 0, length)
        : grown(this.values, at + 1)
    if (at > length) values.fill(NaN, length, at)
    values[at] = value
    this.values = values
    this.length = Math.max(length, at + 1)
  }

  /** Makes room for a late tick. */
  insert(at: number): void {
    if (at >= this.length) return
    const old = this.all(this.length)
    this.values = new Float64Array(this.length + FIRST_CAPACITY)
    this.values.set(old.subarray(0, at))
    this.values[at] = NaN
    this.values.set(old.subarray(at), at + 1)
    this.length++
  }

  all(ticks: number): Float64Array {
    const { values, length } = this
    if (values !== null && length >= ticks) return values.subarray(0, ticks)
    const all = new Float64Array(ticks).fill(NaN, length)
    if (values === null) all.fill(this.constant, 0, length)
    else all.set(values.subarray(0, length))
    return all
  }
}

export class OpenEntity implements EntityHour {
  readonly entityId: number
  private times = new Float64Array(FIRST_CAPACITY)
  private ticks = 0
  private readonly columns: (OpenColumn | undefined)[] = []

  constructor(entityId: number) {
    this.entityId = entityId
  }

  get atMs(): Float64Array {
    return this.times.subarray(0, this.ticks)
  }

  get lastAtMs(): number {
    return this.times[this.ticks - 1] ?? -1
  }

  codes(): number[] {
    return this.columns.flatMap((column, code) => (column === undefined ? [] : [code]))
  }

  column(code: number): Float64Array | null {
    return this.columns[code]?.all(this.ticks) ?? null
  }

  /** `values[code]` for codes from 1 to `lastCode`, NaN for none. Of two ticks at one time the first counts. */
  add(atMs: number, values: Float64Array, lastCode: number): void {
    let at = this.ticks
    if (at === this.times.length) this.times = grown(this.times, at + 1)
    if (atMs <= this.lastAtMs) {
      at = lowerBound(this.atMs, atMs)
      if (this.times[at] === atMs) return
      for (const column of this.columns) column?.insert(at)
      this.times.copyWithin(at + 1, at, this.ticks)
    }
    this.times[at] = atMs
    this.ticks++
    for (let code = 1; code <= lastCode; code++) {
      const value = values[code] ?? NaN
      // Not a number: no value.
      if (value !== value) continue
      const column = this.columns[code] ?? new OpenColumn()
      this.columns[code] = column
      column.put(at, value)
    }
  }
}

/** More metrics than this has no kind. */
const CODES = 256
/** One walker for all hours: nothing runs between opening a row and its end. */
const reader = new RowReader()
const rowValues = new Float64Array(CODES)

/**
 * One server's hour. Rows wait as they are until somebody reads the hour or seals it: spread over their columns many at a
 * time, each column stays in the processor's cache.
 */
export class OpenHour {
  /** Grows with every tick. */
  changes = 0
  private readonly spread = new Map<number, OpenEntity>()
  private waiting: { readonly atMs: number; readonly row: Uint8Array }[] = []

  constructor(sealed: Iterable<Chunk>) {
    for (const chunk of sealed) {
      for (const id of chunk.entityIds()) {
        const stored = chunk.hour(id)
        if (stored !== null) copy(stored, this.entity(id))
      }
    }
  }

  get entities(): ReadonlyMap<number, OpenEntity> {
    const { waiting } = this
    this.waiting = []
    for (const { atMs, row } of waiting) {
      reader.open(row)
      while (reader.next()) this.entity(reader.entityId).add(atMs, rowValues, reader.values(rowValues))
    }
    return this.spread
  }

  /** A row of the tail, sound (codec.ts). */
  add(atMs: number, row: Uint8Array): void {
    this.changes++
    this.waiting.push({ atMs, row })
  }

  private entity(entityId: number): OpenEntity {
    let entity = this.spread.get(entityId)
    if (entity === undefined) {
      entity = new OpenEntity(entityId)
      this.spread.set(entityId, entity)
    }
    return entity
  }
}

function copy(from: EntityHour, into: OpenEntity): void {
  const columns = from.codes().map((code) => ({ code, values: from.column(code) }))
  const lastCode = columns.at(-1)?.code ?? 0
  for (let at = 0; at < from.atMs.length; at++) {
    rowValues.fill(NaN)
    for (const { code, values } of columns) rowValues[code] = values?.[at] ?? NaN
    into.add(from.atMs[at] ?? 0, rowValues, lastCode)
  }
}

export class OpenHours {
  private readonly servers = new Map<number, Map<number, OpenHour>>()

  get(serverNumber: number, hour: number): OpenHour | undefined {
    return this.servers.get(serverNumber)?.get(hour)
  }

  /** Hours of a server that are open. */
  hoursOf(serverNumber: number): readonly number[] {
    return [...(this.servers.get(serverNumber)?.keys() ?? [])]
  }

  /** Opens an hour, with what was sealed of it before. */
  open(serverNumber: number, hour: number, sealed: Iterable<Chunk>): OpenHour {
    const open = new OpenHour(sealed)
    const hours = this.servers.get(serverNumber) ?? new Map<number, OpenHour>()
    hours.set(hour, open)
    this.servers.set(serverNumber, hours)
    return open
  }

  close(serverNumber: number, hour: number): void {
    this.servers.get(serverNumber)?.delete(hour)
  }

  forget(serverNumber: number): void {
    this.servers.delete(serverNumber)
  }
}

/** Index of the first element that is not below the value. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? Infinity) < value) low = middle + 1
    else high = middle
  }
  return low
}

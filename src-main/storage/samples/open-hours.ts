/**
 * The hours that are not sealed yet, column by column in memory: what the tail holds on the disk, ready to be read and
 * sealed. Filled again from the tail (and from the chunk, where an hour got late ticks) at each start.
 */
import type { Chunk, EntityHour } from './chunk-codec.ts'
import { RowReader } from './codec.ts'
import { hourOf } from './keys.ts'

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
    if (this.values === null) {
      if (this.length === 0 && at === 0) this.constant = value
      if (at === this.length && Object.is(value, this.constant)) {
        this.length++
        return
      }
      this.values = new Float64Array(Math.max(FIRST_CAPACITY, at + 1)).fill(this.constant, 0, this.length)
    }
    this.values = grown(this.values, at + 1)
    this.values.fill(NaN, this.length, at)
    this.values[at] = value
    this.length = Math.max(this.length, at + 1)
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

  has(atMs: number): boolean {
    return this.times[lowerBound(this.atMs, atMs)] === atMs && atMs <= this.lastAtMs
  }

  /** `values[code]` for codes from 1 to `lastCode`, NaN for none. Of two ticks at one time the first counts. */
  add(atMs: number, values: Float64Array, lastCode: number): void {
    let at = this.ticks
    if (atMs <= this.lastAtMs) {
      at = lowerBound(this.atMs, atMs)
      if (this.times[at] === atMs) return
      for (const column of this.columns) column?.insert(at)
    }
    this.times = grown(this.times, this.ticks + 1)
    this.times.copyWithin(at + 1, at, this.ticks)
    this.times[at] = atMs
    this.ticks++
    for (let code = 1; code <= lastCode; code++) {
      const value = values[code] ?? NaN
      if (Number.isNaN(value)) continue
      const column = this.columns[code] ?? new OpenColumn()
      this.columns[code] = column
      column.put(at, value)
    }
  }
}

export class OpenHour {
  /** Grows with every tick. */
  changes = 0
  readonly entities = new Map<number, OpenEntity>()

  entity(entityId: number): OpenEntity {
    let entity = this.entities.get(entityId)
    if (entity === undefined) {
      entity = new OpenEntity(entityId)
      this.entities.set(entityId, entity)
    }
    return entity
  }

  /** A tick of this server at this very time is there already. */
  has(atMs: number): boolean {
    return [...this.entities.values()].some((entity) => entity.has(atMs))
  }
}

const CODES = 256

export class OpenHours {
  private readonly servers = new Map<number, Map<number, OpenHour>>()
  private readonly reader = new RowReader()
  private readonly values = new Float64Array(CODES)

  get(serverNumber: number, hour: number): OpenHour | undefined {
    return this.servers.get(serverNumber)?.get(hour)
  }

  /** Hours of a server that are open. */
  hoursOf(serverNumber: number): readonly number[] {
    return [...(this.servers.get(serverNumber)?.keys() ?? [])]
  }

  /** Opens an hour, with what was sealed of it before. */
  open(serverNumber: number, hour: number, sealed: Iterable<Chunk>): OpenHour {
    const open = new OpenHour()
    for (const chunk of sealed) {
      for (const id of chunk.entityIds()) {
        const stored = chunk.hour(id)
        if (stored !== null) this.copy(stored, open.entity(id))
      }
    }
    const hours = this.servers.get(serverNumber) ?? new Map<number, OpenHour>()
    hours.set(hour, open)
    this.servers.set(serverNumber, hours)
    return open
  }

  /** Adds a row of the tail (sound, see codec.ts) to its hour, which must be open. */
  add(serverNumber: number, atMs: number, row: Uint8Array): void {
    const open = this.get(serverNumber, hourOf(atMs))
    if (open === undefined) throw new RangeError('hour is not open')
    const { reader, values } = this
    open.changes++
    reader.open(row)
    while (reader.next()) {
      const lastCode = reader.values(values)
      open.entity(reader.entityId).add(atMs, values, lastCode)
    }
  }

  close(serverNumber: number, hour: number): void {
    this.servers.get(serverNumber)?.delete(hour)
  }

  forget(serverNumber: number): void {
    this.servers.delete(serverNumber)
  }

  private copy(from: EntityHour, into: OpenEntity): void {
    const columns = from.codes().map((code) => ({ code, values: from.column(code) }))
    const lastCode = columns.at(-1)?.code ?? 0
    for (let at = 0; at < from.atMs.length; at++) {
      this.values.fill(NaN)
      for (const { code, values } of columns) this.values[code] = values?.[at] ?? NaN
      into.add(from.atMs[at] ?? 0, this.values, lastCode)
    }
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

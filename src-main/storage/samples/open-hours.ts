/**
 * The hours that are not sealed yet, column by column in memory: what the tail holds on the disk, ready to be read and
 * sealed. Filled again from the tail (and from the chunk, where an hour got late ticks) at each start.
 */
import type { Chunk, EntityHour } from './chunk-codec.ts'
import { RowReader } from './codec.ts'

const LEAST_TICKS = 64
const LEAST_CODES = 16

/** One entity's hour as a table: a run of `capacity` values for each metric code, NaN where there is none. */
export class OpenEntity implements EntityHour {
  readonly entityId: number
  private times: Float64Array<ArrayBuffer>
  private values: Float64Array<ArrayBuffer>
  private codesHeld = LEAST_CODES
  private capacity: number
  private ticks = 0
  private readonly hasValues: boolean[] = []

  /** `ticks` that are to be expected. */
  constructor(entityId: number, ticks: number) {
    this.entityId = entityId
    this.capacity = Math.max(LEAST_TICKS, ticks)
    this.times = new Float64Array(this.capacity)
    this.values = new Float64Array(this.capacity * this.codesHeld).fill(NaN)
  }

  get atMs(): Float64Array {
    return this.times.subarray(0, this.ticks)
  }

  codes(): number[] {
    return this.hasValues.flatMap((has, code) => (has ? [code] : []))
  }

  column(code: number): Float64Array | null {
    if (this.hasValues[code] !== true) return null
    const start = code * this.capacity
    return this.values.subarray(start, start + this.ticks)
  }

  /** Adds the entity that the reader came to. Of two ticks at one time the first counts. */
  add(atMs: number, body: RowReader): void {
    if (this.ticks === this.capacity) this.enlarge(this.capacity * 2, this.codesHeld)
    const at = this.placeFor(atMs)
    if (at === null) return
    for (let code = 1; body.hasMore(); code++) {
      const value = body.nextValue()
      // Not a number: no value.
      if (value === value) this.put(code, at, value)
    }
  }

  put(code: number, at: number, value: number): void {
    if (code >= this.codesHeld) this.enlarge(this.capacity, code * 2)
    this.values[code * this.capacity + at] = value
    this.hasValues[code] = true
  }

  /** Where a tick of this time goes, its place made; null when it is there. */
  placeFor(atMs: number): number | null {
    const last = this.times[this.ticks - 1]
    let at = this.ticks
    if (last !== undefined && atMs <= last) {
      at = lowerBound(this.atMs, atMs)
      if (this.times[at] === atMs) return null
      this.times.copyWithin(at + 1, at, this.ticks)
      for (let start = 0; start < this.values.length; start += this.capacity) {
        this.values.copyWithin(start + at + 1, start + at, start + this.ticks)
        this.values[start + at] = NaN
      }
    }
    this.times[at] = atMs
    this.ticks++
    return at
  }

  private enlarge(capacity: number, codesHeld: number): void {
    const [times, values] = [new Float64Array(capacity), new Float64Array(capacity * codesHeld).fill(NaN)]
    times.set(this.times)
    for (let code = 0; code < this.codesHeld; code++) {
      const start = code * this.capacity
      values.set(this.values.subarray(start, start + this.ticks), code * capacity)
    }
    this.times = times
    this.values = values
    this.capacity = capacity
    this.codesHeld = codesHeld
  }
}

/** One walker for all hours: nothing runs between opening a row and its end. */
const reader = new RowReader()

/**
 * One server's hour. Rows wait as they are until somebody reads the hour or seals it: many at once are spread over their
 * columns several times as fast as one by one, and most hours are read by nobody.
 */
export class OpenHour {
  /** Grows with every tick. */
  changes = 0
  private readonly spread = new Map<number, OpenEntity>()
  /** The entities of the last row that was spread: mostly those of the next one. */
  private order: OpenEntity[] = []
  private waiting: { readonly atMs: number; readonly row: Uint8Array }[] = []

  constructor(sealed: Iterable<Chunk>) {
    for (const chunk of sealed) {
      for (const id of chunk.entityIds()) {
        const stored = chunk.hour(id)
        if (stored !== null) copy(stored, this.entity(id, stored.atMs.length))
      }
    }
  }

  get entities(): ReadonlyMap<number, OpenEntity> {
    const { waiting } = this
    this.waiting = []
    for (const { atMs, row } of waiting) {
      reader.open(row)
      for (let place = 0; reader.next(); place++) {
        let entity = this.order[place]
        if (entity?.entityId !== reader.entityId) {
          entity = this.entity(reader.entityId, waiting.length)
          this.order[place] = entity
        }
        entity.add(atMs, reader)
      }
    }
    return this.spread
  }

  /** A row of the tail, sound (codec.ts). */
  add(atMs: number, row: Uint8Array): void {
    this.changes++
    this.waiting.push({ atMs, row })
  }

  private entity(entityId: number, ticks: number): OpenEntity {
    let entity = this.spread.get(entityId)
    if (entity === undefined) {
      entity = new OpenEntity(entityId, ticks)
      this.spread.set(entityId, entity)
    }
    return entity
  }
}

function copy(from: EntityHour, into: OpenEntity): void {
  const columns = from.codes().map((code) => ({ code, values: from.column(code) }))
  for (const atMs of from.atMs) {
    const at = into.placeFor(atMs)
    if (at === null) continue
    for (const { code, values } of columns) into.put(code, at, values?.[at] ?? NaN)
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

/**
 * A chunk: all samples of some entities of one server in one hour, column by column. Version 1.
 *
 *   chunk    = version (1 byte) times masks entities bodies crc32 (4 bytes, little endian, of all before it)
 *   times    = varint(n) { varint(ticks) varint(bytes) column }      when ticks were, in ms since the hour began
 *   masks    = varint(n) { varint(times) varint(bytes) column }      1 where a column has a value, else 0
 *   entities = varint(n) { varint(id - id before) varint(times) varint(bytes of body) }
 *   body     = varint(n) { varint(code - code before) varint(0 = everywhere, else 1 + mask) varint(bytes) } column*
 *
 * Entities of one lane share their times, columns of one lane share their mask. Columns: see column-codec.ts. A reader
 * finds one column of one entity without unpacking any other.
 */
import { crc32 } from 'node:zlib'
import { ByteReader, ByteWriter } from './bytes.ts'
import { packColumn, unpackColumn } from './column-codec.ts'

export const CHUNK_VERSION = 1
const CRC_BYTES = 4
/** More ticks than this within an hour (one each 50 ms) cannot be. */
const MAX_TICKS = 72_000

/** The samples of one entity in one hour. */
export interface HourColumns {
  /** UTC ms of each tick, ascending. */
  readonly atMs: Float64Array
  /** Scaled integers by metric code, NaN where there is no value; null for a metric without any value. */
  column(code: number): Float64Array | null
  /** Metric codes that have a column, ascending. */
  codes(): number[]
}

export interface EntityHour extends HourColumns {
  readonly entityId: number
}

function samePlaces(a: Float64Array, b: Float64Array): boolean {
  if (a.length !== b.length) return false
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false
  return true
}

/** Tables of arrays that many share: each is kept once. */
class Shared {
  readonly items: { readonly of: number; readonly values: Float64Array }[] = []

  indexOf(of: number, values: Float64Array): number {
    // The newest first: neighbours are alike.
    for (let index = this.items.length - 1; index >= 0; index--) {
      const item = this.items[index]
      if (item !== undefined && item.of === of && samePlaces(item.values, values)) return index
    }
    return this.items.push({ of, values }) - 1
  }
}

/** null: every tick has a value. */
function maskOf(values: Float64Array): Float64Array | null {
  let at = 0
  while (at < values.length && !Number.isNaN(values[at])) at++
  if (at === values.length) return null
  const mask = new Float64Array(values.length).fill(1, 0, at)
  for (; at < values.length; at++) mask[at] = Number.isNaN(values[at]) ? 0 : 1
  return mask
}

const columnOut = new ByteWriter(64 * 1024)

function appendColumn(values: Float64Array, out: ByteWriter): void {
  columnOut.length = 0
  packColumn(values, columnOut)
  out.reserve(8)
  out.varint(columnOut.length)
  out.append(columnOut.bytes.subarray(0, columnOut.length))
}

/** Puts entities of one hour into one chunk, one `add` each, in order of their ids. */
export class ChunkWriter {
  readonly hourMs: number
  private readonly times = new Shared()
  private readonly masks = new Shared()
  private readonly directory: { readonly id: number; readonly times: number; readonly bytes: number }[] = []
  private readonly bodies = new ByteWriter(128 * 1024)
  private readonly head = new ByteWriter(1024)
  private readonly columns = new ByteWriter(32 * 1024)
  samples = 0

  constructor(hourMs: number) {
    this.hourMs = hourMs
  }

  /** Bytes of the bodies so far. */
  get bytes(): number {
    return this.bodies.length
  }

  get firstEntity(): number {
    return this.directory[0]?.id ?? 0
  }

  get lastEntity(): number {
    return this.directory.at(-1)?.id ?? 0
  }

  add(entity: EntityHour): void {
    const times = this.times.indexOf(
      0,
      entity.atMs.map((at) => at - this.hourMs)
    )
    const { head, columns } = this
    head.length = 0
    columns.length = 0
    const codes = entity.codes()
    head.reserve(8 + codes.length * 24)
    head.varint(codes.length)
    let before = 0
    for (const code of codes) {
      const values = entity.column(code)
      if (values === null) continue
      const mask = maskOf(values)
      const present = mask === null ? values : values.filter((value) => !Number.isNaN(value))
      const start = columns.length
      packColumn(present, columns)
      head.varint(code - before)
      head.varint(mask === null ? 0 : 1 + this.masks.indexOf(times, mask))
      head.varint(columns.length - start)
      before = code
      this.samples += present.length
    }
    const start = this.bodies.length
    this.bodies.append(head.bytes.subarray(0, head.length))
    this.bodies.append(columns.bytes.subarray(0, columns.length))
    this.directory.push({ id: entity.entityId, times, bytes: this.bodies.length - start })
  }

  finish(): Uint8Array<ArrayBuffer> {
    const out = new ByteWriter(this.bodies.length + 4096)
    out.byte(CHUNK_VERSION)
    out.varint(this.times.items.length)
    for (const { values } of this.times.items) {
      out.reserve(16)
      out.varint(values.length)
      appendColumn(values, out)
    }
    out.reserve(16)
    out.varint(this.masks.items.length)
    for (const { of, values } of this.masks.items) {
      out.reserve(16)
      out.varint(of)
      appendColumn(values, out)
    }
    out.reserve(16 + this.directory.length * 24)
    out.varint(this.directory.length)
    let before = 0
    for (const { id, times, bytes } of this.directory) {
      out.varint(id - before)
      out.varint(times)
      out.varint(bytes)
      before = id
    }
    out.append(this.bodies.bytes.subarray(0, this.bodies.length))
    const crc = crc32(out.bytes.subarray(0, out.length))
    out.reserve(CRC_BYTES)
    for (let shift = 0; shift < 32; shift += 8) out.byte((crc >>> shift) & 0xff)
    return out.take()
  }
}

interface Place {
  readonly at: number
  readonly end: number
  /** Of a times table: its ticks. Of a mask: its times table. */
  readonly of: number
}

function readPlaces(reader: ByteReader): Place[] {
  const places: Place[] = []
  for (let left = reader.varint(); left > 0; left--) {
    const of = reader.varint()
    const bytes = reader.varint()
    places.push({ of, at: reader.at, end: reader.at + bytes })
    reader.at += bytes
    if (reader.at > reader.bytes.length) throw new RangeError('table beyond the chunk')
  }
  return places
}

/** An opened chunk. Its bytes were checked, so damage shows in `open` and nowhere later. */
export class Chunk {
  private readonly bytes: Uint8Array
  private readonly hourMs: number
  private readonly times: readonly Place[]
  private readonly masks: readonly Place[]
  private readonly bodies = new Map<number, { readonly times: number; readonly at: number }>()
  private readonly unpackedTimes = new Map<number, Float64Array>()

  /** null: damaged, or of a version that this console does not know. */
  static open(bytes: Uint8Array, hourMs: number): Chunk | null {
    const end = bytes.length - CRC_BYTES
    if (end < 1 || bytes[0] !== CHUNK_VERSION) return null
    const crc = new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(end, true)
    return crc32(bytes.subarray(0, end)) === crc ? new Chunk(bytes.subarray(0, end), hourMs) : null
  }

  private constructor(bytes: Uint8Array, hourMs: number) {
    this.bytes = bytes
    this.hourMs = hourMs
    const reader = new ByteReader(bytes, 1)
    this.times = readPlaces(reader)
    this.masks = readPlaces(reader)
    const entities: { id: number; times: number; bytes: number }[] = []
    let id = 0
    for (let left = reader.varint(); left > 0; left--) {
      id += reader.varint()
      entities.push({ id, times: reader.varint(), bytes: reader.varint() })
    }
    let { at } = reader
    for (const entity of entities) {
      this.bodies.set(entity.id, { times: entity.times, at })
      at += entity.bytes
    }
  }

  entityIds(): number[] {
    return [...this.bodies.keys()]
  }

  hour(entityId: number): EntityHour | null {
    const body = this.bodies.get(entityId)
    if (body === undefined) return null
    const atMs = this.timesAt(body.times)
    const columns = this.columnsOf(body.at)
    return {
      entityId,
      atMs,
      codes: () => [...columns.keys()],
      column: (code) => {
        const column = columns.get(code)
        return column === undefined ? null : this.unpack(column, atMs.length)
      }
    }
  }

  private timesAt(index: number): Float64Array {
    const known = this.unpackedTimes.get(index)
    if (known !== undefined) return known
    const place = this.times[index]
    if (place === undefined || place.of > MAX_TICKS) throw new RangeError('no such times')
    const atMs = new Float64Array(place.of)
    unpackColumn(new ByteReader(this.bytes, place.at), place.end, atMs)
    for (let at = 0; at < atMs.length; at++) atMs[at] = (atMs[at] ?? 0) + this.hourMs
    this.unpackedTimes.set(index, atMs)
    return atMs
  }

  private columnsOf(at: number): Map<number, Place> {
    const reader = new ByteReader(this.bytes, at)
    const heads: { code: number; mask: number; bytes: number }[] = []
    let code = 0
    for (let left = reader.varint(); left > 0; left--) {
      code += reader.varint()
      heads.push({ code, mask: reader.varint(), bytes: reader.varint() })
    }
    const columns = new Map<number, Place>()
    let start = reader.at
    for (const head of heads) {
      columns.set(head.code, { of: head.mask, at: start, end: start + head.bytes })
      start += head.bytes
    }
    return columns
  }

  private unpack(column: Place, ticks: number): Float64Array {
    const values = new Float64Array(ticks)
    if (column.of === 0) {
      unpackColumn(new ByteReader(this.bytes, column.at), column.end, values)
      return values
    }
    const place = this.masks[column.of - 1]
    if (place === undefined) throw new RangeError('no such mask')
    const mask = new Float64Array(ticks)
    unpackColumn(new ByteReader(this.bytes, place.at), place.end, mask)
    const present = new Float64Array(mask.reduce((sum, one) => sum + one, 0))
    unpackColumn(new ByteReader(this.bytes, column.at), column.end, present)
    let next = 0
    for (let at = 0; at < ticks; at++) values[at] = mask[at] === 1 ? (present[next++] ?? NaN) : NaN
    return values
  }
}

/**
 * How one tick of one server is packed into a row of the tail.
 *
 *   row   = version (1 byte) entity* crc32 (4 bytes, little endian, of all before it)
 *   entity = varint(zigzag(id - id of the entity before)) varint(bytes of body) body
 *   body  = for code 1, 2, …: varint(0 = no value, else 1 + zigzag(round(value × scale)))
 *
 * Trailing codes without a value are left out. A reader takes as many codes as the body holds, so rows of older and newer
 * catalogues are read alike. Varints are little-endian base 128. Integers are kept exactly up to ± 2^51; beyond: no value.
 */
import { crc32 } from 'node:zlib'
import { ENTITY_KINDS } from '#contract/metric-catalogue.ts'
import { type ByteWriter, unzigzag, zigzag } from './bytes.ts'
import { type CodedKind, codedKind } from './catalogue.ts'

export const ROW_VERSION = 1
const CRC_BYTES = 4
const LARGEST = 2 ** 51

/** Values of one entity by their codes. Used by one call at a time. */
const scaled = new Float64Array(1 + Math.max(...ENTITY_KINDS.map((kind) => codedKind(kind).maxCode)))
/** Up to here zigzag is bit arithmetic. */
const SMALL = 2 ** 29

/** Appends the body of one entity. Values that are not finite, or too large, are left out. */
export function packBody(
  kind: CodedKind,
  values: Readonly<Record<string, number | undefined>>,
  out: ByteWriter
): void {
  scaled.fill(NaN, 0, kind.maxCode + 1)
  kind.read(values, scaled)
  out.reserve((kind.maxCode + 1) * 8)
  let end = out.length
  for (let code = 1; code <= kind.maxCode; code++) {
    const value = Math.round(scaled[code] ?? NaN)
    if (value >= -LARGEST && value <= LARGEST) {
      const isSmall = value >= -SMALL && value < SMALL
      out.varint(1 + (isSmall ? (value << 1) ^ (value >> 31) : zigzag(value)))
      end = out.length
    } else {
      out.bytes[out.length++] = 0
    }
  }
  out.length = end
}

/** One row from entity ids and bodies. Bodies lie one after another in `bodies`. */
export function packRow(
  ids: readonly number[],
  lengths: ArrayLike<number>,
  bodies: Uint8Array,
  out: ByteWriter
): Uint8Array<ArrayBuffer> {
  out.length = 0
  out.reserve(1 + bodies.length + ids.length * 12 + CRC_BYTES)
  out.bytes[out.length++] = ROW_VERSION
  let before = 0
  let at = 0
  for (const [index, id] of ids.entries()) {
    const bytes = lengths[index] ?? 0
    if (id > 0) {
      out.varint(zigzag(id - before))
      out.varint(bytes)
      out.append(bodies.subarray(at, at + bytes))
      before = id
    }
    at += bytes
  }
  const crc = crc32(out.bytes.subarray(0, out.length))
  out.reserve(CRC_BYTES)
  for (let shift = 0; shift < 32; shift += 8) out.bytes[out.length++] = (crc >>> shift) & 0xff
  return out.take()
}

/** False for a row that was damaged on the disk, or is of a version that this console does not know. */
export function isSoundRow(row: Uint8Array): boolean {
  const end = row.length - CRC_BYTES
  if (end < 1 || row[0] !== ROW_VERSION) return false
  const crc = new DataView(row.buffer, row.byteOffset, row.length).getUint32(end, true)
  return crc32(row.subarray(0, end)) === crc
}

/** Walks the entities of a sound row, one `next()` each. Reused from row to row: it allocates nothing. */
export class RowReader {
  /** Of the entity that `next()` came to. */
  entityId = 0
  private row: Uint8Array = new Uint8Array(0)
  private at = 0
  private end = 0
  private bodyEnd = 0

  open(row: Uint8Array): void {
    this.row = row
    this.at = 1
    this.end = row.length - CRC_BYTES
    this.bodyEnd = 1
    this.entityId = 0
  }

  next(): boolean {
    this.at = this.bodyEnd
    if (this.at >= this.end) return false
    this.entityId += unzigzag(this.varint())
    const bytes = this.varint()
    this.bodyEnd = Math.min(this.end, this.at + bytes)
    return true
  }

  /** The present entity's body holds another metric code. */
  hasMore(): boolean {
    return this.at < this.bodyEnd
  }

  /** The scaled integer of the next code (they begin with 1), NaN where there is no value. */
  nextValue(): number {
    const value = this.varint()
    if (value === 0) return NaN
    const zigzagged = value - 1
    return zigzagged < 2 ** 31 ? (zigzagged >>> 1) ^ -(zigzagged & 1) : unzigzag(zigzagged)
  }

  private varint(): number {
    const row = this.row
    let byte = row[this.at++] ?? 0
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    let factor = 128
    do {
      byte = this.at < this.end ? (row[this.at++] ?? 0) : 0
      value += (byte & 0x7f) * factor
      factor *= 128
    } while (byte >= 0x80 && factor < 2 ** 63)
    return value
  }
}

/**
 * Bytes with varints: little-endian base 128, non-negative safe integers. Beyond 32 bits by parts: the remainder of a
 * division of doubles is several times as slow as all the rest here.
 */

const LOW_BITS = 28
const LOW = 2 ** LOW_BITS

export function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value
}

export function unzigzag(value: number): number {
  const half = Math.floor(value / 2)
  return half * 2 === value ? half : -half - 1
}

/** Bytes that grow as they are written. */
export class ByteWriter {
  bytes: Uint8Array<ArrayBuffer>
  length = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
  }

  /** Makes room for so many more bytes. */
  reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }

  /** Room must be reserved. */
  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  /** A non-negative safe integer. Room must be reserved: at most 8 bytes. */
  varint(value: number): void {
    let rest = value
    if (value > 0x7fff_ffff) {
      const high = Math.floor(value / LOW)
      const low = value - high * LOW
      for (let shift = 0; shift < LOW_BITS; shift += 7)
        this.bytes[this.length++] = ((low >>> shift) & 0x7f) | 0x80
      rest = high
    }
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  /** A copy of what was written. */
  take(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length)
  }
}

/** Walks over bytes. Beyond their end it reads zeros: what it reads was checked as a whole before. */
export class ByteReader {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  byte(): number {
    return this.bytes[this.at++] ?? 0
  }

  varint(): number {
    let byte = this.byte()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    let factor = 128
    do {
      byte = this.byte()
      value += (byte & 0x7f) * factor
      factor *= 128
    } while (byte >= 0x80 && factor < 2 ** 63)
    return value
  }
}

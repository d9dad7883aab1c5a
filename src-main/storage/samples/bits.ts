/**
 * Bits in and out, and Rice coding on top of them: the residuals of a prediction as a few bits each.
 *
 * A block of 32 residuals begins with 6 bits: 0 = all are zero, else 1 + k. A residual r is floor(r / 2^k) ones, a zero and
 * the k low bits of r. From 20 ones on: no zero, but 6 bits with the number of bits of r, and these.
 * Source: R. F. Rice, "Some practical universal noiseless coding techniques" (1979).
 */

const BLOCK = 32
const ESCAPE_ONES = 20
const LARGEST_K = 50
/** What `write` takes at once: up to 7 bits wait already, and a shift works on 32. */
const PIECE_BITS = 24
const PIECE = 2 ** PIECE_BITS

export class BitWriter {
  bytes: Uint8Array<ArrayBuffer>
  length = 0
  private waiting = 0
  private waitingBits = 0

  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity)
  }

  /** The lowest `bits` (at most 24) of a value below 2^bits. */
  write(value: number, bits: number): void {
    this.waiting = (this.waiting << bits) | value
    this.waitingBits += bits
    while (this.waitingBits >= 8) {
      this.waitingBits -= 8
      this.bytes[this.length++] = (this.waiting >>> this.waitingBits) & 0xff
    }
    this.waiting &= (1 << this.waitingBits) - 1
  }

  /** As `write`, for up to 53 bits. */
  writeLong(value: number, bits: number): void {
    if (bits > PIECE_BITS) {
      const high = Math.floor(value / PIECE)
      this.writeLong(high, bits - PIECE_BITS)
      this.write(value - high * PIECE, PIECE_BITS)
    } else this.write(value, bits)
  }

  /** Fills the last byte. */
  finish(): void {
    if (this.waitingBits > 0) this.write(0, 8 - this.waitingBits)
  }

  reserve(bytes: number): void {
    if (this.length + bytes <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + bytes))
    larger.set(this.bytes.subarray(0, this.length))
    this.bytes = larger
  }
}

/** Bits of a number below 2^53. */
function bitLength(value: number): number {
  return value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(value / 2 ** 32)
}

type Residuals = Int32Array | Float64Array

function bitsOfBlock(residuals: Residuals, from: number, to: number, k: number): number {
  const share = 2 ** -k
  let bits = (to - from) * (1 + k)
  for (let at = from; at < to; at++) {
    const ones = Math.floor((residuals[at] ?? 0) * share)
    bits += ones < ESCAPE_ONES ? ones : ESCAPE_ONES + 6 + 53 - k
  }
  return bits
}

/** -1 for a block of zeros. */
function bestK(residuals: Residuals, from: number, to: number): number {
  let sum = 0
  for (let at = from; at < to; at++) sum += residuals[at] ?? 0
  if (sum === 0) return -1
  const mean = sum / (to - from)
  const upper = Math.min(LARGEST_K, Math.max(0, Math.floor(Math.log2(mean + 1))))
  if (upper === 0) return 0
  const isLowerBetter = bitsOfBlock(residuals, from, to, upper - 1) < bitsOfBlock(residuals, from, to, upper)
  return isLowerBetter ? upper - 1 : upper
}

function writeEscaped(out: BitWriter, residual: number): void {
  out.write(2 ** ESCAPE_ONES - 1, ESCAPE_ONES)
  const bits = bitLength(residual)
  out.write(bits, 6)
  out.writeLong(residual, bits)
}

/** Residuals below 2^31 with a k of at most 24: nearly all, so without a double anywhere. */
function writeNarrow(out: BitWriter, residual: number, k: number): void {
  const ones = residual >>> k
  const bits = ones + 1 + k
  if (ones >= ESCAPE_ONES) writeEscaped(out, residual)
  else if (bits <= PIECE_BITS) out.write((((1 << (ones + 1)) - 2) << k) | (residual & ((1 << k) - 1)), bits)
  else {
    out.write((1 << (ones + 1)) - 2, ones + 1)
    out.write(residual & ((1 << k) - 1), k)
  }
}

function writeWide(out: BitWriter, residual: number, k: number): void {
  const divisor = 2 ** k
  const ones = Math.floor(residual / divisor)
  if (ones >= ESCAPE_ONES) writeEscaped(out, residual)
  else {
    out.write(2 ** (ones + 1) - 2, ones + 1)
    out.writeLong(residual - ones * divisor, k)
  }
}

/** Whole numbers from 0 to 2^31 - 1, or to 2^53 - 1 in doubles. */
export function writeResiduals(out: BitWriter, residuals: Residuals): void {
  // A residual takes at most 79 bits, a block 6 more.
  out.reserve(residuals.length * 10 + 16)
  const isNarrow = residuals instanceof Int32Array
  for (let from = 0; from < residuals.length; from += BLOCK) {
    const to = Math.min(residuals.length, from + BLOCK)
    const k = bestK(residuals, from, to)
    out.write(k + 1, 6)
    if (k < 0) continue
    if (isNarrow && k <= PIECE_BITS)
      for (let at = from; at < to; at++) writeNarrow(out, residuals[at] ?? 0, k)
    else for (let at = from; at < to; at++) writeWide(out, residuals[at] ?? 0, k)
  }
  out.finish()
}

class BitReader {
  private readonly bytes: Uint8Array
  private readonly view: DataView
  private readonly lastWord: number
  private at: number

  constructor(bytes: Uint8Array, fromByte: number) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
    this.lastWord = bytes.length - 4
    this.at = fromByte * 8
  }

  /** The next 32 bits, without taking them. */
  private window(): number {
    const { bytes, at } = this
    const byte = at >>> 3
    const shift = at & 7
    const head = byte <= this.lastWord ? this.view.getInt32(byte) : this.lastBytes(byte)
    return shift === 0 ? head : (head << shift) | ((bytes[byte + 4] ?? 0) >>> (8 - shift))
  }

  /** As many as there are, then zeros. */
  private lastBytes(byte: number): number {
    const { bytes } = this
    return ((bytes[byte] ?? 0) << 24) | ((bytes[byte + 1] ?? 0) << 16) | ((bytes[byte + 2] ?? 0) << 8)
  }

  /** At most 24 bits. */
  read(bits: number): number {
    if (bits === 0) return 0
    const value = this.window() >>> (32 - bits)
    this.at += bits
    return value
  }

  readLong(bits: number): number {
    if (bits <= PIECE_BITS) return this.read(bits)
    const high = this.readLong(bits - PIECE_BITS)
    return high * PIECE + this.read(PIECE_BITS)
  }

  rice(k: number): number {
    const window = this.window()
    const ones = Math.clz32(~window)
    if (ones >= ESCAPE_ONES) {
      this.at += ESCAPE_ONES
      return this.readLong(this.read(6))
    }
    const bits = ones + 1 + k
    if (bits <= 32 && k <= PIECE_BITS) {
      this.at += bits
      // Below 2^29: 19 ones at most, and 24 low bits.
      return k === 0 ? ones : (ones << k) + ((window << (ones + 1)) >>> (32 - k))
    }
    this.at += ones + 1
    return ones * 2 ** k + this.readLong(k)
  }
}

/** The reverse of `writeResiduals`; `residuals.length` tells how many. */
export function readResiduals(bytes: Uint8Array, fromByte: number, residuals: Residuals): void {
  const reader = new BitReader(bytes, fromByte)
  for (let from = 0; from < residuals.length; from += BLOCK) {
    const to = Math.min(residuals.length, from + BLOCK)
    const k = reader.read(6) - 1
    if (k < 0) residuals.fill(0, from, to)
    else for (let at = from; at < to; at++) residuals[at] = reader.rice(k)
  }
}

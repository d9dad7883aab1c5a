/** Little-endian fields of messages. Reading beyond the end throws a RangeError, as a DataView does. */

export class Reader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at: number

  constructor(bytes: Uint8Array, at = 0) {
    if (at > bytes.length) throw new RangeError('an offset beyond the message')
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#at = at
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  u8(): number {
    return this.#view.getUint8(this.#step(1))
  }
  u16(): number {
    return this.#view.getUint16(this.#step(2), true)
  }
  i16(): number {
    return this.#view.getInt16(this.#step(2), true)
  }
  u32(): number {
    return this.#view.getUint32(this.#step(4), true)
  }
  i32(): number {
    return this.#view.getInt32(this.#step(4), true)
  }
  u64(): bigint {
    return this.#view.getBigUint64(this.#step(8), true)
  }
  /** Big-endian: the head of an LZ picture. */
  u32be(): number {
    return this.#view.getUint32(this.#step(4))
  }

  /** A view, not a copy. */
  bytes(count: number): Uint8Array {
    if (count > this.left) throw new RangeError('a field beyond the message')
    const start = this.#step(count)
    return this.#bytes.subarray(start, start + count)
  }

  /** What a pointer of the message stands for: a reader from that offset; null for a null pointer. */
  pointer(): Reader | null {
    const offset = this.u32()
    return offset === 0 ? null : new Reader(this.#bytes, offset)
  }

  #step(count: number): number {
    const at = this.#at
    this.#at += count
    return at
  }
}

type Field = readonly ['u8' | 'u16' | 'u32' | 'i32' | 'u64', number | bigint]
const SIZES = { u8: 1, u16: 2, u32: 4, i32: 4, u64: 8 } as const

/** Fields one after the other. */
export function pack(...fields: readonly Field[]): Uint8Array {
  const bytes = new Uint8Array(fields.reduce((sum, [kind]) => sum + SIZES[kind], 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const [kind, value] of fields) {
    if (kind === 'u64') view.setBigUint64(at, BigInt(value), true)
    else if (kind === 'u8') view.setUint8(at, Number(value))
    else if (kind === 'u16') view.setUint16(at, Number(value), true)
    else view.setUint32(at, Number(value) >>> 0, true)
    at += SIZES[kind]
  }
  return bytes
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

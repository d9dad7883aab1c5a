/** A buffer that grows, for binary formats. The domain has neither Node's Buffer nor the web's TextEncoder. */
export class ByteWriter {
  #bytes: Uint8Array
  #view: DataView
  #length = 0

  constructor(capacity = 1_024) {
    this.#bytes = new Uint8Array(capacity)
    this.#view = new DataView(this.#bytes.buffer)
  }

  get length(): number {
    return this.#length
  }

  /** A view of what was written; valid until the next write. */
  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  byte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#length++] = value
  }

  /** Little end first, seven bits a byte. For whole numbers from 0 to 2^53. */
  varint(value: number): void {
    this.#reserve(8)
    let rest = value
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    this.#bytes[this.#length++] = rest
  }

  float64(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  bytes(value: Uint8Array): void {
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  /** Well-formed text as UTF-8, without its length. */
  utf8(text: string): void {
    this.#reserve(text.length * 3)
    for (const letter of text) {
      const code = letter.codePointAt(0) ?? 0
      if (code < 0x80) this.#bytes[this.#length++] = code
      else if (code < 0x800) this.#put(0xc0 | (code >> 6), code, 1)
      else if (code < 0x1_0000) this.#put(0xe0 | (code >> 12), code, 2)
      else this.#put(0xf0 | (code >> 18), code, 3)
    }
  }

  /** The first byte of a letter and the six-bit rests of its code. */
  #put(first: number, code: number, rests: number): void {
    this.#bytes[this.#length++] = first
    for (let rest = rests - 1; rest >= 0; rest--) {
      this.#bytes[this.#length++] = 0x80 | ((code >> (rest * 6)) & 0x3f)
    }
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.written())
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** Bytes that `varint` takes. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

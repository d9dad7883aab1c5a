/**
 * SPICE's LZ: a relative of FastLZ that works on pixels. A control byte below 32 begins a run of literals; any other is a
 * reference: three bits of length, thirteen or more of distance.
 */
import { bitmapPixels, FORMAT, type BitmapFormat } from './bitmaps.ts'
import { assertSize, flipped, from555, opaque, type Picture } from './picture.ts'
import { Reader } from './wire.ts'

/** "LZ  ", read as a big-endian number of bytes that the server writes as one. */
const MAGIC = 0x20205a4c
const LONG_LENGTH = 6
const FAR_HIGH = 31 << 8
const FAR_DISTANCE = 8_191

/** Types of an LZ picture. */
const TYPE = {
  plt1le: 1,
  plt1be: 2,
  plt4le: 3,
  plt4be: 4,
  plt8: 5,
  rgb16: 6,
  rgb24: 7,
  rgb32: 8,
  rgba: 9,
  xxxa: 10
}
const PALETTED = new Map<number, BitmapFormat>([
  [TYPE.plt1le, FORMAT.bit1le],
  [TYPE.plt1be, FORMAT.bit1be],
  [TYPE.plt4le, FORMAT.bit4le],
  [TYPE.plt4be, FORMAT.bit4be],
  [TYPE.plt8, FORMAT.bit8]
])

/**
 * Unpacks until the target is full.
 * @param literalBytes 1: a byte each; 2: a big-endian 16-bit pixel; 3: blue, green, red, made an opaque pixel
 * @returns where the source was left
 * @throws RangeError
 */
export function unpackLz(
  source: Uint8Array,
  from: number,
  target: Uint32Array,
  literalBytes: 1 | 2 | 3
): number {
  // The shortest reference that is worth its bytes has the length 0 in the stream.
  const bias = 4 - literalBytes
  const next = (): number => {
    const byte = source[at++]
    if (byte === undefined) throw new RangeError('the packed picture ends too early')
    return byte
  }
  let at = from
  let out = 0
  while (out < target.length) {
    const control = next()
    if (control < 32) {
      const end = out + control + 1
      if (end > target.length || at + (control + 1) * literalBytes > source.length)
        throw new RangeError('literals beyond the picture')
      while (out < end) {
        if (literalBytes === 1) target[out++] = next()
        else if (literalBytes === 2) target[out++] = (next() << 8) | next()
        else target[out++] = opaque((next() << 16) | (next() << 8) | next())
      }
      continue
    }
    let length = (control >> 5) - 1
    if (length === LONG_LENGTH) {
      let more = 255
      while (more === 255) length += more = next()
    }
    const high = (control & 31) << 8
    const low = next()
    let distance = high + low
    if (low === 255 && high === FAR_HIGH) distance = ((next() << 8) | next()) + FAR_DISTANCE
    const start = out - distance - 1
    const end = out + length + bias
    if (start < 0 || end > target.length) throw new RangeError('a reference beyond the picture')
    // One by one: a reference may reach into what it writes itself.
    for (let ref = start; out < end; ref++) target[out++] = target[ref] ?? 0
  }
  return at
}

/** The head of the packed bytes, and the picture after it. `palette` is for the paletted types. null: a type that is not read. */
export function lzPicture(
  bytes: Uint8Array,
  expected: { readonly width: number; readonly height: number },
  palette: Uint32Array | null
): Picture | null {
  const reader = new Reader(bytes)
  if (reader.u32be() !== MAGIC) throw new RangeError('not an LZ picture')
  reader.u32be()
  const type = reader.u32be()
  const width = reader.u32be()
  const height = reader.u32be()
  const stride = reader.u32be()
  const topDown = reader.u32be() !== 0
  if (width !== expected.width || height !== expected.height) throw new RangeError('another size')
  assertSize(width, height)
  const packed = reader.bytes(reader.left)
  const format = PALETTED.get(type)
  if (format !== undefined) {
    // A byte of slack at most: a larger stride would be memory without a picture.
    if (stride > width + 4) throw new RangeError('a stride beyond the picture')
    const unpacked = new Uint32Array(stride * height)
    unpackLz(packed, 0, unpacked, 1)
    return bitmapPixels({ format, width, height, stride, topDown, data: Uint8Array.from(unpacked), palette })
  }
  const pixels = new Uint32Array(width * height)
  let hasAlpha = false
  if (type === TYPE.rgb16) {
    unpackLz(packed, 0, pixels, 2)
    for (let at = 0; at < pixels.length; at++) pixels[at] = from555(pixels[at] ?? 0)
  } else if (type === TYPE.rgb24 || type === TYPE.rgb32) {
    unpackLz(packed, 0, pixels, 3)
  } else if (type === TYPE.rgba) {
    hasAlpha = true
    addAlpha(pixels, packed, unpackLz(packed, 0, pixels, 3))
  } else if (type === TYPE.xxxa) {
    hasAlpha = true
    addAlpha(pixels, packed, 0)
  } else {
    return null
  }
  return { width, height, pixels: topDown ? pixels : flipped(pixels, width, height), hasAlpha }
}

function addAlpha(pixels: Uint32Array, packed: Uint8Array, from: number): void {
  const alpha = new Uint32Array(pixels.length)
  unpackLz(packed, from, alpha, 1)
  for (let at = 0; at < pixels.length; at++)
    pixels[at] = (((pixels[at] ?? 0) & 0xffffff) | ((alpha[at] ?? 0) << 24)) >>> 0
}

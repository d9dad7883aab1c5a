/** Bitmaps as they lie in a guest's memory: 1, 4 and 8 bits with a palette, 16, 24 and 32 bits without. */
import { assertSize, flipped, from555, fromRgb, opaque, type Picture, type Size } from './picture.ts'

export const FORMAT = {
  bit1le: 1,
  bit1be: 2,
  bit4le: 3,
  bit4be: 4,
  bit8: 5,
  bit16: 6,
  bit24: 7,
  bit32: 8,
  rgba: 9,
  alpha8: 10
} as const
export type BitmapFormat = (typeof FORMAT)[keyof typeof FORMAT]

const BITS = new Map<number, number>([
  [FORMAT.bit1le, 1],
  [FORMAT.bit1be, 1],
  [FORMAT.bit4le, 4],
  [FORMAT.bit4be, 4],
  [FORMAT.bit8, 8],
  [FORMAT.bit16, 16],
  [FORMAT.bit24, 24],
  [FORMAT.bit32, 32],
  [FORMAT.rgba, 32],
  [FORMAT.alpha8, 8]
])
const WHITE = 0xffffffff

export interface Bitmap extends Size {
  readonly format: number
  /** Bytes from one row to the next. */
  readonly stride: number
  readonly topDown: boolean
  readonly data: Uint8Array
  /** Pixels by index; null: none was sent. */
  readonly palette: Uint32Array | null
}

/** @throws RangeError for a bitmap that does not hold what it says */
export function bitmapPixels(bitmap: Bitmap): Picture {
  const { format, width, height, stride, topDown, data } = bitmap
  assertSize(width, height)
  const bits = BITS.get(format)
  if (bits === undefined) throw new RangeError(`a bitmap of the format ${format}`)
  const rowBytes = Math.ceil((width * bits) / 8)
  if (stride < rowBytes || stride * (height - 1) + rowBytes > data.length)
    throw new RangeError('a bitmap that is shorter than it says')
  const pixels = new Uint32Array(width * height)
  const pixelAt = readerOf(bitmap)
  let out = 0
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels[out++] = pixelAt(y * stride, x)
  const hasAlpha = format === FORMAT.rgba || format === FORMAT.alpha8
  return { width, height, pixels: topDown ? pixels : flipped(pixels, width, height), hasAlpha }
}

/** Reads the pixel `x` of the row that begins at `row`. */
function readerOf({ format, data, palette }: Bitmap): (row: number, x: number) => number {
  const byte = (at: number): number => data[at] ?? 0
  const indexed = (index: number): number => palette?.[index] ?? opaque(0)
  // Without a palette one bit is a mask: set or not.
  const bit = (set: number): number => palette?.[set] ?? (set === 0 ? opaque(0) : WHITE)
  switch (format) {
    case FORMAT.bit1le:
      return (row, x) => bit((byte(row + (x >> 3)) >> (x & 7)) & 1)
    case FORMAT.bit1be:
      return (row, x) => bit((byte(row + (x >> 3)) >> (7 - (x & 7))) & 1)
    case FORMAT.bit4le:
      return (row, x) => indexed((byte(row + (x >> 1)) >> ((x & 1) * 4)) & 15)
    case FORMAT.bit4be:
      return (row, x) => indexed((byte(row + (x >> 1)) >> ((1 - (x & 1)) * 4)) & 15)
    case FORMAT.bit8:
      return (row, x) => indexed(byte(row + x))
    case FORMAT.bit16:
      return (row, x) => from555(byte(row + 2 * x) | (byte(row + 2 * x + 1) << 8))
    case FORMAT.alpha8:
      return (row, x) => (byte(row + x) << 24) >>> 0
    case FORMAT.rgba:
      return (row, x) => {
        const at = row + 4 * x
        return ((byte(at + 3) << 24) | (byte(at) << 16) | (byte(at + 1) << 8) | byte(at + 2)) >>> 0
      }
    default: {
      const bytes = format === FORMAT.bit24 ? 3 : 4
      return (row, x) => {
        const at = row + bytes * x
        return opaque((byte(at) << 16) | (byte(at + 1) << 8) | byte(at + 2))
      }
    }
  }
}

/** Entries as a message has them. */
export const paletteOf = (entries: readonly number[]): Uint32Array => Uint32Array.from(entries, fromRgb)

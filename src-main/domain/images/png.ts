/** Reads the PNGs that QEMU makes: 8 bits a colour, RGB or RGBA, not interlaced. */
import { MAX_PIXELS, type Rgb } from './ppm.ts'

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
const RGB = 2
const RGBA = 6

/** Unpacks zlib data to at most `maxBytes`; throws when there is more, or when it is broken. */
export type Inflate = (packed: Uint8Array, maxBytes: number) => Uint8Array

/** null: not such a picture, or broken. */
export function readPng(bytes: Uint8Array, inflate: Inflate): Rgb | null {
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) return null
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const packed: Uint8Array[] = []
  let header: { widthPx: number; heightPx: number; channels: number } | null = null
  for (let at = SIGNATURE.length; at + 12 <= bytes.length;) {
    const length = view.getUint32(at)
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8))
    const data = bytes.subarray(at + 8, at + 8 + length)
    if (data.length < length) return null
    if (kind === 'IHDR') header = headerOf(data)
    else if (kind === 'IDAT') packed.push(data)
    else if (kind === 'IEND') break
    at += 12 + length
  }
  if (header === null || packed.length === 0) return null
  return unfilter(header, unpacked(packed, header, inflate))
}

function headerOf(data: Uint8Array): { widthPx: number; heightPx: number; channels: number } | null {
  if (data.length < 13) return null
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const [widthPx, heightPx] = [view.getUint32(0), view.getUint32(4)]
  const colour = data[9]
  const plain = data[8] === 8 && data[12] === 0 && (colour === RGB || colour === RGBA)
  if (!plain || widthPx < 1 || heightPx < 1 || widthPx * heightPx > MAX_PIXELS) return null
  return { widthPx, heightPx, channels: colour === RGB ? 3 : 4 }
}

function unpacked(
  parts: readonly Uint8Array[],
  { widthPx, heightPx, channels }: { widthPx: number; heightPx: number; channels: number },
  inflate: Inflate
): Uint8Array | null {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  const expected = heightPx * (1 + widthPx * channels)
  try {
    const lines = inflate(whole, expected)
    return lines.length === expected ? lines : null
  } catch {
    // What a server sends may be broken in any way; that is all there is to say of it.
    return null
  }
}

function unfilter(
  { widthPx, heightPx, channels }: { widthPx: number; heightPx: number; channels: number },
  lines: Uint8Array | null
): Rgb | null {
  if (lines === null) return null
  const stride = widthPx * channels
  const rgb = new Uint8Array(widthPx * heightPx * 3)
  let before = new Uint8Array(stride)
  for (let y = 0; y < heightPx; y++) {
    const start = y * (stride + 1)
    const filter = lines[start] ?? 0
    const line = Uint8Array.from(lines.subarray(start + 1, start + 1 + stride))
    if (!restoreLine(filter, line, before, channels)) return null
    for (let x = 0; x < widthPx; x++) {
      rgb.set(line.subarray(x * channels, x * channels + 3), (y * widthPx + x) * 3)
    }
    before = line
  }
  return { widthPx, heightPx, rgb }
}

/** In place; false for a filter that is not known. */
function restoreLine(filter: number, line: Uint8Array, above: Uint8Array, channels: number): boolean {
  if (filter === 0) return true
  if (filter > 4) return false
  for (let i = 0; i < line.length; i++) {
    const left = i < channels ? 0 : (line[i - channels] ?? 0)
    const up = above[i] ?? 0
    const upLeft = i < channels ? 0 : (above[i - channels] ?? 0)
    const predicted =
      filter === 1 ? left : filter === 2 ? up : filter === 3 ? (left + up) >> 1 : paeth(left, up, upLeft)
    line[i] = (line[i] ?? 0) + predicted
  }
  return true
}

function paeth(left: number, up: number, upLeft: number): number {
  const estimate = left + up - upLeft
  const [a, b, c] = [Math.abs(estimate - left), Math.abs(estimate - up), Math.abs(estimate - upLeft)]
  if (a <= b && a <= c) return left
  return b <= c ? up : upLeft
}

/** Reads a binary PPM (P6, 8 bits a colour). */

export interface Rgb {
  readonly widthPx: number
  readonly heightPx: number
  /** Three bytes a pixel, row by row. */
  readonly rgb: Uint8Array
}

/** More than any screen has; a header may claim anything. */
export const MAX_PIXELS = 40_000_000

/** null: not such a picture, or cut off. */
export function readPpm(bytes: Uint8Array): Rgb | null {
  if (bytes[0] !== 0x50 || bytes[1] !== 0x36) return null
  const numbers: number[] = []
  let at = 2
  while (numbers.length < 3) {
    at = skipSpace(bytes, at)
    const end = endOfDigits(bytes, at)
    if (end === at || end - at > 6) return null
    numbers.push(Number(String.fromCharCode(...bytes.subarray(at, end))))
    at = end
  }
  const [widthPx = 0, heightPx = 0, max = 0] = numbers
  if (max !== 255 || widthPx < 1 || heightPx < 1 || widthPx * heightPx > MAX_PIXELS) return null
  // Exactly one white space stands before the pixels.
  const start = at + 1
  const rgb = bytes.subarray(start, start + widthPx * heightPx * 3)
  return rgb.length === widthPx * heightPx * 3 ? { widthPx, heightPx, rgb } : null
}

function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (byte === 0x23) {
      while (at < bytes.length && bytes[at] !== 0x0a) at++
    } else if (byte !== 0x20 && (byte < 0x09 || byte > 0x0d)) break
  }
  return at
}

function endOfDigits(bytes: Uint8Array, from: number): number {
  let at = from
  while (at < bytes.length && (bytes[at] ?? 0) >= 0x30 && (bytes[at] ?? 0) <= 0x39) at++
  return at
}

/** Pixels in memory. Each is a 32-bit number whose bytes are red, green, blue, alpha, as a canvas takes them. */

export interface Size {
  readonly width: number
  readonly height: number
}

export interface Picture extends Size {
  readonly pixels: Uint32Array<ArrayBuffer>
  /** Without it, every pixel is opaque. Colours are premultiplied. */
  readonly hasAlpha: boolean
}

/** No side is longer, whatever the area. */
export const MAX_SIDE_PX = 16_384
/** 8K. A surface of 16,384 squared would be 1 GB. */
export const MAX_PIXELS = 7_680 * 4_320

/** @throws RangeError for an empty or too large one */
export function assertSize(width: number, height: number): void {
  if (width < 1 || height < 1 || width > MAX_SIDE_PX || height > MAX_SIDE_PX || width * height > MAX_PIXELS)
    throw new RangeError(`a picture of ${width} × ${height}`)
}

/** 0xBBGGRR as an opaque pixel. */
export const opaque = (bgr: number): number => (bgr | 0xff000000) >>> 0
/** 0xRRGGBB, as palettes and brushes write it, as an opaque pixel. */
export const fromRgb = (rgb: number): number =>
  opaque(((rgb & 0xff) << 16) | (rgb & 0xff00) | ((rgb >>> 16) & 0xff))
/** Five bits a colour, red highest. */
export function from555(value: number): number {
  const wide = (five: number): number => (five << 3) | (five >> 2)
  return opaque((wide(value & 31) << 16) | (wide((value >> 5) & 31) << 8) | wide((value >> 10) & 31))
}

/** The last row first. */
export function flipped(pixels: Uint32Array, width: number, height: number): Uint32Array<ArrayBuffer> {
  const turned = new Uint32Array(pixels.length)
  for (let y = 0; y < height; y++)
    turned.set(pixels.subarray(y * width, (y + 1) * width), (height - 1 - y) * width)
  return turned
}

/** Pictures inside of messages, with the two caches that the server keeps account of: pictures and palettes. */
import { bitmapPixels, paletteOf } from './bitmaps.ts'
import { decodeSized, type DecodeJpeg } from './jpeg.ts'
import { lzPicture } from './lz.ts'
import { assertSize, type Picture } from './picture.ts'
import type { Reader } from './wire.ts'

const IMAGE = {
  bitmap: 0,
  lzPalette: 100,
  lzRgb: 101,
  fromCache: 103,
  surface: 104,
  jpeg: 105,
  fromCacheLossless: 106,
  jpegAlpha: 108
} as const
const CACHE_ME = 1 << 0
const CACHE_REPLACE_ME = 1 << 2
const BITMAP_FLAG = { paletteCacheMe: 1 << 0, paletteFromCache: 1 << 1, topDown: 1 << 2 } as const

/** What the server is told that we keep: pixels of cached pictures. 16 MiB. */
export const CACHE_PIXELS = 4 * 1024 * 1024
const MAX_CACHED_PALETTES = 256
const MAX_PALETTE_ENTRIES = 256

export interface ImagesOptions {
  readonly surface: (id: number) => Picture | null
  readonly decodeJpeg: DecodeJpeg
}

export class Images {
  readonly #options: ImagesOptions
  readonly #pictures = new Map<bigint, Picture>()
  readonly #palettes = new Map<bigint, Uint32Array>()
  #cachedPixels = 0

  constructor(options: ImagesOptions) {
    this.#options = options
  }

  /**
   * The picture at the reader; null for one of a kind that is not read.
   * @throws RangeError for one that is not what it says
   */
  async read(reader: Reader): Promise<Picture | null> {
    const id = reader.u64()
    const type = reader.u8()
    const flags = reader.u8()
    const width = reader.u32()
    const height = reader.u32()
    if (type === IMAGE.fromCache || type === IMAGE.fromCacheLossless) return this.#pictures.get(id) ?? null
    if (type === IMAGE.surface) return this.#options.surface(reader.u32())
    assertSize(width, height)
    const picture = await this.#decode(reader, type, { width, height })
    if (picture !== null && (flags & (CACHE_ME | CACHE_REPLACE_ME)) !== 0) this.#keep(id, picture)
    return picture
  }

  forget(id: bigint): void {
    this.#cachedPixels -= this.#pictures.get(id)?.pixels.length ?? 0
    this.#pictures.delete(id)
  }

  forgetAll(): void {
    this.#pictures.clear()
    this.#cachedPixels = 0
  }

  forgetPalette(id: bigint): void {
    this.#palettes.delete(id)
  }

  forgetPalettes(): void {
    this.#palettes.clear()
  }

  async #decode(
    reader: Reader,
    type: number,
    size: { width: number; height: number }
  ): Promise<Picture | null> {
    switch (type) {
      case IMAGE.bitmap:
        return this.#bitmap(reader)
      case IMAGE.lzRgb:
        return lzPicture(reader.bytes(reader.u32()), size, null)
      case IMAGE.lzPalette: {
        const flags = reader.u8()
        const dataBytes = reader.u32()
        const palette = this.#palette(reader, flags)
        return lzPicture(reader.bytes(dataBytes), size, palette)
      }
      case IMAGE.jpeg:
        return decodeSized(this.#options.decodeJpeg, reader.bytes(reader.u32()), size)
      case IMAGE.jpegAlpha: {
        reader.u8()
        const jpegBytes = reader.u32()
        const allBytes = reader.u32()
        const jpeg = reader.bytes(jpegBytes)
        const alpha = lzPicture(reader.bytes(allBytes - jpegBytes), size, null)
        return withAlpha(await decodeSized(this.#options.decodeJpeg, jpeg, size), alpha)
      }
      default:
        return null
    }
  }

  #bitmap(reader: Reader): Picture {
    const format = reader.u8()
    const flags = reader.u8()
    const width = reader.u32()
    const height = reader.u32()
    const stride = reader.u32()
    const palette = this.#palette(reader, flags)
    const topDown = (flags & BITMAP_FLAG.topDown) !== 0
    const data = reader.bytes(Math.min(stride * height, reader.left))
    return bitmapPixels({ format, width, height, stride, topDown, data, palette })
  }

  #palette(reader: Reader, flags: number): Uint32Array | null {
    if ((flags & BITMAP_FLAG.paletteFromCache) !== 0) return this.#palettes.get(reader.u64()) ?? null
    const at = reader.pointer()
    if (at === null) return null
    const id = at.u64()
    const count = at.u16()
    if (count > MAX_PALETTE_ENTRIES) throw new RangeError('a palette that is too long')
    const palette = paletteOf(Array.from({ length: count }, () => at.u32()))
    if ((flags & BITMAP_FLAG.paletteCacheMe) !== 0) {
      dropOldest(this.#palettes, MAX_CACHED_PALETTES - 1)
      this.#palettes.set(id, palette)
    }
    return palette
  }

  /** The server says what is to go; one that never does so costs no more than twice what it was told. */
  #keep(id: bigint, picture: Picture): void {
    this.forget(id)
    if (picture.pixels.length > CACHE_PIXELS) return
    for (const oldest of this.#pictures.keys()) {
      if (this.#cachedPixels + picture.pixels.length <= 2 * CACHE_PIXELS) break
      this.forget(oldest)
    }
    this.#pictures.set(id, picture)
    this.#cachedPixels += picture.pixels.length
  }
}

function dropOldest(map: Map<bigint, unknown>, keep: number): void {
  for (const key of map.keys()) {
    if (map.size <= keep) return
    map.delete(key)
  }
}

function withAlpha(colours: Picture, alpha: Picture | null): Picture | null {
  if (alpha === null) return null
  const pixels = colours.pixels.slice()
  for (let at = 0; at < pixels.length; at++)
    pixels[at] = (((pixels[at] ?? 0) & 0xffffff) | ((alpha.pixels[at] ?? 0) & 0xff000000)) >>> 0
  return { ...colours, pixels, hasAlpha: true }
}

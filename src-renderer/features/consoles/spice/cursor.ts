/** The cursor channel: what the guest's pointer looks like, and where it is. */
import { bitmapPixels, FORMAT } from './bitmaps.ts'
import { CURSOR } from './numbers.ts'
import type { Picture } from './picture.ts'
import type { Point } from './raster.ts'
import { Reader } from './wire.ts'

export const MAX_CURSOR_MESSAGE_BYTES = 1024 * 1024
const MAX_CURSOR_PX = 256
/** The server's own account of our cache. */
const MAX_CACHED = 256
const MAX_CACHED_PIXELS = 1024 * 1024

const FLAG = { none: 1, cacheMe: 2, fromCache: 4 } as const
const TYPE = { alpha: 0, mono: 1, colour24: 5, colour32: 6 } as const
const BLACK = 0xff000000
const WHITE = 0xffffffff

export interface CursorShape {
  readonly picture: Picture
  /** The pixel that points. */
  readonly hot: Point
}

export interface CursorEvents {
  /** 'hidden': the guest shows none. 'unknown': of a kind that is not read; the window's own is shown. */
  shape(shape: CursorShape | 'hidden' | 'unknown'): void
  moved(to: Point): void
}

export class Cursor {
  readonly #events: CursorEvents
  readonly #shapes = new Map<bigint, CursorShape>()
  #cachedPixels = 0
  #shape: CursorShape | 'hidden' | 'unknown' = 'unknown'

  constructor(events: CursorEvents) {
    this.#events = events
  }

  /** @throws RangeError for what cannot be read */
  handle(type: number, body: Uint8Array): void {
    const reader = new Reader(body)
    switch (type) {
      case CURSOR.init: {
        this.#forgetAll()
        const at = readPoint(reader)
        reader.u32()
        this.#set(reader, at)
        return
      }
      case CURSOR.set:
        this.#set(reader, readPoint(reader))
        return
      case CURSOR.move:
        this.#events.moved(readPoint(reader))
        this.#events.shape(this.#shape)
        return
      case CURSOR.hide:
        this.#events.shape('hidden')
        return
      case CURSOR.reset:
        this.#forgetAll()
        this.#show('unknown')
        return
      case CURSOR.invalOne:
        this.#forget(reader.u64())
        return
      case CURSOR.invalAll:
        this.#forgetAll()
        return
    }
  }

  #set(reader: Reader, at: Point): void {
    const visible = reader.u8() !== 0
    const flags = reader.u16()
    this.#events.moved(at)
    if ((flags & FLAG.none) !== 0) {
      this.#show('hidden')
      return
    }
    const shape = this.#read(reader, flags)
    this.#show(visible ? shape : 'hidden')
    // A later move shows it again.
    if (!visible) this.#shape = shape
  }

  #show(shape: CursorShape | 'hidden' | 'unknown'): void {
    this.#shape = shape
    this.#events.shape(shape)
  }

  #read(reader: Reader, flags: number): CursorShape | 'unknown' {
    const id = reader.u64()
    const type = reader.u8()
    const width = reader.u16()
    const height = reader.u16()
    const hot = { x: reader.u16(), y: reader.u16() }
    if ((flags & FLAG.fromCache) !== 0) return this.#shapes.get(id) ?? 'unknown'
    if (width < 1 || height < 1 || width > MAX_CURSOR_PX || height > MAX_CURSOR_PX)
      throw new RangeError('a cursor that is too large')
    const picture = pictureOf(type, { width, height, data: reader.bytes(reader.left) })
    if (picture === null) return 'unknown'
    const shape = { picture, hot: { x: Math.min(hot.x, width - 1), y: Math.min(hot.y, height - 1) } }
    if ((flags & FLAG.cacheMe) !== 0) this.#keep(id, shape)
    return shape
  }

  #keep(id: bigint, shape: CursorShape): void {
    this.#forget(id)
    const pixels = shape.picture.pixels.length
    for (const oldest of this.#shapes.keys()) {
      if (this.#shapes.size < MAX_CACHED && this.#cachedPixels + pixels <= MAX_CACHED_PIXELS) break
      this.#forget(oldest)
    }
    this.#shapes.set(id, shape)
    this.#cachedPixels += pixels
  }

  #forget(id: bigint): void {
    this.#cachedPixels -= this.#shapes.get(id)?.picture.pixels.length ?? 0
    this.#shapes.delete(id)
  }

  #forgetAll(): void {
    this.#shapes.clear()
    this.#cachedPixels = 0
  }
}

interface Bytes {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

function pictureOf(type: number, bytes: Bytes): Picture | null {
  const { width, height, data } = bytes
  const rows = { width, height, topDown: true, palette: null }
  const maskStride = Math.ceil(width / 8)
  switch (type) {
    case TYPE.alpha:
      return bitmapPixels({ ...rows, format: FORMAT.rgba, stride: width * 4, data })
    case TYPE.mono: {
      const bits = { ...rows, format: FORMAT.bit1be, stride: maskStride }
      const inverting = bitmapPixels({ ...bits, data: data.subarray(maskStride * height) })
      return cut(bitmapPixels({ ...bits, data }), inverting)
    }
    case TYPE.colour24:
    case TYPE.colour32: {
      const pixelBytes = type === TYPE.colour24 ? 3 : 4
      const format = type === TYPE.colour24 ? FORMAT.bit24 : FORMAT.bit32
      const colours = bitmapPixels({ ...rows, format, stride: width * pixelBytes, data })
      const after = data.subarray(width * height * pixelBytes)
      const mask = bitmapPixels({ ...rows, format: FORMAT.bit1be, stride: maskStride, data: after })
      return cut(mask, colours)
    }
    default:
      return null
  }
}

/** Where the mask is set the screen shows through; white there would invert it, which is drawn black: it is seen on most. */
function cut(mask: Picture, colours: Picture): Picture {
  const pixels = colours.pixels.map((color, at) => {
    if (mask.pixels[at] !== WHITE) return color
    return color === WHITE ? BLACK : 0
  })
  return { ...colours, pixels, hasAlpha: true }
}

const readPoint = (reader: Reader): Point => ({ x: reader.i16(), y: reader.i16() })

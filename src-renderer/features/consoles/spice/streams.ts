/** Films on the display: parts of the screen that the server sends as JPEGs, one a frame. */
import { decodeSized, type DecodeJpeg } from './jpeg.ts'
import { DISPLAY } from './numbers.ts'
import { assertSize, flipped, type Picture, type Size } from './picture.ts'
import { boundsOf, copy, isEmpty, readClip, readRect, type Rect } from './raster.ts'
import type { Reader } from './wire.ts'

const MJPEG = 1
const TOP_DOWN = 1
const MAX_STREAMS = 64

interface Stream extends Size {
  readonly surfaceId: number
  readonly topDown: boolean
  readonly box: Rect
  clip: Rect[] | null
}

export interface Frame {
  readonly surfaceId: number
  readonly box: Rect
  drawOn(surface: Picture): void
}

export class Streams {
  readonly #streams = new Map<number, Stream>()
  readonly #decode: DecodeJpeg

  constructor(decode: DecodeJpeg) {
    this.#decode = decode
  }

  /** A frame that is to be drawn; 'unknown' for a film of a kind that was not asked for. */
  async handle(type: number, reader: Reader): Promise<Frame | 'unknown' | null> {
    switch (type) {
      case DISPLAY.streamCreate:
        return this.#create(reader)
      case DISPLAY.streamClip: {
        const stream = this.#streams.get(reader.u32())
        if (stream !== undefined) stream.clip = readClip(reader)
        return null
      }
      case DISPLAY.streamDestroy:
        this.#streams.delete(reader.u32())
        return null
      case DISPLAY.streamDestroyAll:
        this.destroyAll()
        return null
      case DISPLAY.streamData:
      case DISPLAY.streamDataSized:
        return this.#frame(type, reader)
      default:
        return null
    }
  }

  destroyAll(): void {
    this.#streams.clear()
  }

  #create(reader: Reader): 'unknown' | null {
    const surfaceId = reader.u32()
    const id = reader.u32()
    const topDown = (reader.u8() & TOP_DOWN) !== 0
    const codec = reader.u8()
    reader.u64()
    const width = reader.u32()
    const height = reader.u32()
    reader.u32()
    reader.u32()
    const box = readRect(reader)
    const clip = readClip(reader)
    if (codec !== MJPEG) return 'unknown'
    assertSize(width, height)
    if (this.#streams.size >= MAX_STREAMS) throw new RangeError('too many films')
    this.#streams.set(id, { surfaceId, topDown, width, height, box, clip })
    return null
  }

  async #frame(type: number, reader: Reader): Promise<Frame | null> {
    const stream = this.#streams.get(reader.u32())
    reader.u32()
    let box = stream?.box ?? null
    let size: Size | null = stream ?? null
    if (type === DISPLAY.streamDataSized) {
      size = { width: reader.u32(), height: reader.u32() }
      box = readRect(reader)
    }
    if (stream === undefined || box === null || size === null || isEmpty(box)) return null
    assertSize(size.width, size.height)
    const decoded = await decodeSized(this.#decode, reader.bytes(reader.u32()), size)
    const picture = stream.topDown
      ? decoded
      : { ...decoded, pixels: flipped(decoded.pixels, decoded.width, decoded.height) }
    const place = { box, clip: stream.clip, mask: null }
    return {
      surfaceId: stream.surfaceId,
      box,
      drawOn: (surface) => copy(surface, place, 'put', { picture, area: boundsOf(picture) })
    }
  }
}

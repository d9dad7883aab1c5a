/** The display channel: surfaces, what is drawn into them, and films. */
import { CACHE_PIXELS, Images } from './images.ts'
import type { DecodeJpeg } from './jpeg.ts'
import { COMPRESSION, DISPLAY, DISPLAY_CAP, DISPLAYC } from './numbers.ts'
import { drawMessage, isDrawing } from './draw-messages.ts'
import { assertSize, MAX_PIXELS, type Picture } from './picture.ts'
import {
  boundsOf,
  intersection,
  isEmpty,
  move,
  readClip,
  readRect,
  union,
  type Place,
  type Rect
} from './raster.ts'
import type { Send } from './channel.ts'
import { Streams } from './streams.ts'
import { pack, Reader } from './wire.ts'

export const DISPLAY_CAPABILITIES =
  DISPLAY_CAP.sizedStream |
  DISPLAY_CAP.monitorsConfig |
  DISPLAY_CAP.preferredCompression |
  DISPLAY_CAP.multiCodec |
  DISPLAY_CAP.mjpeg

/** A whole screen of 8K in raw colours, with its head. */
export const MAX_DISPLAY_MESSAGE_BYTES = MAX_PIXELS * 4 + 64 * 1024
/** Of all surfaces together. */
const MAX_SURFACE_PIXELS = 2 * MAX_PIXELS
const MAX_SURFACES = 1_024
const MAX_HEADS = 64
const PRIMARY = 0
const FORMAT_555 = 16
const FORMAT_ARGB = 96

export interface Surface extends Picture {
  /** Colours of brushes are 16 bits wide. */
  readonly is555: boolean
}

export interface DisplayEvents {
  /** There is a screen, or another one, and which part of it is seen; null: there is none now. */
  shown(view: { readonly surface: Picture; readonly area: Rect } | null): void
  /** What of the screen has changed. */
  drawn(area: Rect): void
  /** Something was sent that cannot be drawn; how often so far. */
  undrawn(count: number): void
}

export class Display {
  readonly #events: DisplayEvents
  readonly #surfaces = new Map<number, Surface>()
  readonly #images: Images
  readonly #streams: Streams
  #heads: Rect | null = null
  #undrawn = 0

  constructor(events: DisplayEvents, decodeJpeg: DecodeJpeg) {
    this.#events = events
    this.#images = new Images({ surface: (id) => this.#surfaces.get(id) ?? null, decodeJpeg })
    this.#streams = new Streams(decodeJpeg)
  }

  /** What is said first. Pictures as LZ: what is not asked for may come as GLZ or QUIC, which are not read here. */
  begin(send: Send, serverCapabilities: number): void {
    if ((serverCapabilities & DISPLAY_CAP.preferredCompression) !== 0)
      send(DISPLAYC.preferredCompression, pack(['u8', COMPRESSION.lz]))
    // No window for GLZ's dictionary.
    send(DISPLAYC.init, pack(['u8', 1], ['u64', CACHE_PIXELS], ['u8', 0], ['u32', 0]))
  }

  /** @throws RangeError for what cannot be read */
  async handle(type: number, body: Uint8Array): Promise<void> {
    const reader = new Reader(body)
    if (isDrawing(type)) {
      await this.#draw(type, reader)
      return
    }
    switch (type) {
      case DISPLAY.surfaceCreate:
        this.#create(reader)
        return
      case DISPLAY.surfaceDestroy:
        this.#destroy(reader.u32())
        return
      case DISPLAY.reset:
        for (const id of [...this.#surfaces.keys()]) this.#destroy(id)
        this.#images.forgetAll()
        this.#images.forgetPalettes()
        this.#streams.destroyAll()
        return
      case DISPLAY.copyBits: {
        const { surface, id, place } = this.#place(reader)
        move(surface, place, { x: reader.i32(), y: reader.i32() })
        this.#changed(id, place.box)
        return
      }
      case DISPLAY.invalList:
        for (let count = reader.u16(); count > 0; count--) {
          reader.u8()
          this.#images.forget(reader.u64())
        }
        return
      case DISPLAY.invalAllPixmaps:
        this.#images.forgetAll()
        return
      case DISPLAY.invalPalette:
        this.#images.forgetPalette(reader.u64())
        return
      case DISPLAY.invalAllPalettes:
        this.#images.forgetPalettes()
        return
      case DISPLAY.monitorsConfig:
        this.#configure(reader)
        return
      case DISPLAY.glScanout:
      case DISPLAY.glDraw:
        this.#cannot()
        return
      default:
        await this.#stream(type, reader)
    }
  }

  async #draw(type: number, reader: Reader): Promise<void> {
    const { surface, id, place } = this.#place(reader)
    const done = await drawMessage(type, reader, { surface, place, images: this.#images })
    if (!done) this.#cannot()
    else this.#changed(id, place.box)
  }

  async #stream(type: number, reader: Reader): Promise<void> {
    const frame = await this.#streams.handle(type, reader)
    if (frame === 'unknown') this.#cannot()
    if (frame === null || frame === 'unknown') return
    const surface = this.#surfaces.get(frame.surfaceId)
    if (surface === undefined) return
    frame.drawOn(surface)
    this.#changed(frame.surfaceId, frame.box)
  }

  #place(reader: Reader): { surface: Surface; id: number; place: Place } {
    const id = reader.u32()
    const surface = this.#surfaces.get(id)
    if (surface === undefined) throw new RangeError('a surface that is not there')
    return { surface, id, place: { box: readRect(reader), clip: readClip(reader), mask: null } }
  }

  #create(reader: Reader): void {
    const id = reader.u32()
    const width = reader.u32()
    const height = reader.u32()
    const format = reader.u32()
    assertSize(width, height)
    let pixels = width * height
    for (const [other, surface] of this.#surfaces) if (other !== id) pixels += surface.pixels.length
    if (pixels > MAX_SURFACE_PIXELS || this.#surfaces.size >= MAX_SURFACES)
      throw new RangeError('more surfaces than are kept')
    // There is nothing behind the screen that could be seen through it.
    const hasAlpha = format === FORMAT_ARGB && id !== PRIMARY
    const surface: Surface = {
      width,
      height,
      pixels: new Uint32Array(width * height),
      hasAlpha,
      is555: format === FORMAT_555
    }
    if (!hasAlpha) surface.pixels.fill(0xff000000)
    this.#surfaces.set(id, surface)
    if (id === PRIMARY) this.#show()
  }

  #destroy(id: number): void {
    this.#surfaces.delete(id)
    if (id === PRIMARY) this.#show()
  }

  /** All heads together are what is seen: a screen may be larger than they are. */
  #configure(reader: Reader): void {
    const count = Math.min(reader.u16(), MAX_HEADS)
    reader.u16()
    let heads: Rect | null = null
    for (let index = 0; index < count; index++) {
      reader.u32()
      const surfaceId = reader.u32()
      const width = reader.u32()
      const height = reader.u32()
      const left = reader.u32()
      const top = reader.u32()
      reader.u32()
      if (surfaceId !== PRIMARY || width === 0 || height === 0) continue
      const head = { left, top, right: left + width, bottom: top + height }
      heads = heads === null ? head : union(heads, head)
    }
    this.#heads = heads
    this.#show()
  }

  #show(): void {
    const surface = this.#surfaces.get(PRIMARY)
    if (surface === undefined) {
      this.#events.shown(null)
      return
    }
    const whole = boundsOf(surface)
    const seen = this.#heads === null ? whole : intersection(this.#heads, whole)
    this.#events.shown({ surface, area: isEmpty(seen) ? whole : seen })
  }

  #changed(surfaceId: number, box: Rect): void {
    const surface = this.#surfaces.get(surfaceId)
    if (surfaceId !== PRIMARY || surface === undefined) return
    const area = intersection(box, boundsOf(surface))
    if (!isEmpty(area)) this.#events.drawn(area)
  }

  #cannot(): void {
    this.#events.undrawn(++this.#undrawn)
  }
}

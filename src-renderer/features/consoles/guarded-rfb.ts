/**
 * noVNC, with a limit on everything that a display's server may make it allocate or decode. A message beyond them throws,
 * and the console ends with an error; nothing of it is drawn.
 */
import RFB, { type RfbOptions } from '@novnc/novnc'

/** 8K. A screen of 65,535 squared would be 17 GB. */
const MAX_PIXELS = 7_680 * 4_320
const MAX_CURSOR_PX = 256
export const MAX_CLIPBOARD_BYTES = 256 * 1024
/** Type and padding of ServerCutText stand before its length. */
const CUT_TEXT_HEAD = 7

/** Pictures inside the stream would go through the browser's decoders of images and films: QEMU sends none unasked. */
const REFUSED_ENCODINGS = [21, 50, -260]
const TIGHT = 7
const CURSORS = new Set([-239, 0x574d5664])

export class GuardedRfb extends RFB {
  constructor(target: HTMLElement, channel: object, options: RfbOptions) {
    super(target, channel, options)
    for (const encoding of REFUSED_ENCODINGS) Reflect.deleteProperty(this._decoders, encoding)
    const tight = this._decoders[TIGHT]
    if (tight !== undefined) tight._jpegRect = () => refuse('a picture inside the stream')
  }

  get canvas(): HTMLCanvasElement {
    return this._canvas
  }

  get sizePx(): { readonly widthPx: number; readonly heightPx: number } {
    return { widthPx: this._fbWidth, heightPx: this._fbHeight }
  }

  protected override _resize(width: number, height: number): void {
    if (width * height > MAX_PIXELS) refuse('a screen that is too large')
    super._resize(width, height)
  }

  protected override _handleRect(): boolean {
    const { x, y, width, height, encoding } = this._FBU
    if (CURSORS.has(encoding)) {
      if (width > MAX_CURSOR_PX || height > MAX_CURSOR_PX) refuse('a cursor that is too large')
    } else if (encoding >= 0 && (x + width > this._fbWidth || y + height > this._fbHeight)) {
      refuse('a rectangle beyond the screen')
    }
    return super._handleRect()
  }

  protected override _handleServerCutText(): boolean {
    if (this._sock.rQlen() >= CUT_TEXT_HEAD) {
      const head = this._sock.rQpeekBytes(CUT_TEXT_HEAD)
      const length = new DataView(head.buffer, head.byteOffset).getInt32(3)
      if (Math.abs(length) > MAX_CLIPBOARD_BYTES) refuse('a clipboard that is too large')
    }
    return super._handleServerCutText()
  }
}

function refuse(what: string): never {
  throw new RangeError(`the display sent ${what}`)
}

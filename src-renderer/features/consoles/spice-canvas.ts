/** Draws a SPICE display's surface on a canvas of the page, and its pointer. */
import { CLOSE_TO_BLACK } from './display.ts'
import type { CursorShape } from './spice/cursor.ts'
import type { PointerMode } from './spice/main.ts'
import type { Picture } from './spice/picture.ts'
import { boundsOf, intersection, isEmpty, union, type Point, type Rect } from './spice/raster.ts'

/** Where the guest hides its pointer, or draws it itself, this tells where the workstation's is. */
const DOT = `url("data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"><rect width="5" height="5"/><rect x="1" y="1" width="3" height="3" fill="#fff"/></svg>'
)}") 2 2, crosshair`

type Shape = CursorShape | 'hidden' | 'unknown'

export class SpiceCanvas {
  readonly canvas = document.createElement('canvas')
  readonly #frame = document.createElement('div')
  readonly #pointer = document.createElement('canvas')
  readonly #context: CanvasRenderingContext2D
  readonly #resizes = new ResizeObserver(() => this.#scale())
  #image: ImageData | null = null
  #area: Rect = { left: 0, top: 0, right: 0, bottom: 0 }
  #dirty: Rect | null = null
  #nextFrame: number | null = null
  #fits = true
  #shape: Shape = 'unknown'
  #mode: PointerMode = 'absolute'
  #isHeld = false
  #pointerAt: Point = { x: 0, y: 0 }

  constructor(target: HTMLElement, label: string) {
    const context = this.canvas.getContext('2d', { alpha: false })
    if (context === null) throw new Error('the browser gives no canvas')
    this.#context = context
    Object.assign(this.#frame.style, {
      position: 'absolute',
      inset: '0',
      display: 'flex',
      overflow: 'auto',
      background: CLOSE_TO_BLACK
    })
    // By margins, not by alignment: what is larger than the frame can be scrolled to all its sides.
    Object.assign(this.canvas.style, { margin: 'auto', flex: 'none', outline: 'none' })
    Object.assign(this.#pointer.style, { position: 'absolute', pointerEvents: 'none', display: 'none' })
    this.canvas.tabIndex = 0
    this.canvas.setAttribute('role', 'application')
    this.canvas.setAttribute('aria-label', label)
    this.#frame.append(this.canvas, this.#pointer)
    target.append(this.#frame)
    this.#resizes.observe(this.#frame)
  }

  /** The size of what is seen. */
  get sizePx(): { widthPx: number; heightPx: number } {
    const { left, top, right, bottom } = this.#area
    return { widthPx: right - left, heightPx: bottom - top }
  }

  show(view: { readonly surface: Picture; readonly area: Rect } | null): void {
    if (view === null) {
      this.#image = null
      return
    }
    const { surface, area } = view
    this.#image = new ImageData(new Uint8ClampedArray(surface.pixels.buffer), surface.width, surface.height)
    this.#area = area
    const { widthPx, heightPx } = this.sizePx
    if (this.canvas.width !== widthPx || this.canvas.height !== heightPx) {
      this.canvas.width = widthPx
      this.canvas.height = heightPx
      this.#scale()
    }
    this.drawn(boundsOf(surface))
  }

  /** Drawn with the browser's next frame: never while the window is hidden. */
  drawn(area: Rect): void {
    this.#dirty = this.#dirty === null ? area : union(this.#dirty, area)
    this.#nextFrame ??= requestAnimationFrame(() => this.#paint())
  }

  setFits(fits: boolean): void {
    this.#fits = fits
    this.#scale()
  }

  setShape(shape: Shape): void {
    this.#shape = shape
    this.#showPointer()
  }

  setPointerMode(mode: PointerMode): void {
    this.#mode = mode
    this.#showPointer()
  }

  /** The workstation's pointer is held by the display. */
  setHeld(isHeld: boolean): void {
    this.#isHeld = isHeld
    this.#showPointer()
  }

  movePointer(to: Point): void {
    this.#pointerAt = to
    this.#placePointer()
  }

  /** Where on the guest's screen an event of the canvas is. */
  pointOf(event: { readonly offsetX: number; readonly offsetY: number }): Point {
    const { widthPx, heightPx } = this.sizePx
    const scale = this.#scaleNow()
    const within = (value: number, limit: number): number =>
      Math.max(0, Math.min(limit - 1, Math.floor(value / scale)))
    return {
      x: this.#area.left + within(event.offsetX, widthPx),
      y: this.#area.top + within(event.offsetY, heightPx)
    }
  }

  dispose(): void {
    if (this.#nextFrame !== null) cancelAnimationFrame(this.#nextFrame)
    this.#resizes.disconnect()
    this.#frame.remove()
  }

  #paint(): void {
    this.#nextFrame = null
    const dirty = this.#dirty
    this.#dirty = null
    if (dirty === null || this.#image === null) return
    const { left, top, right, bottom } = intersection(dirty, this.#area)
    if (isEmpty({ left, top, right, bottom })) return
    this.#context.putImageData(
      this.#image,
      -this.#area.left,
      -this.#area.top,
      left,
      top,
      right - left,
      bottom - top
    )
  }

  #scale(): void {
    const { clientWidth, clientHeight } = this.#frame
    const { widthPx, heightPx } = this.sizePx
    if (widthPx === 0 || clientWidth === 0 || clientHeight === 0) return
    this.#frame.style.overflow = this.#fits ? 'hidden' : 'auto'
    const scale = this.#fits ? Math.min(clientWidth / widthPx, clientHeight / heightPx) : 1
    this.canvas.style.width = `${Math.floor(widthPx * scale)}px`
    this.canvas.style.height = `${Math.floor(heightPx * scale)}px`
    this.#placePointer()
  }

  #scaleNow(): number {
    return (this.canvas.clientWidth || 1) / (this.canvas.width || 1)
  }

  #showPointer(): void {
    const shape = this.#shape
    const isOverlay = this.#mode === 'relative' && this.#isHeld && typeof shape === 'object'
    this.#pointer.style.display = isOverlay ? 'block' : 'none'
    this.canvas.style.cursor = this.#mode === 'absolute' ? cursorOf(shape) : 'default'
    if (!isOverlay) return
    drawOn(this.#pointer, shape.picture)
    this.#placePointer()
  }

  #placePointer(): void {
    if (typeof this.#shape !== 'object') return
    const scale = this.#scaleNow()
    const { hot, picture } = this.#shape
    const { style } = this.#pointer
    style.left = `${this.canvas.offsetLeft + (this.#pointerAt.x - hot.x - this.#area.left) * scale}px`
    style.top = `${this.canvas.offsetTop + (this.#pointerAt.y - hot.y - this.#area.top) * scale}px`
    style.width = `${picture.width * scale}px`
  }
}

function cursorOf(shape: Shape): string {
  if (shape === 'unknown') return 'default'
  if (shape === 'hidden') return DOT
  const canvas = document.createElement('canvas')
  drawOn(canvas, shape.picture)
  return `url("${canvas.toDataURL('image/png')}") ${shape.hot.x} ${shape.hot.y}, default`
}

/** Colours are premultiplied; a canvas takes them straight. */
function drawOn(canvas: HTMLCanvasElement, { width, height, pixels }: Picture): void {
  canvas.width = width
  canvas.height = height
  const straight = new Uint8ClampedArray(pixels.slice().buffer)
  for (let at = 0; at < straight.length; at += 4) {
    const alpha = straight[at + 3] ?? 0
    if (alpha === 0) continue
    for (let colour = at; colour < at + 3; colour++)
      straight[colour] = ((straight[colour] ?? 0) * 255) / alpha
  }
  canvas.getContext('2d')?.putImageData(new ImageData(straight, width, height), 0, 0)
}

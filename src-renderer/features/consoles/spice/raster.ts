/** Drawing into a surface: fills, copies, raster operations, clips and masks. Everything is cut to the surface. */
import type { Operation } from './operations.ts'
import type { Picture } from './picture.ts'
import type { Reader } from './wire.ts'

export interface Rect {
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

export interface Point {
  readonly x: number
  readonly y: number
}

/** One bit per pixel of the box: where it is drawn. */
export interface Mask {
  readonly picture: Picture
  readonly at: Point
  readonly inverted: boolean
}

/** What every drawing message begins with, and its mask. */
export interface Place {
  readonly box: Rect
  /** null: the whole box. */
  readonly clip: readonly Rect[] | null
  readonly mask: Mask | null
}

/** A picture that is drawn, and which part of it. */
export interface Source {
  readonly picture: Picture
  readonly area: Rect
}

const OPAQUE = 0xff000000

export const isEmpty = (rect: Rect): boolean => rect.right <= rect.left || rect.bottom <= rect.top

export function intersection(a: Rect, b: Rect): Rect {
  return {
    left: Math.max(a.left, b.left),
    top: Math.max(a.top, b.top),
    right: Math.min(a.right, b.right),
    bottom: Math.min(a.bottom, b.bottom)
  }
}

export const union = (a: Rect, b: Rect): Rect => ({
  left: Math.min(a.left, b.left),
  top: Math.min(a.top, b.top),
  right: Math.max(a.right, b.right),
  bottom: Math.max(a.bottom, b.bottom)
})

export const boundsOf = ({ width, height }: { width: number; height: number }): Rect => ({
  left: 0,
  top: 0,
  right: width,
  bottom: height
})

const areaOf = (rect: Rect): number =>
  isEmpty(rect) ? 0 : (rect.right - rect.left) * (rect.bottom - rect.top)

export function readRect(reader: Reader): Rect {
  const top = reader.i32()
  const left = reader.i32()
  return { top, left, bottom: reader.i32(), right: reader.i32() }
}

const CLIP_RECTS = 1
const MAX_CLIPS = 100_000

/** null: everything. */
export function readClip(reader: Reader): Rect[] | null {
  if (reader.u8() !== CLIP_RECTS) return null
  const count = reader.u32()
  if (count > MAX_CLIPS) throw new RangeError('too many clips')
  return Array.from({ length: count }, () => readRect(reader))
}

/** Calls for each row of pixels that may be drawn. @throws RangeError for clips that cover more than the box */
function forEachRow(
  surface: Picture,
  { box, clip }: Place,
  draw: (y: number, from: number, to: number) => void
): void {
  const whole = intersection(box, boundsOf(surface))
  let left = areaOf(whole)
  for (const rect of clip ?? [whole]) {
    const part = intersection(rect, whole)
    if (isEmpty(part)) continue
    // Clips do not overlap: thousands that do would draw the same pixels for minutes.
    left -= areaOf(part)
    if (left < 0) throw new RangeError('clips that overlap')
    for (let y = part.top; y < part.bottom; y++) draw(y, part.left, part.right)
  }
}

/** @returns whether the pixel is drawn */
function shows({ picture, at, inverted }: Mask, x: number, y: number): boolean {
  const column = at.x + x
  const row = at.y + y
  if (column < 0 || row < 0 || column >= picture.width || row >= picture.height) return false
  const set = ((picture.pixels[row * picture.width + column] ?? 0) & 0xffffff) !== 0
  return set !== inverted
}

/** `pixel` of x and y in the box. */
function plot(
  surface: Picture,
  place: Place,
  operation: Operation,
  pixel: (x: number, y: number, target: number) => number
): void {
  const { pixels, width } = surface
  const { box, mask } = place
  const always = surface.hasAlpha ? 0 : OPAQUE
  forEachRow(surface, place, (y, from, to) => {
    for (let x = from; x < to; x++) {
      if (mask !== null && !shows(mask, x - box.left, y - box.top)) continue
      const at = y * width + x
      const target = pixels[at] ?? 0
      const drawn = pixel(x - box.left, y - box.top, target)
      pixels[at] = ((operation === 'put' ? drawn : operation(drawn, target)) | always) >>> 0
    }
  })
}

export function fill(surface: Picture, place: Place, operation: Operation, color: number): void {
  if (operation !== 'put' || place.mask !== null) {
    plot(surface, place, operation, () => color)
    return
  }
  forEachRow(surface, place, (y, from, to) =>
    surface.pixels.fill(color, y * surface.width + from, y * surface.width + to)
  )
}

/** Draws a pattern again and again, beginning at `at`. */
export function tile(
  surface: Picture,
  place: Place,
  operation: Operation,
  { picture, at }: { readonly picture: Picture; readonly at: Point }
): void {
  const { width, height, pixels } = picture
  const within = (value: number, size: number): number => ((value % size) + size) % size
  const { left, top } = place.box
  plot(surface, place, operation, (x, y) => {
    const column = within(left + x - at.x, width)
    return pixels[within(top + y - at.y, height) * width + column] ?? 0
  })
}

/** @throws RangeError for an area beyond the picture */
export function copy(surface: Picture, place: Place, operation: Operation, source: Source): void {
  const { picture, area } = source
  const { box } = place
  assertInside(source)
  const scaled =
    area.right - area.left !== box.right - box.left || area.bottom - area.top !== box.bottom - box.top
  if (operation !== 'put' || scaled || place.mask !== null || (picture.hasAlpha && !surface.hasAlpha)) {
    const pick = pickerOf(source, box)
    plot(surface, place, operation, pick)
    return
  }
  const shift = area.left - box.left
  forEachRow(surface, place, (y, from, to) => {
    const row = (y - box.top + area.top) * picture.width
    surface.pixels.set(
      picture.pixels.subarray(row + from + shift, row + to + shift),
      y * surface.width + from
    )
  })
}

/** The nearest pixel of the area for each of the box. */
function pickerOf({ picture, area }: Source, box: Rect): (x: number, y: number) => number {
  const across = (area.right - area.left) / (box.right - box.left)
  const down = (area.bottom - area.top) / (box.bottom - box.top)
  return (x, y) => {
    const row = area.top + Math.floor(y * down)
    return picture.pixels[row * picture.width + area.left + Math.floor(x * across)] ?? 0
  }
}

function assertInside({ picture, area }: Source): void {
  if (
    isEmpty(area) ||
    area.left < 0 ||
    area.top < 0 ||
    area.right > picture.width ||
    area.bottom > picture.height
  )
    throw new RangeError('an area beyond its picture')
}

/** Copies but for the pixels of one colour. */
export function copyExcept(surface: Picture, place: Place, source: Source, color: number): void {
  assertInside(source)
  const pick = pickerOf(source, place.box)
  plot(surface, place, 'put', (x, y, target) => {
    const drawn = pick(x, y)
    return (drawn & 0xffffff) === (color & 0xffffff) ? target : drawn
  })
}

/** Lays a picture with premultiplied colours over what is there. `alpha`: 0..255, of the whole. */
export function blend(surface: Picture, place: Place, source: Source, alpha: number): void {
  assertInside(source)
  const pick = pickerOf(source, place.box)
  plot(surface, place, 'put', (x, y, target) => over(pick(x, y), target, alpha))
}

function over(source: number, target: number, alpha: number): number {
  const rest = 255 - Math.round(((source >>> 24) * alpha) / 255)
  let result = 0
  for (let shift = 0; shift < 32; shift += 8) {
    const drawn = (((source >>> shift) & 255) * alpha) / 255
    const kept = (((target >>> shift) & 255) * rest) / 255
    result |= Math.min(255, Math.round(drawn + kept)) << shift
  }
  return result >>> 0
}

/** What a surface's part was moves to the box; both may overlap. */
export function move(surface: Picture, place: Place, from: Point): void {
  const width = place.box.right - place.box.left
  const height = place.box.bottom - place.box.top
  const area = { left: from.x, top: from.y, right: from.x + width, bottom: from.y + height }
  const source = intersection(area, boundsOf(surface))
  if (isEmpty(source)) return
  const pixels = partOf(surface, source)
  const picture = { ...pixels, hasAlpha: surface.hasAlpha }
  const left = place.box.left + source.left - area.left
  const top = place.box.top + source.top - area.top
  const box = { left, top, right: left + picture.width, bottom: top + picture.height }
  copy(surface, { ...place, box }, 'put', { picture, area: boundsOf(picture) })
}

/** A copy of an area inside of the picture. */
export function partOf(
  picture: Picture,
  area: Rect
): { width: number; height: number; pixels: Uint32Array<ArrayBuffer> } {
  const width = area.right - area.left
  const height = area.bottom - area.top
  const pixels = new Uint32Array(width * height)
  for (let y = 0; y < height; y++) {
    const row = (area.top + y) * picture.width
    pixels.set(picture.pixels.subarray(row + area.left, row + area.right), y * width)
  }
  return { width, height, pixels }
}

/** What each drawing message asks for, after the surface, box and clip that they all begin with. */
import type { Images } from './images.ts'
import { DISPLAY } from './numbers.ts'
import { operationOf, type Operation } from './operations.ts'
import { from555, fromRgb, type Picture } from './picture.ts'
import * as raster from './raster.ts'
import { readRect, type Mask, type Place, type Source } from './raster.ts'
import type { Reader } from './wire.ts'

export interface Canvas {
  readonly surface: Picture & { readonly is555: boolean }
  readonly place: Place
  readonly images: Images
}

const BRUSH = { none: 0, solid: 1, pattern: 2 } as const
const MASK_INVERTED = 1

export const isDrawing = (type: number): boolean =>
  (type >= DISPLAY.drawFill && type <= DISPLAY.drawAlphaBlend) || type === DISPLAY.drawComposite

/** Resolves with false for what is not drawn here: strokes, texts, ternary operations, pictures of unread kinds. */
export async function drawMessage(type: number, reader: Reader, canvas: Canvas): Promise<boolean> {
  switch (type) {
    case DISPLAY.drawFill:
      return drawFill(reader, canvas)
    case DISPLAY.drawOpaque:
      return drawOpaque(reader, canvas)
    case DISPLAY.drawCopy:
    case DISPLAY.drawBlend:
      return drawCopy(reader, canvas)
    case DISPLAY.drawBlackness:
      return drawPlain(reader, canvas, 'put', fromRgb(0))
    case DISPLAY.drawWhiteness:
      return drawPlain(reader, canvas, 'put', fromRgb(0xffffff))
    case DISPLAY.drawInvers:
      return drawPlain(reader, canvas, (_drawn, target) => target ^ 0xffffff, 0)
    case DISPLAY.drawTransparent:
      return drawTransparent(reader, canvas)
    case DISPLAY.drawAlphaBlend:
      return drawAlphaBlend(reader, canvas)
    default:
      return false
  }
}

async function drawFill(reader: Reader, canvas: Canvas): Promise<boolean> {
  const brush = await readBrush(reader, canvas)
  const operation = operationOf(reader.u16(), 'brush')
  const place = await withMask(reader, canvas)
  return brush !== null && place !== null && applyBrush(canvas.surface, place, operation, brush)
}

async function drawPlain(
  reader: Reader,
  canvas: Canvas,
  operation: Operation,
  color: number
): Promise<boolean> {
  const place = await withMask(reader, canvas)
  if (place === null) return false
  raster.fill(canvas.surface, place, operation, color)
  return true
}

async function drawCopy(reader: Reader, canvas: Canvas): Promise<boolean> {
  const source = await readSource(reader, canvas)
  const operation = operationOf(reader.u16(), 'source')
  reader.u8()
  const place = await withMask(reader, canvas)
  if (source === null || place === null) return false
  raster.copy(canvas.surface, place, operation, source)
  return true
}

/** A picture with a brush over it, put where it belongs. */
async function drawOpaque(reader: Reader, canvas: Canvas): Promise<boolean> {
  const source = await readSource(reader, canvas)
  const brush = await readBrush(reader, canvas)
  const operation = operationOf(reader.u16(), 'brush', 'source')
  reader.u8()
  const place = await withMask(reader, canvas)
  if (source === null || place === null || brush === null) return false
  raster.copy(canvas.surface, place, 'put', source)
  return applyBrush(canvas.surface, place, operation, brush)
}

async function drawTransparent(reader: Reader, canvas: Canvas): Promise<boolean> {
  const source = await readSource(reader, canvas)
  reader.u32()
  const color = fromRgb(reader.u32())
  if (source === null) return false
  raster.copyExcept(canvas.surface, canvas.place, source, color)
  return true
}

async function drawAlphaBlend(reader: Reader, canvas: Canvas): Promise<boolean> {
  reader.u8()
  const alpha = reader.u8()
  const source = await readSource(reader, canvas)
  if (source === null) return false
  raster.blend(canvas.surface, canvas.place, source, alpha)
  return true
}

async function readSource(reader: Reader, canvas: Canvas): Promise<Source | null> {
  const at = reader.pointer()
  const area = readRect(reader)
  const picture = at === null ? null : await canvas.images.read(at)
  if (picture === null) return null
  // A surface drawn onto itself: as it was before.
  return {
    picture: picture === canvas.surface ? { ...picture, pixels: picture.pixels.slice() } : picture,
    area
  }
}

type Brush =
  | { readonly kind: 'none' }
  | { readonly kind: 'solid'; readonly color: number }
  | { readonly kind: 'pattern'; readonly picture: Picture; readonly at: raster.Point }

async function readBrush(reader: Reader, canvas: Canvas): Promise<Brush | null> {
  const type = reader.u8()
  if (type === BRUSH.none) return { kind: 'none' }
  if (type === BRUSH.solid) {
    const color = reader.u32()
    return { kind: 'solid', color: canvas.surface.is555 ? from555(color) : fromRgb(color) }
  }
  if (type !== BRUSH.pattern) throw new RangeError('an unknown brush')
  const pointer = reader.pointer()
  const at = { x: reader.i32(), y: reader.i32() }
  const picture = pointer === null ? null : await canvas.images.read(pointer)
  return picture === null ? null : { kind: 'pattern', picture, at }
}

function applyBrush(surface: Picture, place: Place, operation: Operation, brush: Brush): true {
  if (brush.kind === 'solid') raster.fill(surface, place, operation, brush.color)
  else if (brush.kind === 'pattern') raster.tile(surface, place, operation, brush)
  return true
}

/** null: a mask of a kind that is not read. */
async function withMask(reader: Reader, { place, images }: Canvas): Promise<Place | null> {
  const inverted = (reader.u8() & MASK_INVERTED) !== 0
  const at = { x: reader.i32(), y: reader.i32() }
  const pointer = reader.pointer()
  if (pointer === null) return place
  const picture = await images.read(pointer)
  if (picture === null) return null
  const mask: Mask = { picture, at, inverted }
  return { ...place, mask }
}

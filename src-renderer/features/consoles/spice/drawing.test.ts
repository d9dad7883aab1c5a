/** Pictures and raster operations, by what they leave on a surface. */
import { describe, expect, it } from 'vitest'
import { bitmapPixels, FORMAT, paletteOf } from './bitmaps.ts'
import { unpackLz } from './lz.ts'
import { operationOf } from './operations.ts'
import type { Picture } from './picture.ts'
import * as raster from './raster.ts'

const BLACK = 0xff000000
const RED = 0xff0000ff
const GREEN = 0xff00ff00
const BLUE = 0xffff0000
const WHITE = 0xffffffff

const picture = (width: number, pixels: number[], hasAlpha = false): Picture => ({
  width,
  height: pixels.length / width,
  pixels: Uint32Array.from(pixels),
  hasAlpha
})
const blank = (width: number, height: number): Picture =>
  picture(width, new Array<number>(width * height).fill(BLACK))
const box = (left: number, top: number, right: number, bottom: number): raster.Rect => ({
  left,
  top,
  right,
  bottom
})
const place = (rect: raster.Rect, clip: raster.Rect[] | null = null): raster.Place => ({
  box: rect,
  clip,
  mask: null
})
const whole = (of: Picture): raster.Source => ({ picture: of, area: raster.boundsOf(of) })
const pixelsOf = (of: Picture): number[] => [...of.pixels]

describe('a bitmap', () => {
  const base = { width: 2, height: 1, topDown: true, palette: null }
  it.each([
    ['32 bits', FORMAT.bit32, 8, [1, 2, 3, 99, 4, 5, 6, 99], [0xff010203, 0xff040506]],
    ['24 bits', FORMAT.bit24, 8, [1, 2, 3, 4, 5, 6, 0, 0], [0xff010203, 0xff040506]],
    ['16 bits', FORMAT.bit16, 4, [0x00, 0x7c, 0x1f, 0x00], [RED, BLUE]],
    ['with alpha', FORMAT.rgba, 8, [1, 2, 3, 128, 4, 5, 6, 0], [0x80010203, 0x00040506]]
  ])('of %s', (_, format, stride, data, expected) => {
    const read = bitmapPixels({ ...base, format, stride, data: Uint8Array.from(data) })
    expect(pixelsOf(read)).toEqual(expected)
  })

  const palette = paletteOf([0x000000, 0xff0000, 0x00ff00, 0x0000ff])
  it.each([
    ['8 bits', FORMAT.bit8, [1, 2], [RED, GREEN]],
    ['4 bits, high first', FORMAT.bit4be, [0x13], [RED, BLUE]],
    ['4 bits, low first', FORMAT.bit4le, [0x13], [BLUE, RED]],
    ['1 bit, high first', FORMAT.bit1be, [0x40], [BLACK, RED]],
    ['1 bit, low first', FORMAT.bit1le, [0x01], [RED, BLACK]],
    ['an index beyond the palette', FORMAT.bit8, [200, 1], [BLACK, RED]]
  ])('with a palette: %s', (_, format, data, expected) => {
    const bitmap = { ...base, format, stride: data.length, data: Uint8Array.from(data), palette }
    expect(pixelsOf(bitmapPixels(bitmap))).toEqual(expected)
  })

  it('from the bottom up is turned, and one that is shorter than it says is refused', () => {
    const data = Uint8Array.of(1, 2)
    const upright = { width: 1, height: 2, format: FORMAT.bit8, stride: 1, data, palette, topDown: false }
    expect(pixelsOf(bitmapPixels(upright))).toEqual([GREEN, RED])
    expect(() => bitmapPixels({ ...upright, height: 3 })).toThrow(RangeError)
    expect(() => bitmapPixels({ ...upright, stride: 0 })).toThrow(RangeError)
  })
})

describe('an LZ picture', () => {
  it('has literals and references, also into what is just being written', () => {
    const target = new Uint32Array(6)
    // One literal; then a reference one back, of length 1 + 1; then one of the long kind.
    const source = Uint8Array.of(0, 1, 2, 3, 0x40, 0, 0x40, 0, 0, 9, 9, 9)
    expect(unpackLz(source, 0, target, 3)).toBe(source.length)
    expect([...target]).toEqual([...new Array<number>(5).fill(0xff010203), 0xff090909])
  })

  it('has long and far references', () => {
    const far = 8_191 + 300
    const target = new Uint32Array(far + 1 + 20)
    const literals: number[] = []
    for (let at = 0; at < far + 1;) {
      const run = Math.min(32, far + 1 - at)
      literals.push(run - 1, ...Array.from({ length: run }, (_, index) => (at + index) & 255))
      at += run
    }
    // Length 6 + 11 + 3 at the distance of the very first byte.
    const source = Uint8Array.from([...literals, 0xff, 11, 255, 300 >> 8, 300 & 255])
    unpackLz(source, 0, target, 1)
    expect([...target.subarray(far + 1)]).toEqual(Array.from({ length: 20 }, (_, index) => index))
  })

  it.each([
    ['a reference before the beginning', [0x20, 5]],
    ['an end in the midst', [3, 1, 2]],
    ['more than the picture holds', [31, ...new Array<number>(96).fill(1)]]
  ])('is refused at %s', (_, source) => {
    expect(() => unpackLz(Uint8Array.from(source), 0, new Uint32Array(4), 3)).toThrow(RangeError)
  })
})

describe('drawing', () => {
  it('fills within box, clips and surface', () => {
    const surface = blank(3, 2)
    raster.fill(surface, place(box(-5, -5, 9, 9), [box(1, 0, 2, 9), box(2, 1, 9, 2)]), 'put', RED)
    expect(pixelsOf(surface)).toEqual([BLACK, RED, BLACK, BLACK, RED, RED])
  })

  it('refuses clips that draw the same pixels again and again', () => {
    const clips = Array.from({ length: 3 }, () => box(0, 0, 2, 2))
    expect(() => raster.fill(blank(2, 2), place(box(0, 0, 2, 2), clips), 'put', RED)).toThrow(RangeError)
  })

  it.each([
    ['or', 16, RED, GREEN, 0xff00ffff],
    ['and', 32, WHITE, GREEN, GREEN],
    ['xor', 64, WHITE, GREEN, 0xffff00ff],
    ['black', 128, RED, GREEN, BLACK],
    ['white', 256, RED, GREEN, WHITE],
    ['inverse', 512, RED, GREEN, 0xffff00ff],
    ['put, inverted', 8 | 1, RED, GREEN, 0xffffff00],
    ['or, the result inverted', 16 | 1024, RED, GREEN, 0xffff0000],
    ['and with the inverted target', 32 | 4, WHITE, GREEN, 0xffff00ff]
  ])('combines by %s', (_, descriptor, source, target, expected) => {
    const surface = picture(1, [target])
    const operation = operationOf(descriptor, 'source')
    raster.copy(surface, place(box(0, 0, 1, 1)), operation, whole(picture(1, [source])))
    expect(pixelsOf(surface)).toEqual([expected])
  })

  it('copies a part, and scales where box and area differ', () => {
    const source = picture(2, [RED, GREEN, BLUE, WHITE])
    const surface = blank(4, 1)
    raster.copy(surface, place(box(1, 0, 3, 1)), 'put', { picture: source, area: box(0, 1, 2, 2) })
    expect(pixelsOf(surface)).toEqual([BLACK, BLUE, WHITE, BLACK])
    raster.copy(surface, place(box(0, 0, 4, 1)), 'put', { picture: source, area: box(0, 0, 2, 1) })
    expect(pixelsOf(surface)).toEqual([RED, RED, GREEN, GREEN])
    expect(() =>
      raster.copy(surface, place(box(0, 0, 1, 1)), 'put', { picture: source, area: box(0, 0, 3, 1) })
    ).toThrow(RangeError)
  })

  it('moves what overlaps, and cuts what comes from beyond', () => {
    const surface = picture(4, [RED, GREEN, BLUE, WHITE])
    raster.move(surface, place(box(1, 0, 4, 1)), { x: 0, y: 0 })
    expect(pixelsOf(surface)).toEqual([RED, RED, GREEN, BLUE])
    raster.move(surface, place(box(0, 0, 2, 1)), { x: -1, y: 0 })
    expect(pixelsOf(surface)).toEqual([RED, RED, GREEN, BLUE])
  })

  it('draws through a mask, and its inverse', () => {
    const mask = { picture: picture(2, [WHITE, BLACK]), at: { x: 0, y: 0 }, inverted: false }
    const surface = blank(2, 1)
    raster.fill(surface, { ...place(box(0, 0, 2, 1)), mask }, 'put', RED)
    raster.fill(surface, { ...place(box(0, 0, 2, 1)), mask: { ...mask, inverted: true } }, 'put', BLUE)
    expect(pixelsOf(surface)).toEqual([RED, BLUE])
  })

  it('tiles, leaves out a colour, and blends', () => {
    const surface = blank(3, 1)
    const pattern = { picture: picture(2, [RED, GREEN]), at: { x: 1, y: 0 } }
    raster.tile(surface, place(box(0, 0, 3, 1)), 'put', pattern)
    expect(pixelsOf(surface)).toEqual([GREEN, RED, GREEN])
    raster.copyExcept(surface, place(box(0, 0, 2, 1)), whole(picture(2, [BLUE, WHITE])), BLUE)
    expect(pixelsOf(surface)).toEqual([GREEN, WHITE, GREEN])
    const half = picture(3, [0x80000080, 0, RED], true)
    raster.blend(surface, place(box(0, 0, 3, 1)), whole(half), 255)
    expect(pixelsOf(surface)).toEqual([0xff007f80, WHITE, RED])
  })
})

import { deflateSync, inflateSync } from 'node:zlib'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readPng, type Inflate } from './png.ts'
import { readPpm } from './ppm.ts'
import { shrink } from './shrink.ts'

const inflate: Inflate = (packed, maxBytes) => inflateSync(packed, { maxOutputLength: maxBytes })

function chunk(kind: string, data: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(data.length)
  head.write(kind, 4, 'latin1')
  return Buffer.concat([head, data, Buffer.alloc(4)])
}

/** A picture of filtered lines, as they stand in the file. */
function png(widthPx: number, heightPx: number, colour: 2 | 6, lines: Uint8Array): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(widthPx, 0)
  header.writeUInt32BE(heightPx, 4)
  header.set([8, colour, 0, 0, 0], 8)
  const packed = deflateSync(lines)
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', packed.subarray(0, 5)),
    chunk('IDAT', packed.subarray(5)),
    chunk('IEND', Buffer.alloc(0))
  ])
}

describe('PPM', () => {
  it('is read, with comments in its head', () => {
    const file = Buffer.concat([
      Buffer.from('P6\n# made by QEMU\n2 1\n255\n'),
      Buffer.from([1, 2, 3, 4, 5, 6])
    ])
    expect(readPpm(file)).toEqual({ widthPx: 2, heightPx: 1, rgb: Buffer.from([1, 2, 3, 4, 5, 6]) })
  })

  it.each(['P6\n2 1\n255\n12345', 'P6\n999999 999999\n255\n', 'P6\n0 1\n255\n', 'P5\n1 1\n255\n123', 'P6'])(
    'is refused: %j',
    (text) => {
      expect(readPpm(Buffer.from(text))).toBeNull()
    }
  )
})

describe('PNG', () => {
  it('is read with each of its filters', () => {
    // Lines of two pixels, each filtered by another rule from its neighbours; the expected colours by hand.
    const lines = Buffer.from([
      ...[0, 10, 20, 30, 40, 50, 60],
      ...[1, 1, 1, 1, 2, 2, 2],
      ...[2, 1, 1, 1, 1, 1, 1],
      ...[3, 10, 10, 10, 10, 10, 10],
      ...[4, 1, 1, 1, 1, 1, 1]
    ])
    const picture = readPng(png(2, 5, 2, lines), inflate)
    expect([...(picture?.rgb ?? [])]).toEqual([
      ...[10, 20, 30, 40, 50, 60],
      ...[1, 1, 1, 3, 3, 3],
      ...[2, 2, 2, 4, 4, 4],
      ...[11, 11, 11, 17, 17, 17],
      ...[12, 12, 12, 18, 18, 18]
    ])
  })

  it('loses its transparency', () => {
    const picture = readPng(png(1, 1, 6, Buffer.from([0, 7, 8, 9, 128])), inflate)
    expect([...(picture?.rgb ?? [])]).toEqual([7, 8, 9])
  })

  it('is refused when it unpacks to more than its size says', () => {
    expect(readPng(png(1, 1, 2, Buffer.alloc(10_000)), inflate)).toBeNull()
  })

  it('gives a picture or null, whatever is changed in it', () => {
    const good = png(4, 4, 2, Buffer.alloc(4 * 13, 1))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        (changes) => {
          const file = Buffer.from(good)
          for (const [at, byte] of changes) file[at] = byte
          const picture = readPng(file, inflate)
          if (picture !== null) expect(picture.rgb.length).toBe(picture.widthPx * picture.heightPx * 3)
        }
      ),
      { numRuns: 2_000 }
    )
  })
})

describe('a thumbnail', () => {
  it('is the average of what it stands for, in the same proportions', () => {
    const rgb = new Uint8Array(8 * 4 * 3).fill(0)
    rgb.fill(200, 0, 4 * 8 * 3)
    const small = shrink({ widthPx: 8, heightPx: 4, rgb }, 4, 4)
    expect(small).toMatchObject({ widthPx: 4, heightPx: 2 })
    expect(Math.max(...small.rgb)).toBe(200)
    const tiny = shrink({ widthPx: 2, heightPx: 1, rgb: Uint8Array.of(0, 0, 0, 100, 200, 50) }, 1, 1)
    expect([...tiny.rgb]).toEqual([50, 100, 25])
  })

  it('is never larger than the picture', () => {
    const picture = { widthPx: 2, heightPx: 1, rgb: new Uint8Array(6) }
    expect(shrink(picture, 480, 360)).toBe(picture)
  })
})

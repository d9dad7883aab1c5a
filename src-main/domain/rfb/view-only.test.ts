import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ViewOnlyFilter } from './view-only.ts'

const bytes = (...parts: (string | readonly number[])[]): Uint8Array =>
  Uint8Array.from(
    parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : [...part]))
  )

const HANDSHAKE = bytes('RFB 003.008\n', [1], [1])
const PIXEL_FORMAT = bytes([0], new Array<number>(19).fill(7))
const ENCODINGS = bytes([2, 0, 0, 2], [0, 0, 0, 0, 255, 255, 255, 17])
const REQUEST = bytes([3, 1, 0, 0, 0, 0, 2, 128, 1, 144])
const LOOKS = [PIXEL_FORMAT, ENCODINGS, REQUEST, bytes([150, 1, 0, 0, 0, 0, 2, 128, 1, 144])]
const CHANGES = [
  bytes([4, 1, 0, 0, 0, 0, 255, 227]),
  bytes([5, 1, 0, 10, 0, 10]),
  bytes([5, 0x81, 0, 10, 0, 10, 1]),
  bytes([6, 0, 0, 0, 0, 0, 0, 3], 'abc'),
  bytes([6, 0, 0, 0, 255, 255, 255, 252], [0, 0, 0, 1]),
  bytes([250, 0, 1, 3]),
  bytes([251, 0, 2, 0, 1, 0, 1, 0], new Array<number>(16).fill(1)),
  bytes([255, 0, 0, 1, 0, 0, 0, 97, 0, 0, 0, 30])
]

const joined = (parts: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from(parts.flatMap((part) => [...part]))

describe('a display that is only looked at', () => {
  it('gets what looks and nothing that changes, however the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...LOOKS, ...CHANGES), { maxLength: 30 }),
        fc.infiniteStream(fc.integer({ min: 1, max: 40 })),
        (messages, cuts) => {
          const all = joined([HANDSHAKE, ...messages])
          const filter = new ViewOnlyFilter()
          const out: Uint8Array[] = []
          for (let at = 0; at < all.length;) {
            const size = cuts.next().value
            out.push(filter.take(all.subarray(at, at + size)))
            at += size
          }
          expect(joined(out)).toEqual(
            joined([HANDSHAKE, ...messages.filter((message) => LOOKS.includes(message))])
          )
        }
      ),
      { numRuns: 500 }
    )
  })

  it('takes the answer to a password on, and never asks to be the only one', () => {
    const filter = new ViewOnlyFilter()
    const answer = new Array<number>(16).fill(4)
    expect(filter.take(bytes('RFB 003.008\n', [2], answer, [0]))).toEqual(
      bytes('RFB 003.008\n', [2], answer, [1])
    )
  })

  it.each([
    ['an older protocol', bytes('RFB 003.003\n')],
    ['an encrypted login', bytes('RFB 003.008\n', [19])],
    ['an unknown message', joined([HANDSHAKE, bytes([99])])],
    ['an unknown message of QEMU', joined([HANDSHAKE, bytes([255, 1])])],
    ['a clipboard without an end', joined([HANDSHAKE, bytes([6, 0, 0, 0, 127, 255, 255, 255])])]
  ])('is cut off at %s', (_, sent) => {
    expect(() => new ViewOnlyFilter().take(sent)).toThrow(RangeError)
  })

  it('ends in bytes or in a RangeError, whatever comes, and never lets a key through', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (sent) => {
        const filter = new ViewOnlyFilter()
        filter.take(HANDSHAKE)
        try {
          const first = filter.take(sent)[0]
          expect([undefined, 0, 2, 3, 150, 248]).toContain(first)
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2_000 }
    )
  })
})

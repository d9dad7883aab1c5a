import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { SpiceClientFilter, type SpiceChannel } from './client-filter.ts'

const TYPES: Readonly<Record<SpiceChannel, number>> = { main: 1, display: 2, inputs: 3, cursor: 4 }

function hello(type: number, options: { common?: number; size?: number; offset?: number } = {}): Buffer {
  const bytes = Buffer.alloc(42)
  bytes.write('REDQ', 'latin1')
  bytes.writeUInt32LE(2, 4)
  bytes.writeUInt32LE(2, 8)
  bytes.writeUInt32LE(options.size ?? 26, 12)
  bytes.writeUInt8(type, 20)
  bytes.writeUInt32LE(1, 22)
  bytes.writeUInt32LE(1, 26)
  bytes.writeUInt32LE(options.offset ?? 18, 30)
  bytes.writeUInt32LE(options.common ?? 0b1011, 34)
  return bytes
}

function login(mechanism = 1): Buffer {
  const bytes = Buffer.alloc(132, 0x5a)
  bytes.writeUInt32LE(mechanism)
  return bytes
}

function message(type: number, size: number): Buffer {
  const bytes = Buffer.alloc(6 + size, 0x77)
  bytes.writeUInt16LE(type)
  bytes.writeUInt32LE(size, 2)
  return bytes
}

const linked = (channel: SpiceChannel): Buffer => Buffer.concat([hello(TYPES[channel]), login()])

/** Acknowledgements, pongs, and what a channel begins with. */
const LOOKS: Readonly<Record<SpiceChannel, number[]>> = {
  main: [1, 2, 3, 104],
  display: [1, 2, 3, 101, 103],
  cursor: [1, 2, 3],
  inputs: []
}
const MESSAGES = [1, 2, 3, 4, 5, 101, 102, 103, 104, 105, 106, 107, 111, 112, 113, 114, 999]

describe('what a client of SPICE says', () => {
  it.each(Object.keys(TYPES) as SpiceChannel[])(
    'on %s of a server that is only looked at is what looks, however the bytes are cut',
    (channel) => {
      const sizes = fc.integer({ min: 0, max: 90 })
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.constantFrom(...MESSAGES), sizes), { maxLength: 25 }),
          fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
          (sent, cuts) => {
            const all = Buffer.concat([linked(channel), ...sent.map(([type, size]) => message(type, size))])
            const filter = new SpiceClientFilter(channel, { lookOnly: true })
            const out: Uint8Array[] = []
            for (let at = 0; at < all.length;) {
              const size = cuts.next().value
              out.push(filter.take(all.subarray(at, at + size)))
              at += size
            }
            const passing = sent.filter(([type]) => LOOKS[channel].includes(type))
            const expected = [linked(channel), ...passing.map(([type, size]) => message(type, size))]
            expect(Buffer.concat(out)).toEqual(Buffer.concat(expected))
          }
        ),
        { numRuns: 200 }
      )
    }
  )

  it('passes whole where changes are allowed', () => {
    const filter = new SpiceClientFilter('inputs', { lookOnly: false })
    const all = Buffer.concat([linked('inputs'), message(101, 4), message(112, 11)])
    const out = [all.subarray(0, 100), all.subarray(100, 180), all.subarray(180)].map((part) =>
      filter.take(part)
    )
    expect(Buffer.concat(out)).toEqual(all)
  })

  it.each([
    ['another channel than it was opened as', hello(TYPES.inputs)],
    ['something else than SPICE', Buffer.from('RFB 003.008\nxxxxxxxxxxxx')],
    ['a link without end', hello(TYPES.display, { size: 0x7fffffff })],
    ['capabilities beyond the link', hello(TYPES.display, { offset: 4_000 })],
    ['long heads of messages', hello(TYPES.display, { common: 0b0011 })],
    ['another login', Buffer.concat([hello(TYPES.display), login(2)])],
    [
      'a message without end',
      Buffer.concat([linked('display'), message(1, 0), Buffer.of(2, 0, 255, 255, 255, 127)])
    ]
  ])('is cut off at %s', (_, sent) => {
    const filter = new SpiceClientFilter('display', { lookOnly: true })
    expect(() => filter.take(sent)).toThrow(RangeError)
  })

  it('ends in bytes or in a RangeError, whatever comes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (sent, isLinked) => {
        const filter = new SpiceClientFilter('main', { lookOnly: true })
        if (isLinked) filter.take(linked('main'))
        try {
          const [low, high] = filter.take(sent)
          if (isLinked && low !== undefined) expect(LOOKS.main).toContain(low | ((high ?? 0) << 8))
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError)
        }
      }),
      { numRuns: 2_000 }
    )
  })
})

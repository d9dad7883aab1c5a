/** Displays that lie: whatever their bytes say, the session goes on or ends with an error, and little is kept. */
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { recordedMessages } from '../../../../test/fakes/recorded-spice.ts'
import { SpiceChannel } from './channel.ts'
import { Cursor } from './cursor.ts'
import { Display } from './display.ts'
import { Inputs } from './inputs.ts'
import { jpegSize } from './jpeg.ts'
import { Main } from './main.ts'
import type { Picture } from './picture.ts'
import { joined, pack } from './wire.ts'

const RUNS = process.env['VIRTHELM_LONG'] === '1' ? 10_000 : 1_000

const decodeJpeg = async (bytes: Uint8Array): Promise<Picture> => {
  const { width, height } = jpegSize(bytes)
  return { width, height, pixels: new Uint32Array(width * height), hasAlpha: false }
}
const silent = { shown: () => undefined, drawn: () => undefined, undrawn: () => undefined }
const display = (): Display => new Display(silent, decodeJpeg)
const create = (id: number, width: number, height: number): Uint8Array =>
  pack(['u32', id], ['u32', width], ['u32', height], ['u32', 32], ['u32', 1])

/** Of a picture of 8 × 8: small ones, so that many are tried. */
function seeds(): { type: number; body: Uint8Array }[] {
  const base = joined(pack(['u32', 0], ['i32', 0], ['i32', 0], ['i32', 8], ['i32', 8]), pack(['u8', 0]))
  const mask = pack(['u8', 0], ['i32', 0], ['i32', 0], ['u32', 0])
  const area = pack(['i32', 0], ['i32', 0], ['i32', 8], ['i32', 8])
  const head = (imageType: number) => pack(['u64', 5], ['u8', imageType], ['u8', 1], ['u32', 8], ['u32', 8])
  const after = base.length + 4 + area.length + 3 + mask.length
  const copy = (image: Uint8Array) => ({
    type: 304,
    body: joined(base, pack(['u32', after]), area, pack(['u16', 8], ['u8', 0]), mask, image)
  })
  const bitmap = (format: number, stride: number, palette: number) =>
    joined(
      head(0),
      pack(['u8', format], ['u8', 4], ['u32', 8], ['u32', 8], ['u32', stride], ['u32', palette]),
      new Uint8Array(stride * 8).fill(0x5a)
    )
  const lzHead = (type: number): Uint8Array => {
    const words = Buffer.alloc(28)
    ;[0x20205a4c, 0x10001, type, 8, 8, 32, 1].forEach((word, at) => words.writeUInt32BE(word, at * 4))
    return new Uint8Array(words)
  }
  const packed = Uint8Array.of(0, 1, 2, 3, 0xe0, 56, 0, 0x20, 0)
  const lz = (type: number) => {
    const data = joined(lzHead(type), packed, packed)
    return joined(head(101), pack(['u32', data.length]), data)
  }
  return [
    copy(bitmap(8, 32, 0)),
    copy(bitmap(6, 16, 0)),
    copy(bitmap(5, 8, 0)),
    copy(bitmap(1, 1, 0)),
    copy(lz(8)),
    copy(lz(9)),
    copy(joined(head(103))),
    copy(joined(head(104), pack(['u32', 0]))),
    copy(joined(head(105), pack(['u32', 4]), Uint8Array.of(0xff, 0xd8, 0xff, 0xc0))),
    { type: 302, body: joined(base, pack(['u8', 1], ['u32', 0xff00ff], ['u16', 64]), mask) },
    { type: 104, body: joined(base, pack(['i32', 2], ['i32', 2])) },
    { type: 308, body: joined(base, mask) },
    {
      type: 317,
      body: pack(
        ['u16', 1],
        ['u16', 1],
        ['u32', 0],
        ['u32', 0],
        ['u32', 8],
        ['u32', 8],
        ['u32', 0],
        ['u32', 0],
        ['u32', 0]
      )
    },
    { type: 314, body: create(1, 8, 8) },
    {
      type: 122,
      body: joined(
        pack(
          ['u32', 0],
          ['u32', 1],
          ['u8', 1],
          ['u8', 1],
          ['u64', 0],
          ['u32', 8],
          ['u32', 8],
          ['u32', 8],
          ['u32', 8]
        ),
        area,
        pack(['u8', 0])
      )
    },
    { type: 123, body: pack(['u32', 1], ['u32', 0], ['u32', 2], ['u16', 0xd8ff]) },
    ...recordedMessages('colours-lz', 'display').filter(({ type }) => type > 100)
  ]
}

const ends = async (work: () => void | Promise<void>): Promise<'goes on' | 'ends'> => {
  try {
    await work()
    return 'goes on'
  } catch (error) {
    expect(error).toBeInstanceOf(RangeError)
    return 'ends'
  }
}

describe('a SPICE display that lies', () => {
  it('ends or goes on, whatever is changed in what it sends', async () => {
    const messages = seeds()
    let wentOn = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            which: fc.nat({ max: messages.length - 1 }),
            changes: fc.array(fc.record({ at: fc.nat({ max: 140 }), to: fc.integer({ min: 0, max: 255 }) }), {
              maxLength: 3
            }),
            cutBytes: fc.option(fc.nat({ max: 60 }), { nil: 0 })
          }),
          { minLength: 1, maxLength: 6 }
        ),
        async (chosen) => {
          const screen = display()
          await screen.handle(314, create(0, 8, 8))
          for (const { which, changes, cutBytes } of chosen) {
            const message = messages[which]
            if (message === undefined) continue
            const body = message.body.slice(0, Math.max(0, message.body.length - cutBytes))
            for (const { at, to } of changes) if (at < body.length) body[at] = to
            if ((await ends(() => screen.handle(message.type, new Uint8Array(body)))) === 'ends') return
            wentOn++
          }
        }
      ),
      { numRuns: RUNS }
    )
    // Not all of it is refused at the first field.
    expect(wentOn).toBeGreaterThan(RUNS / 10)
  }, 600_000)

  it('takes any bytes as any message', async () => {
    const send = () => undefined
    const events = { pointerMode: send, agent: send, guestText: send, shape: send, moved: send }
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 101, max: 330 }),
        fc.uint8Array({ maxLength: 200 }),
        async (type, body) => {
          const main = new Main(send, events, { viewOnly: false })
          await ends(() => main.handle(107, new Uint8Array(0)))
          const reads = [
            (): Promise<void> => display().handle(type, body),
            (): void => new Cursor(events).handle(type, body),
            (): void => new Inputs(send).handle(type, body),
            (): void => {
              if (type !== 103) main.handle(type, body)
            }
          ]
          for (const read of reads) await ends(read)
        }
      ),
      { numRuns: RUNS }
    )
  }, 600_000)

  it('cannot make a stream of bytes hang or throw anything but an AppError', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), async (pieces) => {
        const duplex = {
          incoming: (async function* () {
            yield* pieces
          })(),
          write: async () => undefined,
          end: () => undefined
        }
        const screen = display()
        const over = new SpiceChannel(duplex, 1_000).pump((type, body) => screen.handle(type, body))
        const code = await over.then(
          () => 'ended',
          (error: { code?: string }) => error.code
        )
        expect(['ended', 'displayNotUnderstood']).toContain(code)
      }),
      { numRuns: RUNS }
    )
  }, 600_000)

  it.each([
    ['a screen of 16,384 squared', [create(0, 16_384, 16_384)]],
    ['a side of 100,000', [create(0, 100_000, 1)]],
    ['an empty screen', [create(0, 0, 600)]],
    ['many screens of 8K', [1, 2, 3].map((id) => create(id, 7_680, 4_320))]
  ])('is refused %s', async (_, bodies) => {
    const screen = display()
    const all = async (): Promise<void> => {
      for (const body of bodies) await screen.handle(314, body)
    }
    expect(await ends(all)).toBe('ends')
  })

  it('gets its ten thousand questions answered in a few messages', async () => {
    const writes: number[] = []
    const ping = pack(['u16', 4], ['u32', 12], ['u32', 1], ['u64', 2])
    const duplex = {
      incoming: (async function* () {
        for (let turn = 0; turn < 10; turn++) yield joined(...Array.from({ length: 1_000 }, () => ping))
      })(),
      write: async (bytes: Uint8Array) => void writes.push(bytes.length),
      end: () => undefined
    }
    await new SpiceChannel(duplex, 1_000).pump(() => undefined)
    expect(writes.reduce((sum, bytes) => sum + bytes, 0)).toBe(10_000 * 18)
    expect(writes.length).toBeLessThan(200)
  })

  it('is cut off at a message that is larger than a screen, before it is taken', async () => {
    const duplex = {
      incoming: (async function* () {
        yield pack(['u16', 304], ['u32', 0x7fffffff])
        await new Promise(() => undefined)
      })(),
      write: async () => undefined,
      end: () => undefined
    }
    await expect(new SpiceChannel(duplex, 1_000_000).pump(() => undefined)).rejects.toMatchObject({
      code: 'displayNotUnderstood'
    })
  })

  it('says that something was not drawn, and goes on', async () => {
    const counts: number[] = []
    const screen = new Display({ ...silent, undrawn: (count) => void counts.push(count) }, decodeJpeg)
    await screen.handle(314, create(0, 8, 8))
    const base = joined(pack(['u32', 0], ['i32', 0], ['i32', 0], ['i32', 8], ['i32', 8]), pack(['u8', 0]))
    const area = pack(['i32', 0], ['i32', 0], ['i32', 8], ['i32', 8])
    const mask = pack(['u8', 0], ['i32', 0], ['i32', 0], ['u32', 0])
    const quic = pack(['u64', 5], ['u8', 1], ['u8', 0], ['u32', 8], ['u32', 8])
    const after = base.length + 4 + area.length + 3 + mask.length
    await screen.handle(
      304,
      joined(base, pack(['u32', after]), area, pack(['u16', 8], ['u8', 0]), mask, quic)
    )
    await screen.handle(310, base)
    await screen.handle(311, base)
    expect(counts).toEqual([1, 2, 3])
    await screen.handle(302, joined(base, pack(['u8', 1], ['u32', 0xff00ff], ['u16', 8]), mask))
  })
})

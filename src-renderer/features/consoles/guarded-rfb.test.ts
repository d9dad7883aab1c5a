/** Displays that lie: whatever their bytes say, little is allocated, nothing is copied or opened, and the end is an error. */
import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { ByteDuplex } from '#contract/define.ts'
import { ChannelSocket } from './channel-socket.ts'
import { GuardedRfb } from './guarded-rfb.ts'

// noVNC takes hold of the console when it is loaded; what it says of broken streams is not asked for here.
vi.hoisted(() => {
  console.error = console.warn = () => undefined
})

/** What noVNC draws with; counts the pixels that it asks for. */
let askedPixels = 0

beforeEach(() => {
  askedPixels = 0
  const context = new Proxy(
    {},
    {
      get: (_target, name) =>
        name === 'createImageData' || name === 'getImageData'
          ? (width: number, height: number) => {
              askedPixels += width * height
              return { data: new Uint8ClampedArray(4), width, height }
            }
          : () => undefined,
      set: () => true
    }
  )
  vi.spyOn(HTMLCanvasElement.prototype, 'getContext').mockReturnValue(context as never)
  vi.stubGlobal('ImageData', class {})
})

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

const u16 = (value: number): number[] => [(value >> 8) & 255, value & 255]
const u32 = (value: number): number[] => [...u16(value >>> 16), ...u16(value)]
const text = (value: string): number[] => [...value].map((character) => character.charCodeAt(0))

const shakeHands = (width: number, height: number, name = 'guest'): number[][] => [
  text('RFB 003.008\n'),
  [1, 1],
  u32(0),
  [
    ...u16(width),
    ...u16(height),
    ...[32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0],
    ...u32(name.length),
    ...text(name)
  ]
]
const rect = (x: number, y: number, width: number, height: number, encoding: number): number[] => [
  ...[0, 0],
  ...u16(1),
  ...u16(x),
  ...u16(y),
  ...u16(width),
  ...u16(height),
  ...u32(encoding)
]

interface Played {
  readonly failure: unknown
  readonly guestTexts: string[]
  /** noVNC ended it. */
  readonly wasCut: boolean
}

/** Plays a server's bytes to a client, and says how it ended. */
async function play(pieces: readonly (readonly number[])[]): Promise<Played> {
  const duplex: ByteDuplex = {
    incoming: (async function* () {
      for (const piece of pieces) {
        yield Uint8Array.from(piece)
        await new Promise((resolve) => setTimeout(resolve))
      }
    })(),
    write: async () => undefined,
    end: () => undefined
  }
  const target = document.createElement('div')
  document.body.append(target)
  const socket = new ChannelSocket(duplex)
  const rfb = new GuardedRfb(target, socket, {})
  const guestTexts: string[] = []
  let isOver = false
  rfb.addEventListener('clipboard', (event) =>
    guestTexts.push((event as CustomEvent<{ text: string }>).detail.text)
  )
  rfb.addEventListener('disconnect', () => (isOver = true))
  let failure: unknown = null
  try {
    await socket.pump(async () => undefined)
  } catch (error) {
    failure = error
  }
  const wasCut = socket.closedByReader
  if (!isOver) rfb.disconnect()
  await new Promise((resolve) => setTimeout(resolve))
  target.remove()
  return { failure, guestTexts, wasCut }
}

describe('a display that lies', () => {
  it('is drawn while it tells the truth', async () => {
    const frame = [...rect(0, 0, 2, 1, 0), ...[1, 2, 3, 4, 5, 6, 7, 8]]
    const { failure, guestTexts } = await play([
      ...shakeHands(640, 400),
      frame,
      [3, 0, 0, 0, ...u32(5), ...text('hello')]
    ])
    expect(failure).toBeNull()
    expect(guestTexts).toEqual(['hello'])
  })

  it.each([
    ['a screen of four thousand million pixels', shakeHands(65_535, 65_535)],
    ['a screen that grows to it', [...shakeHands(640, 400), rect(0, 0, 65_535, 65_535, -223)]],
    ['a rectangle beyond the screen', [...shakeHands(640, 400), rect(600, 0, 100, 100, 7)]],
    ['a cursor as large as a screen', [...shakeHands(640, 400), rect(0, 0, 20_000, 20_000, -239)]],
    ['a clipboard of four gigabytes', [...shakeHands(640, 400), [3, 0, 0, 0, ...u32(0x7fffffff)]]],
    ['an extended clipboard of two', [...shakeHands(640, 400), [3, 0, 0, 0, ...u32(0x80000001), ...u32(1)]]]
  ])('%s is refused before anything is made of it', async (_, pieces) => {
    const { failure, guestTexts } = await play(pieces)
    expect(failure).toBeInstanceOf(RangeError)
    expect(guestTexts).toEqual([])
    expect(askedPixels).toBeLessThan(1_000_000)
  })

  it.each([
    ['JPEG', 21],
    ['H.264', 50],
    ['JPEG inside Tight', 7],
    ['PNG inside Tight', -260]
  ])('a rectangle of %s is not decoded', async (_, encoding) => {
    const made = vi.spyOn(document, 'createElement')
    const { wasCut } = await play([...shakeHands(640, 400), [...rect(0, 0, 8, 8, encoding), 0x90, 1, 0]])
    expect(wasCut).toBe(true)
    expect(made.mock.calls.flat()).not.toContain('img')
  })

  it('ends or goes on, whatever is changed in what it sends', async () => {
    const good = [
      ...shakeHands(64, 40).flat(),
      ...rect(0, 0, 2, 1, 0),
      1,
      2,
      3,
      4,
      5,
      6,
      7,
      8,
      3,
      0,
      0,
      0,
      ...u32(2),
      104,
      105
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        fc.uint8Array({ maxLength: 64 }),
        async (changes, more) => {
          const bytes = [...good]
          for (const [at, byte] of changes) bytes[at] = byte
          const { guestTexts } = await play([
            bytes.slice(0, 12),
            bytes.slice(12, 14),
            bytes.slice(14, 18),
            bytes.slice(18),
            [...more]
          ])
          expect(guestTexts.join('').length).toBeLessThan(400)
          expect(askedPixels).toBeLessThan(40_000_000)
        }
      ),
      { numRuns: 300 }
    )
  }, 30_000)
})

/** Whole sessions as QEMU spoke them, drawn without a browser and compared with QEMU's own screenshots. */
import { createHash } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { playRecording, type Recording } from '../../../../test/fakes/recorded-spice.ts'
import { jpegSize } from './jpeg.ts'
import type { Picture } from './picture.ts'
import type { Rect } from './raster.ts'
import { runSession, type SessionEvents } from './session.ts'

async function play(name: Recording, pieceBytes: () => number, viewOnly = false) {
  const { open, heard } = playRecording(name, pieceBytes)
  const seen = {
    view: null as { surface: Picture; area: Rect } | null,
    opened: false,
    drawn: 0,
    undrawn: 0,
    hasInputs: false,
    jpegs: 0
  }
  const events: SessionEvents = {
    opened({ inputs }) {
      seen.opened = true
      seen.hasInputs = inputs !== null
    },
    shown: (view) => (seen.view = view),
    drawn: () => seen.drawn++,
    undrawn: (count) => (seen.undrawn = count),
    shape: () => undefined,
    moved: () => undefined,
    pointerMode: () => undefined,
    agent: () => undefined,
    guestText: () => undefined
  }
  const decodeJpeg = async (bytes: Uint8Array): Promise<Picture> => {
    seen.jpegs++
    const size = jpegSize(bytes)
    const pixels = new Uint32Array(size.width * size.height).fill(0xff112233)
    return { ...size, pixels, hasAlpha: false }
  }
  await runSession({ open, password: '', viewOnly, decodeJpeg, events })
  return { seen, heard }
}

function sha256(picture: Picture): string {
  const rgb = Buffer.alloc(picture.pixels.length * 3)
  picture.pixels.forEach((pixel, at) => {
    rgb.writeUInt16LE(pixel & 0xffff, at * 3)
    rgb.writeUInt8((pixel >>> 16) & 0xff, at * 3 + 2)
  })
  return createHash('sha256').update(rgb).digest('hex')
}

/** QEMU's `screendump` at that moment. */
const TEXT = '501f427698a832a47588722364543e703084afde14cb23fb8e99c9997e756e6c'
const COLOURS = 'b2ae31cd31420b2efd7931eb60df375abe4bab2cfe3f7bedf3ad9b5bfdb0d3b6'

/** Pieces of 1 to 2,000 bytes, the same each time. */
function oddPieces(): () => number {
  let state = 7
  return () => 1 + ((state = (state * 16_807) % 2_147_483_647) % 2_000)
}

describe('a session as QEMU spoke it', () => {
  it.each([
    ['text-lz', TEXT, 720, 400],
    ['text-raw', TEXT, 720, 400],
    ['colours-lz', COLOURS, 640, 400]
  ] as const)('%s is drawn as QEMU drew it, however its bytes are cut', async (name, hash, width, height) => {
    for (const pieces of [() => 65_536, oddPieces()]) {
      const { seen } = await play(name, pieces)
      expect(seen.view?.area).toEqual({ left: 0, top: 0, right: width, bottom: height })
      expect(seen.view && sha256(seen.view.surface)).toBe(hash)
      expect(seen).toMatchObject({ opened: true, undrawn: 0, hasInputs: true })
    }
  })

  it('a film is drawn frame by frame, and every message of it is acknowledged', async () => {
    const { seen, heard } = await play('film-mjpeg', () => 65_536)
    expect(seen).toMatchObject({ jpegs: 174, undrawn: 0 })
    expect(seen.view?.surface.pixels).toContain(0xff112233)
    // After the link: what was asked for, then an acknowledgement for each window of 20 messages, as the server set it.
    const said = messagesOf(heard.display)
    expect(said.slice(0, 2)).toEqual([103, 101])
    expect(said.filter((type) => type === 2)).toHaveLength(10)
  })

  it('says no key and opens no inputs where it is only looked at', async () => {
    const { seen, heard } = await play('text-lz', () => 65_536, true)
    expect(seen).toMatchObject({ opened: true, hasInputs: false })
    expect(heard.inputs).toBeUndefined()
  })
})

function messagesOf(bytes: Buffer | undefined): number[] {
  if (bytes === undefined) throw new Error('nothing was said')
  const types: number[] = []
  for (let at = 16 + bytes.readUInt32LE(12) + 132; at < bytes.length; at += 6 + bytes.readUInt32LE(at + 2))
    types.push(bytes.readUInt16LE(at))
  return types
}

describe('a display that does not speak', () => {
  it('is given up', async () => {
    vi.useFakeTimers()
    try {
      const open = () => ({
        incoming: (async function* () {
          await new Promise(() => undefined)
          yield* []
        })(),
        write: async () => undefined,
        end: () => undefined
      })
      const over = runSession({
        open,
        password: '',
        viewOnly: false,
        decodeJpeg: () => Promise.reject(new Error('none')),
        events: {} as SessionEvents
      })
      const failed = expect(over).rejects.toMatchObject({ code: 'vmNotResponding' })
      await vi.advanceTimersByTimeAsync(30_000)
      await failed
    } finally {
      vi.useRealTimers()
    }
  })
})

import { describe, expect, it } from 'vitest'
import { ByteChannel } from '#contract/byte-channel.ts'
import { INITIAL_CREDIT_BYTES } from '#contract/frames.ts'
import { AppError } from '#contract/errors.ts'
import { settle } from '../../../test/fakes/engine-parts.ts'
import type { ByteStream } from '../servers/connection.ts'
import { pipe } from './pipe.ts'

/** Two ends of a channel, joined. */
function channelPair(): { near: ByteChannel; far: ByteChannel } {
  const ends: ByteChannel[] = []
  const make = (other: number): ByteChannel =>
    new ByteChannel({
      send(frame) {
        const end = ends[other]
        if (frame.kind === 'bytes') end?.received(frame.bytes)
        else if (frame.kind === 'credit') end?.granted(frame.bytes)
        else end?.ended()
      },
      abandoned: () => undefined
    })
  const near = make(1)
  const far = make(0)
  ends.push(near, far)
  return { near, far }
}

/** The server's end of a stream, played. */
class PlayedStream implements ByteStream {
  readonly written: Uint8Array[] = []
  pulledBytes = 0
  closes = 0
  readonly #ended = Promise.withResolvers<void>()
  readonly #source: () => AsyncGenerator<Uint8Array, void>

  constructor(source: () => AsyncGenerator<Uint8Array, void>) {
    this.#source = source
  }

  get incoming(): AsyncIterable<Uint8Array> {
    return this.#read()
  }

  get closed(): Promise<void> {
    return this.#ended.promise
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.written.push(bytes)
  }

  close(): void {
    this.closes++
    this.#ended.resolve()
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    const source = this.#source()
    for (;;) {
      const next = await Promise.race([source.next(), this.closed.then(() => null)])
      if (next === null || next.done === true) return
      this.pulledBytes += next.value.length
      yield next.value
    }
  }
}

const quiet = async function* (): AsyncGenerator<Uint8Array, void> {
  await new Promise(() => undefined)
  yield new Uint8Array()
}

describe('a channel joined to a stream', () => {
  it('pulls no more from an endless stream than the window has room for', async () => {
    const { far } = channelPair()
    const stream = new PlayedStream(async function* () {
      for (;;) yield new Uint8Array(16 * 1024)
    })
    const life = new AbortController()
    const over = pipe(far, stream, life.signal)
    await settle()
    await settle()
    const held = stream.pulledBytes
    expect(held).toBeLessThanOrEqual(INITIAL_CREDIT_BYTES + 16 * 1024)
    await settle()
    expect(stream.pulledBytes).toBe(held)
    life.abort()
    far.close(null)
    await expect(over).rejects.toMatchObject({ code: 'cancelled' })
    expect(stream.closes).toBeGreaterThan(0)
  })

  it('ends when the server’s end does', async () => {
    const { near, far } = channelPair()
    const stream = new PlayedStream(async function* () {
      yield Uint8Array.of(1, 2)
    })
    await pipe(far, stream, new AbortController().signal)
    const bytes = near.incoming[Symbol.asyncIterator]()
    expect((await bytes.next()).value).toEqual(Uint8Array.of(1, 2))
    expect(stream.closes).toBeGreaterThan(0)
  })

  it('fails with what the server’s end failed with', async () => {
    const { far } = channelPair()
    const stream = new PlayedStream(async function* () {
      yield Uint8Array.of(1)
      throw new AppError('disconnected')
    })
    await expect(pipe(far, stream, new AbortController().signal)).rejects.toMatchObject({
      code: 'disconnected'
    })
  })

  it('sends only what the filter lets through, and cuts off at what it refuses', async () => {
    const { near, far } = channelPair()
    const stream = new PlayedStream(quiet)
    const over = pipe(far, stream, new AbortController().signal, (bytes) => {
      if (bytes[0] === 9) throw new RangeError('no')
      return bytes.filter((byte) => byte !== 5)
    })
    await near.write(Uint8Array.of(4, 5, 6))
    await near.write(Uint8Array.of(9))
    await expect(over).rejects.toMatchObject({ code: 'protocolViolation' })
    expect(stream.written).toEqual([Uint8Array.of(4, 6)])
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError } from '#contract/errors.ts'
import type { Connection, ShellChannel } from '../../application/servers/connection.ts'
import { openResidentShell } from './open-resident-shell.ts'

const RUNS = process.env.VIRTHELM_LONG === '1' ? 10_000 : 1_000
const signal = new AbortController().signal
const LIMITS = { signal, deadlineMs: 5_000, maxBytes: 4_096 }

/** A channel whose other end is a function: called with each text that is written. */
class PlayedChannel implements ShellChannel {
  readonly closed: Promise<{ exitCode: number | null; signal: string | null }>
  readonly #answer: (text: string, say: (bytes: Uint8Array) => void) => void
  #listener: (chunk: Uint8Array) => void = () => undefined
  #resolve: (end: { exitCode: number | null; signal: string | null }) => void = () => undefined

  constructor(answer: (text: string, say: (bytes: Uint8Array) => void) => void) {
    this.#answer = answer
    this.closed = new Promise((resolve) => (this.#resolve = resolve))
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener
  }

  onErrorData(): void {
    // Nothing is ever said there.
  }

  async write(data: string | Uint8Array): Promise<void> {
    const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
    this.#answer(text, (bytes) => {
      this.#listener(bytes)
    })
  }

  pause(): void {
    // Answers come as they are read.
  }

  resume(): void {
    // Never paused.
  }

  end(): void {
    this.close()
  }

  close(): void {
    this.#resolve({ exitCode: null, signal: null })
  }
}

function connectionTo(channel: ShellChannel): Connection {
  return {
    address: '127.0.0.1',
    serverSoftware: 'played',
    closed: new Promise(() => undefined),
    openShell: async () => channel,
    run: () => Promise.reject(new AppError('internal')),
    probe: async () => true,
    close: () => undefined
  }
}

function open(channel: ShellChannel, onNote?: (note: string) => void) {
  return openResidentShell(connectionTo(channel), {
    lane: 'test',
    script: 'constant',
    signal,
    deadlineMs: 5_000,
    ...(onNote && { onNote })
  })
}

const markerOf = (text: string): string | undefined => /^: virthelm test ([0-9a-f]{32})$/m.exec(text)?.[1]

/** Cuts bytes at the given distances. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  let at = 0
  for (let turn = 0; at < bytes.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1)
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

describe('the frames of a resident shell', () => {
  it('come out as they went in, wherever the bytes are cut, with noise and notes between them', async () => {
    const line = fc.string({ unit: 'grapheme', maxLength: 40 }).map((text) => text.replace(/[\n\r]/g, ''))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line, { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 }),
        line,
        async (bodies, sizes, noise) => {
          let marker = ''
          const notes: string[] = []
          let turn = 0
          const channel = new PlayedChannel((text, say) => {
            const found = markerOf(text)
            marker = found ?? marker
            const body = bodies[turn]?.join('\n') ?? ''
            const number = text.trim().split(' ')[1] ?? ''
            const answer = found
              ? `${noise}\n${marker} ready\n`
              : `${noise}\n${marker} note ${turn++}\n${marker} begin ${number}\n${body}\n${marker} end ${number}\n`
            for (const piece of cut(new TextEncoder().encode(answer), sizes)) say(piece)
          })
          const shell = await open(channel, (note) => notes.push(note))
          for (const body of bodies) expect(await shell.exchange('s', LIMITS)).toBe(body.join('\n'))
          expect(notes).toEqual(bodies.map((_body, index) => `note ${index}`))
          shell.close()
        }
      ),
      { numRuns: RUNS / 5 }
    )
  })

  it('hostile bytes end in an AppError or in an answer, never in anything else', async () => {
    const hostile = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => ({ bytes, text: '' })),
      fc
        .array(
          fc.constantFrom(
            'MARK begin 1\n',
            'MARK end 1\n',
            '\nMARK end 1\n',
            'MARK begin 2\n',
            'MARK',
            '\n',
            'MARK ready\n',
            'x'
          ),
          { maxLength: 8 }
        )
        .map((parts) => ({ bytes: new Uint8Array(), text: parts.join('') }))
    )
    await fc.assert(
      fc.asyncProperty(hostile, fc.integer({ min: 1, max: 40 }), async ({ bytes, text }, size) => {
        let marker = ''
        const channel: PlayedChannel = new PlayedChannel((written, say) => {
          const found = markerOf(written)
          marker = found ?? marker
          if (found) {
            say(new TextEncoder().encode(`${marker} ready\n`))
            return
          }
          const answer = text === '' ? bytes : new TextEncoder().encode(text.replaceAll('MARK', marker))
          for (const piece of cut(answer, [size])) say(piece)
          channel.close()
        })
        const shell = await open(channel)
        const outcome: unknown = await shell.exchange('s', LIMITS).catch((error: unknown) => error)
        if (typeof outcome !== 'string') expect(outcome).toBeInstanceOf(AppError)
      }),
      { numRuns: RUNS }
    )
  })

  it('a body that is too large is cut off, even when its end has come', async () => {
    let marker = ''
    const channel = new PlayedChannel((text, say) => {
      marker = markerOf(text) ?? marker
      const flood = 'x'.repeat(5_000)
      const answer = markerOf(text) ? `${marker} ready\n` : `${marker} begin 1\n${flood}\n${marker} end 1\n`
      say(new TextEncoder().encode(answer))
    })
    const shell = await open(channel)
    await expect(shell.exchange('s', LIMITS)).rejects.toMatchObject({ code: 'outputTooLarge' })
    await expect(shell.exchange('s', LIMITS)).rejects.toMatchObject({ code: 'outputTooLarge' })
  })

  it('a late answer is dropped, and the next request waits for it', async () => {
    let marker = ''
    const asked: string[] = []
    let say: (bytes: Uint8Array) => void = () => undefined
    const channel = new PlayedChannel((text, tell) => {
      say = tell
      const found = markerOf(text)
      marker = found ?? marker
      if (found) tell(new TextEncoder().encode(`${marker} ready\n`))
      else asked.push(text.trim())
    })
    const answer = (number: number, body: string): void => {
      say(new TextEncoder().encode(`${marker} begin ${number}\n${body}\n${marker} end ${number}\n`))
    }
    const shell = await open(channel)
    await expect(shell.exchange('s', { ...LIMITS, deadlineMs: 20 })).rejects.toMatchObject({
      code: 'deadlineExceeded'
    })
    const second = shell.exchange('s', LIMITS)
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toEqual(['s 1'])
    answer(1, 'late')
    await new Promise((resolve) => setImmediate(resolve))
    expect(asked).toEqual(['s 1', 's 2'])
    answer(2, 'right')
    expect(await second).toBe('right')
  })
})

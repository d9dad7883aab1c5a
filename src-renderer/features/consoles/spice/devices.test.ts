/** Keys, pointer, the guest's cursor and its agent. */
import { describe, expect, it } from 'vitest'
import { Agent } from './agent.ts'
import { Cursor, type CursorShape } from './cursor.ts'
import { Inputs } from './inputs.ts'
import { Main } from './main.ts'
import { scanCodeOf } from './scan-codes.ts'
import { joined, pack, Reader } from './wire.ts'

interface Said {
  readonly type: number
  readonly body: Uint8Array
}

function listener() {
  const said: Said[] = []
  const send = (type: number, body: Uint8Array = new Uint8Array(0)): void => void said.push({ type, body })
  return { said, send, take: () => said.splice(0).map(({ type, body }) => [type, [...body]] as const) }
}

describe('keys', () => {
  it('are scan codes, with E0 before those that came later', () => {
    const { send, take } = listener()
    const inputs = new Inputs(send)
    for (const code of ['KeyA', 'ArrowUp', 'Pause', 'NoSuchKey']) {
      inputs.key(code, true)
      inputs.key(code, false)
    }
    expect(take()).toEqual([
      [101, [0x1e, 0, 0, 0]],
      [102, [0x9e, 0, 0, 0]],
      [101, [0xe0, 0x48, 0, 0]],
      [102, [0xe0, 0xc8, 0, 0]],
      [101, [0xe1, 0x1d, 0x45, 0]],
      [102, [0xe1, 0x9d, 0xc5, 0]]
    ])
  })

  it('has one for every key of a US keyboard, each another', () => {
    const codes = [
      ...[...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((letter) => `Key${letter}`),
      ...[...'0123456789'].flatMap((digit) => [`Digit${digit}`, `Numpad${digit}`]),
      ...Array.from({ length: 12 }, (_, index) => `F${index + 1}`),
      ...['Control', 'Alt', 'Shift', 'Meta'].flatMap((name) => [`${name}Left`, `${name}Right`])
    ]
    const downs = codes.map((code) => scanCodeOf(code)?.down)
    expect(downs).not.toContain(undefined)
    expect(new Set(downs).size).toBe(codes.length)
  })

  it('are let go with the focus, and an end without a beginning is not the guest’s', () => {
    const { send, take } = listener()
    const inputs = new Inputs(send)
    inputs.key('Enter', false)
    inputs.key('ControlLeft', true)
    inputs.button('left', true)
    take()
    inputs.releaseAll()
    inputs.releaseAll()
    expect(take()).toEqual([
      [102, [0x9d, 0, 0, 0]],
      [114, [1, 0, 0]]
    ])
  })

  it('makes the guest’s lock keys the workstation’s, once', () => {
    const { send, take } = listener()
    const inputs = new Inputs(send)
    inputs.handle(101, pack(['u16', 2]))
    inputs.setLocks(2)
    inputs.setLocks(4)
    inputs.setLocks(4)
    expect(take()).toEqual([[103, [4, 0]]])
  })
})

describe('the pointer', () => {
  it('never has more than eight motions on the way, and then sends only the newest', () => {
    const { send, take } = listener()
    const inputs = new Inputs(send)
    for (let x = 0; x < 20; x++) inputs.moveTo({ x, y: 1 })
    expect(take()).toHaveLength(8)
    inputs.handle(111, new Uint8Array(0))
    expect(take()).toEqual([[112, [19, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]])
  })

  it('adds up what could not be sent where the guest is told how far it moved', () => {
    const { send, take } = listener()
    const inputs = new Inputs(send)
    for (let step = 0; step < 12; step++) inputs.moveBy({ x: 2, y: -1 })
    take()
    inputs.handle(111, new Uint8Array(0))
    expect(take()).toEqual([[111, [8, 0, 0, 0, 252, 255, 255, 255, 0, 0]]])
  })

  it('is asked for as an absolute one where the guest has a tablet', () => {
    const { send, take } = listener()
    const modes: string[] = []
    const events = { pointerMode: (mode: string) => modes.push(mode), agent: () => 0, guestText: () => 0 }
    const main = new Main(send, events as never, { viewOnly: false })
    main.handle(105, pack(['u16', 3], ['u16', 1]))
    expect(take()).toEqual([[105, [2, 0]]])
    main.handle(105, pack(['u16', 3], ['u16', 2]))
    main.handle(105, pack(['u16', 1], ['u16', 1]))
    expect(take()).toEqual([])
    expect(modes).toEqual(['relative', 'absolute', 'relative'])
  })
})

describe('the guest’s cursor', () => {
  const head = (flags: number, type: number, width: number, height: number): Uint8Array =>
    joined(
      pack(['u16', 3], ['u16', 4], ['u8', 1], ['u16', flags], ['u64', 9], ['u8', type]),
      pack(['u16', width], ['u16', height], ['u16', 1], ['u16', 0])
    )
  function played() {
    const shapes: (CursorShape | string)[] = []
    return {
      shapes,
      cursor: new Cursor({ shape: (shape) => void shapes.push(shape), moved: () => undefined })
    }
  }
  const pixels = (shape: CursorShape | string | undefined): number[] =>
    typeof shape === 'object' ? [...shape.picture.pixels] : []

  it('comes with alpha, from the cache, and goes', () => {
    const { cursor, shapes } = played()
    cursor.handle(103, joined(head(2, 0, 2, 1), Uint8Array.of(1, 2, 3, 255, 0, 0, 0, 0)))
    cursor.handle(105, new Uint8Array(0))
    cursor.handle(103, head(4, 0, 0, 0))
    cursor.handle(107, pack(['u64', 9]))
    cursor.handle(103, head(4, 0, 0, 0))
    expect(shapes.map((shape) => (typeof shape === 'string' ? shape : pixels(shape)))).toEqual([
      [0xff010203, 0],
      'hidden',
      [0xff010203, 0],
      'unknown'
    ])
    expect(shapes[0]).toMatchObject({ hot: { x: 1, y: 0 } })
  })

  it('comes as two masks', () => {
    const { cursor, shapes } = played()
    // Set in the first: see-through, or where the second is set too, the screen inverted; else black or white.
    cursor.handle(103, joined(head(0, 1, 4, 1), Uint8Array.of(0b11000000, 0b01010000)))
    expect(pixels(shapes[0])).toEqual([0, 0xff000000, 0xff000000, 0xffffffff])
  })

  it('is refused when it is too large', () => {
    expect(() => played().cursor.handle(103, head(0, 0, 257, 4))).toThrow(RangeError)
  })
})

describe('the agent', () => {
  const message = (type: number, body: Uint8Array): Uint8Array =>
    joined(pack(['u32', 1], ['u32', type], ['u64', 0], ['u32', body.length]), body)
  function played(viewOnly = false) {
    const { said, send } = listener()
    const texts: string[] = []
    const events = { agent: () => undefined, guestText: (text: string) => void texts.push(text) }
    const agent = new Agent(send, events, { viewOnly })
    /** What the agent was told: types of its messages, and their bodies. */
    const told = (): (readonly [number, Uint8Array])[] => {
      const all = joined(
        ...said
          .splice(0)
          .filter(({ type }) => type === 107)
          .map(({ body }) => body)
      )
      const messages: (readonly [number, Uint8Array])[] = []
      for (let reader = new Reader(all); reader.left > 0;) {
        reader.u32()
        const type = reader.u32()
        reader.u64()
        messages.push([type, reader.bytes(reader.u32())])
      }
      return messages
    }
    return { agent, texts, told, said }
  }

  it('gives what the guest copied, in however many pieces it comes', () => {
    const { agent, texts, told } = played()
    agent.connected(10)
    expect(told().map(([type]) => type)).toEqual([6])
    agent.received(message(7, pack(['u32', 1])))
    expect(told().map(([type, body]) => [type, [...body]])).toEqual([[8, [1, 0, 0, 0]]])
    const text = 'grüße '.repeat(1_000)
    const whole = message(4, joined(pack(['u32', 1]), new TextEncoder().encode(text)))
    for (let at = 0; at < whole.length; at += 2_000) agent.received(whole.subarray(at, at + 2_000))
    expect(texts).toEqual([text])
  })

  it('drops a text that is too long, and reads the next', () => {
    const { agent, texts } = played()
    agent.connected(10)
    const piece = new Uint8Array(2_048)
    agent.received(pack(['u32', 1], ['u32', 4], ['u64', 0], ['u32', 2_048 * 300]))
    for (let count = 0; count < 300; count++) agent.received(piece)
    agent.received(message(4, joined(pack(['u32', 1]), new TextEncoder().encode('after'))))
    expect(texts).toEqual(['after'])
  })

  it('offers a text, gives it when it is asked, and no more pieces than the agent takes', () => {
    const { agent, told, said } = played()
    agent.connected(3)
    agent.offer('x'.repeat(5_000))
    expect(told().map(([type]) => type)).toEqual([6, 7])
    agent.received(message(8, pack(['u32', 1])))
    expect(said.filter(({ type }) => type === 107)).toHaveLength(1)
    agent.granted(10)
    const [given] = told()
    expect(given?.[0]).toBe(4)
    expect(given?.[1].length).toBe(5_004)
  })

  it('is told nothing by who only looks', () => {
    const { agent, said, texts } = played(true)
    agent.connected(10)
    agent.offer('secret')
    agent.received(message(4, joined(pack(['u32', 1]), new TextEncoder().encode('x'))))
    expect([said, texts]).toEqual([[], []])
  })
})

import { describe, expect, it } from 'vitest'
import { pastable, strokeOf, untypable } from './keyboard.ts'
import { keysMenu, pressTogether, typeText } from './send-keys.ts'

describe('typing', () => {
  it('has a key for everything on a US keyboard', () => {
    for (let code = 0x20; code < 0x7f; code++) {
      const character = String.fromCharCode(code)
      expect(strokeOf(character), character).not.toBeNull()
    }
    expect(strokeOf('A')).toEqual({ key: { keysym: 65, code: 'KeyA' }, shift: true })
    expect(strokeOf('?')).toEqual({ key: { keysym: 63, code: 'Slash' }, shift: true })
    expect(strokeOf('\n')?.key.code).toBe('Enter')
  })

  it('says what has none, each once', () => {
    expect(untypable('café é 虚\r\n')).toEqual(['é', '虚'])
  })

  it('holds Shift around what needs it, and leaves out what has no key', async () => {
    const sent: [number, boolean][] = []
    const rfb = {
      sendKey: (keysym: number, _code: string | null, down?: boolean) =>
        void sent.push([keysym, down === true])
    }
    const steps: number[] = []
    await typeText(() => rfb as never, 'aé!', {
      signal: new AbortController().signal,
      onTyped: (done, total) => steps.push(done / total)
    })
    expect(sent).toEqual([
      [97, true],
      [97, false],
      [0xffe1, true],
      [33, true],
      [33, false],
      [0xffe1, false]
    ])
    expect(steps).toEqual([0.5, 1])
  })

  it('lets go in the other order, and offers the keys that a workstation keeps to itself', () => {
    const sent: string[] = []
    const rfb = {
      sendKey: (_: number, code: string | null, down?: boolean) =>
        void sent.push(`${String(code)}${down === true ? '↓' : '↑'}`)
    }
    const items = keysMenu({ combos: 'c', function: 'f' }, (keys) => pressTogether(rfb, keys))
    const first = items.find((item) => item.id === 'Ctrl + Alt + Del')
    if (first === undefined || !('onSelect' in first)) throw new Error('no such item')
    first.onSelect()
    expect(sent).toEqual(['ControlLeft↓', 'AltLeft↓', 'Delete↓', 'Delete↑', 'AltLeft↑', 'ControlLeft↑'])
    expect(items.filter(({ id }) => /^F\d+$/.test(id))).toHaveLength(12)
  })
})

describe('what is pasted', () => {
  it('has no control characters but line ends and tabs', () => {
    expect(pastable('a\r\nb\tc\x1b[201~d\x07\u0085e')).toBe('a\nb\tc[201~de')
  })
})

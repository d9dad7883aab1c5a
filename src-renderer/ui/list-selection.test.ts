import { describe, expect, it } from 'vitest'
import { shallowRef } from 'vue'
import { useListSelection } from './list-selection.ts'

function setUp(keys = ['a', 'b', 'c', 'd']) {
  const selected = shallowRef<ReadonlySet<string>>(new Set())
  const shown = shallowRef(keys)
  const selection = useListSelection(selected, () => shown.value)
  const press = (key: string, active: number, init: KeyboardEventInit = {}): boolean =>
    selection.takeKey(new KeyboardEvent('keydown', { key, ...init }), active)
  return { selected, shown, selection, press, ticked: () => [...selected.value].sort().join('') }
}

describe('ticking entries', () => {
  it('ticks by Space, all by Ctrl+A, none by Esc, and leaves other keys alone', () => {
    const { press, ticked, selection } = setUp()
    expect(press(' ', 1)).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['b', 'mixed'])
    expect(press('a', 1)).toBe(false)
    expect(press('a', 1, { ctrlKey: true })).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['abcd', true])
    press(' ', 1)
    expect(ticked()).toBe('acd')
    expect(press('Escape', 1)).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['', false])
    // Without a tick, Esc belongs to whoever is around.
    expect(press('Escape', 1)).toBe(false)
    expect(press(' ', -1)).toBe(false)
  })

  it('keeps what a filter hides, and ticks on the way in both directions', () => {
    const { selection, shown, ticked } = setUp()
    selection.tickBetween(2, 1)
    expect(ticked()).toBe('bc')
    shown.value = ['d', 'c']
    expect(selection.headTick.value).toBe('mixed')
    selection.tickAll(false)
    expect(ticked()).toBe('b')
    expect(selection.headTick.value).toBe(false)
  })

  it('gives a range what its last entry gets, from the one that was picked before', () => {
    const { selection, press, ticked, shown } = setUp()
    selection.pick(3, false)
    selection.pick(1, true)
    expect(ticked()).toBe('bcd')
    press(' ', 2, { shiftKey: true })
    expect(ticked()).toBe('d')
    // The order changed: the range begins where the entry is now.
    shown.value = ['c', 'a', 'b', 'd']
    selection.pick(2, true)
    expect(ticked()).toBe('abcd')
    // What it began at is hidden: the entry alone.
    shown.value = ['a', 'd']
    selection.pick(0, true)
    expect(ticked()).toBe('bcd')
  })

  it('tells places of an entry that is shown twice apart', () => {
    const { selection, ticked } = setUp(['a', 'b', 'c', 'a', 'd'])
    selection.pick(3, false)
    selection.pick(4, true)
    expect(ticked()).toBe('ad')
  })
})

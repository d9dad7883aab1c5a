import { describe, expect, it } from 'vitest'
import { shallowRef } from 'vue'
import { useTableSelection } from './table-selection.ts'

function setUp(keys = ['a', 'b', 'c', 'd']) {
  const selected = shallowRef<ReadonlySet<string>>(new Set())
  const shown = shallowRef(keys)
  const selection = useTableSelection(selected, () => shown.value)
  const press = (key: string, active: string | null, init: KeyboardEventInit = {}): boolean =>
    selection.takeKey(new KeyboardEvent('keydown', { key, ...init }), active)
  return { selected, shown, selection, press, ticked: () => [...selected.value].sort().join('') }
}

describe('ticking rows', () => {
  it('ticks by Space, all by Ctrl+A, none by Esc, and leaves other keys alone', () => {
    const { press, ticked, selection } = setUp()
    expect(press(' ', 'b')).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['b', 'mixed'])
    expect(press('a', 'b')).toBe(false)
    expect(press('a', 'b', { ctrlKey: true })).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['abcd', true])
    press(' ', 'b')
    expect(ticked()).toBe('acd')
    expect(press('Escape', 'b')).toBe(true)
    expect([ticked(), selection.headTick.value]).toEqual(['', false])
    // Without a tick, Esc belongs to whoever is around.
    expect(press('Escape', 'b')).toBe(false)
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
})

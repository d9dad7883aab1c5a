import { describe, expect, it } from 'vitest'
import { groupAt, groupEvents } from './event-groups.ts'
import { GRID } from './geometry.ts'
import type { ChartEvent } from './types.ts'

/** One pixel of the plot is one second. */
const WIDTH = 1_000 + GRID.left + GRID.right
const START = Date.UTC(2026, 10, 20, 10)
const range = { fromAtMs: START, toAtMs: START + 1_000_000 }
const at = (second: number, tone: ChartEvent['tone'] = 'neutral'): ChartEvent => ({
  atMs: START + second * 1_000,
  label: `at ${second}`,
  tone
})
const counts = (events: readonly ChartEvent[]) =>
  groupEvents(events, range, WIDTH).map((group) => group.events.length)

describe('groupEvents', () => {
  it('leaves events alone that can be told apart, and leaves out what is not in view', () => {
    expect(counts([at(10), at(100), at(900), at(-5), at(1_001)])).toEqual([1, 1, 1])
  })

  it('makes one of those that touch, whatever order they come in', () => {
    const groups = groupEvents([at(120), at(100), at(110), at(500)], range, WIDTH)
    expect(groups.map((group) => group.events.map((event) => event.label))).toEqual([
      ['at 100', 'at 110', 'at 120'],
      ['at 500']
    ])
    expect(groups[0]?.x).toBeCloseTo(GRID.left + 110, 3)
  })

  it('loses none of two thousand', () => {
    const many = Array.from({ length: 2_000 }, (_, index) => at((index * 7919) % 1_000))
    const groups = groupEvents(many, range, WIDTH)
    expect(groups.reduce((sum, group) => sum + group.events.length, 0)).toBe(2_000)
    expect(groups.length).toBeLessThan(80)
  })

  it('takes the gravest tone: a crash does not hide among starts', () => {
    expect(groupEvents([at(1, 'ok'), at(2, 'red'), at(3, 'ok')], range, WIDTH)[0]?.tone).toBe('red')
  })
})

describe('groupAt', () => {
  const groups = groupEvents([at(100), at(110), at(300)], range, WIDTH)
  const found = (second: number) => groupAt(groups, START + second * 1_000, range, WIDTH, 6)

  it('finds the group under the pointer, all along its span and a little beyond', () => {
    for (const second of [95, 100, 105, 116]) expect(found(second)).toBe(groups[0])
    expect(found(296)).toBe(groups[1])
  })

  it('finds nothing between groups', () => {
    expect(found(200)).toBeNull()
  })
})

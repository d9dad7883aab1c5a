import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { foldedDiff, lineDiff } from './line-diff.ts'

const lines = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 })

describe('differences line by line', () => {
  it('lead from one text to the other, and equal ones have none', () => {
    fc.assert(
      fc.property(lines, lines, (before, after) => {
        const diff = lineDiff(before, after)
        const without = (kind: string) => diff.filter((line) => line.kind !== kind).map(({ text }) => text)
        expect(without('added')).toEqual(before)
        expect(without('removed')).toEqual(after)
      })
    )
    expect(lineDiff(['a', 'b'], ['a', 'b']).every(({ kind }) => kind === 'same')).toBe(true)
  })

  it('are the shortest: one changed line is one out and one in', () => {
    expect(lineDiff(['a', 'b', 'c'], ['a', 'x', 'c'])).toEqual([
      { kind: 'same', text: 'a' },
      { kind: 'removed', text: 'b' },
      { kind: 'added', text: 'x' },
      { kind: 'same', text: 'c' }
    ])
  })

  it('of very long texts take no time', () => {
    const long = (mark: string) => Array.from({ length: 20_000 }, (_, index) => `${mark}${index}`)
    const startedMs = performance.now()
    expect(lineDiff(long('a'), long('b'))).toHaveLength(40_000)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })

  it('fold what is equal and far away, and nothing is lost by it', () => {
    const before = Array.from({ length: 40 }, (_, index) => String(index))
    const after = before.map((line) => (line === '20' ? 'x' : line))
    const parts = foldedDiff(lineDiff(before, after))
    expect(parts.map((part) => (part.kind === 'gap' ? part.count : part.lines.length))).toEqual([17, 8, 16])
    expect(parts.flatMap((part) => part.lines)).toHaveLength(41)
  })
})

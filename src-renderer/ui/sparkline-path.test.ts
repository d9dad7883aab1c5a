import { expect, it } from 'vitest'
import { sparklinePath } from './sparkline-path.ts'

it('draws a gap as a gap', () => {
  expect(sparklinePath([1, 1, null, 1], 30, 12)).toBe('M0.0 1.0L10.0 1.0M30.0 1.0')
})

it('puts the newest value at the right edge while the line is still short', () => {
  expect(sparklinePath([0, 2], 30, 12, 4)).toBe('M20.0 11.0L30.0 1.0')
})

it('lays a line of zeros on the floor, and nothing for no values', () => {
  expect(sparklinePath([0, 0], 10, 12)).toBe('M0.0 11.0L10.0 11.0')
  expect(sparklinePath([], 10, 12)).toBe('')
  expect(sparklinePath([null, null], 10, 12)).toBe('')
})

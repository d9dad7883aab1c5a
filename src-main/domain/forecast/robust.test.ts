import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, orderCertainty, robustLine } from './robust.ts'

describe('robust figures', () => {
  it('takes the middle', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('finds a line that a third of wild values does not move', () => {
    const x = Array.from({ length: 30 }, (_unused, index) => index)
    const line = robustLine(
      x,
      x.map((at) => (at % 3 === 1 ? 100 : 2 * at + 1))
    )
    expect(line.slope).toBeCloseTo(2, 0)
  })

  it('is never more certain than the order of the values lets it be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 48 }),
        (y) => {
          const { certainty } = robustLine(
            y.map((_value, index) => index),
            y
          )
          expect(Math.abs(certainty)).toBeLessThanOrEqual(Math.abs(orderCertainty(y)))
          expect(Math.sign(certainty)).toBe(Math.sign(orderCertainty(y)))
        }
      )
    )
  })
})

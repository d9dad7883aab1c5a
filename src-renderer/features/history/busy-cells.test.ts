import { expect, it } from 'vitest'
import type { BusyHour } from '#contract/history.ts'
import { busyCells, extremes } from './busy-cells.ts'

const hour = (weekday: number, at: number, mean: number): BusyHour => ({
  weekday,
  hour: at,
  mean,
  max: mean * 2,
  count: 12
})

it('places each hour, leaves the others without a value, and measures by the busiest', () => {
  const cells = busyCells([hour(0, 9, 0.2), hour(6, 23, 0.8)])
  expect(cells.flat()).toHaveLength(168)
  expect(cells[0]?.[9]).toMatchObject({ share: 0.25, busy: { mean: 0.2 } })
  expect(cells[6]?.[23]?.share).toBe(1)
  expect(cells[3]?.[3]).toMatchObject({ share: 0, busy: null })
})

it('divides nothing by nothing: a week of zeros is calm, no week is none', () => {
  expect(busyCells([hour(1, 1, 0)])[1]?.[1]?.share).toBe(0)
  expect(extremes([])).toBeNull()
})

it('finds the busiest and the idlest hour', () => {
  const found = extremes([hour(0, 9, 0.2), hour(6, 23, 0.8), hour(2, 4, 0.1)])
  expect([found?.busiest.weekday, found?.idlest.hour]).toEqual([6, 4])
})

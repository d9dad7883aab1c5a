/** Finds the newest stretch of a series that goes one way: what was before a step or a bend says nothing of what comes. Pure. */
import type { Bins } from './bins.ts'

/** A stretch of fewer bins is too young to be judged. */
export const LEAST_BINS = 8
/** A bend or step is believed when it leaves less than this share of the squared error of one straight line. */
const BELIEVED = 0.42
/** Two levels are simpler than two lines: taken where they explain about as much. */
const AS_GOOD = 1.3
/** Neither part of a cut is shorter. */
const LEAST_PART = 3

export interface Stretch {
  /** First bin of it. */
  readonly from: number
  /** It begins with a jump: the level is new. */
  readonly isStep: boolean
}

/** From the last step or bend on; null while it is too young to be judged. */
export function newestStretch({ x, y }: Bins): Stretch | null {
  const sums = prefixSums(x, y)
  const count = x.length
  const straight = lineError(sums, 0, count)
  let best: Stretch & { error: number } = { from: 0, isStep: false, error: straight * BELIEVED }
  for (let cut = LEAST_PART; cut <= count - LEAST_PART; cut++) {
    const bend = lineError(sums, 0, cut) + lineError(sums, cut, count)
    if (bend < best.error) best = { from: cut, isStep: false, error: bend }
  }
  for (let cut = LEAST_PART; cut <= count - LEAST_PART; cut++) {
    const step = levelError(sums, 0, cut) + levelError(sums, cut, count)
    if (step < straight * BELIEVED && step <= best.error * (best.isStep ? 1 : AS_GOOD))
      best = { from: cut, isStep: true, error: step }
  }
  return count - best.from < LEAST_BINS ? null : { from: best.from, isStep: best.isStep }
}

/** Sums of all values before each place, so that the error of any part costs nothing more. */
interface Sums {
  readonly x: number[]
  readonly y: number[]
  readonly xx: number[]
  readonly xy: number[]
  readonly yy: number[]
}

function prefixSums(x: readonly number[], y: readonly number[]): Sums {
  const sums: Sums = { x: [0], y: [0], xx: [0], xy: [0], yy: [0] }
  // Centred and in units of the whole, so that squares of milliseconds lose nothing.
  const [firstX, firstY] = [x[0] ?? 0, y[0] ?? 0]
  const width = Math.max(1, (x.at(-1) ?? 1) - firstX)
  let [sumX, sumY, sumXX, sumXY, sumYY] = [0, 0, 0, 0, 0]
  for (let index = 0; index < x.length; index++) {
    const one = ((x[index] ?? 0) - firstX) / width
    const other = (y[index] ?? 0) - firstY
    sums.x.push((sumX += one))
    sums.y.push((sumY += other))
    sums.xx.push((sumXX += one * one))
    sums.xy.push((sumXY += one * other))
    sums.yy.push((sumYY += other * other))
  }
  return sums
}

const between = (sums: readonly number[], from: number, to: number): number =>
  (sums[to] ?? 0) - (sums[from] ?? 0)

/** Squared deviations from the mean. */
function levelError({ y, yy }: Sums, from: number, to: number): number {
  const sum = between(y, from, to)
  return Math.max(0, between(yy, from, to) - (sum * sum) / (to - from))
}

/** Squared deviations from the line of least squares. */
function lineError(sums: Sums, from: number, to: number): number {
  const count = to - from
  const [sumX, sumY] = [between(sums.x, from, to), between(sums.y, from, to)]
  const width = between(sums.xx, from, to) - (sumX * sumX) / count
  const slant = between(sums.xy, from, to) - (sumX * sumY) / count
  const explained = width <= 0 ? 0 : (slant * slant) / width
  return Math.max(0, levelError(sums, from, to) - explained)
}

/** Statistics that a few wild values do not move. Pure; all take plain arrays of finite numbers. */

/** Fewer are sorted faster by hand than by the runtime. */
const FEW = 24

/** The middle value; the mean of the two middle ones. NaN of nothing. */
export function median(values: readonly number[]): number {
  const half = values.length >> 1
  if (values.length === 0) return NaN
  const sorted = values.length > FEW ? new Float64Array(values).sort() : sortedFew(values)
  return values.length % 2 === 1
    ? (sorted[half] ?? NaN)
    : ((sorted[half - 1] ?? NaN) + (sorted[half] ?? NaN)) / 2
}

/** By insertion. */
function sortedFew(values: readonly number[]): number[] {
  const sorted = values.slice()
  for (let next = 1; next < sorted.length; next++) {
    const value = sorted[next] ?? 0
    let place = next
    for (; place > 0 && (sorted[place - 1] ?? 0) > value; place--) sorted[place] = sorted[place - 1] ?? 0
    sorted[place] = value
  }
  return sorted
}

/** Of normal noise, the median deviation times this is the standard deviation. */
const NORMAL = 1.4826

/** Spread of the values around zero, as a standard deviation that outliers do not move. */
export const spread = (deviations: readonly number[]): number =>
  deviations.length === 0 ? 0 : NORMAL * median(deviations.map(Math.abs))

export interface RobustLine {
  /** Change of y per unit of x. */
  readonly slope: number
  /** Bounds of the slope: it lies between them nine times of ten. */
  readonly slopeLow: number
  readonly slopeHigh: number
  /** y at x = 0. */
  readonly intercept: number
  /** Deviations of the values from the line, in their order. */
  readonly residuals: readonly number[]
  /** How far the order of the values is from chance, in standard deviations; its sign is that of the slope. */
  readonly certainty: number
}

/** Two-sided 90 % of a normal distribution. */
const NINE_OF_TEN = 1.645
/** Neighbours that resemble each other tell less than their number: at most this much less. */
const MOST_INFLATION = 8
/** A line that rises by so many spreads is one, however its small deviations resemble each other. */
const CLEAN = 100

/** Used again by each line: it is asked for thousands of times a minute. */
let slopeBuffer = new Float64Array(0)

/**
 * The line of Theil and Sen (the median of the slopes of all pairs), with the certainty of Mann and Kendall (how many pairs
 * rise more than fall), corrected for neighbours that resemble each other. Needs three points or more, x rising.
 * Sources: Sen 1968, Journal of the American Statistical Association 63; Hamed and Rao 1998, Journal of Hydrology 204.
 */
export function robustLine(x: readonly number[], y: readonly number[]): RobustLine {
  const count = x.length
  const pairs = (count * (count - 1)) / 2
  if (pairs > slopeBuffer.length) slopeBuffer = new Float64Array(pairs)
  const slopes = slopeBuffer.subarray(0, pairs)
  let pair = 0
  for (let later = 1; later < count; later++) {
    const [atX, atY] = [x[later] ?? 0, y[later] ?? 0]
    for (let earlier = 0; earlier < later; earlier++)
      slopes[pair++] = (atY - (y[earlier] ?? 0)) / (atX - (x[earlier] ?? 0))
  }
  const at = (place: number): number =>
    nthOf(slopes, Math.max(0, Math.min(slopes.length - 1, Math.round(place))))
  const middle = (slopes.length - 1) / 2
  const slope = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2
  const intercept = median(y.map((value, index) => value - slope * (x[index] ?? 0)))
  const residuals = y.map((value, index) => value - intercept - slope * (x[index] ?? 0))
  const rise = Math.abs(slope * ((x[count - 1] ?? 0) - (x[0] ?? 0)))
  const wider = Math.sqrt(rise > CLEAN * spread(residuals) ? 1 : inflation(residuals))
  const reach = (NINE_OF_TEN * orderDeviation(count) * wider) / 2
  return {
    slope,
    slopeLow: at(middle - reach),
    slopeHigh: at(middle + reach),
    intercept,
    residuals,
    certainty: orderCertainty(y) / wider
  }
}

/** The value at a place, were they sorted; brings them into another order (Hoare's find, 1961). */
function nthOf(values: Float64Array, place: number): number {
  let [from, to] = [0, values.length - 1]
  while (from < to) {
    const pivot = values[place]!
    let [low, high] = [from, to]
    while (low <= high) {
      while (values[low]! < pivot) low++
      while (values[high]! > pivot) high--
      if (low > high) break
      const swapped = values[low]!
      values[low++] = values[high]!
      values[high--] = swapped
    }
    if (high < place) from = low
    if (low > place) to = high
  }
  return values[place] ?? 0
}

/** Standard deviation of "pairs that rise less pairs that fall", of values without a trend. */
const orderDeviation = (count: number): number => Math.sqrt((count * (count - 1) * (2 * count + 5)) / 18)

/**
 * The certainty of Mann and Kendall as if neighbours did not resemble each other: `robustLine` never gives more, and this costs a
 * small part of it.
 */
export function orderCertainty(y: readonly number[]): number {
  let rising = 0
  for (let later = 1; later < y.length; later++) {
    const atY = y[later] ?? 0
    for (let earlier = 0; earlier < later; earlier++) {
      const before = y[earlier] ?? 0
      if (atY > before) rising++
      else if (atY < before) rising--
    }
  }
  const deviation = orderDeviation(y.length)
  return deviation === 0 ? 0 : (rising - Math.sign(rising)) / deviation
}

/** How much wider chance is because a value resembles the one before it. */
function inflation(residuals: readonly number[]): number {
  let same = 0
  let all = 0
  for (let index = 0; index < residuals.length; index++) {
    const value = residuals[index] ?? 0
    all += value * value
    if (index > 0) same += value * (residuals[index - 1] ?? 0)
  }
  const likeness = all === 0 ? 0 : Math.max(0, same / all)
  return Math.min(MOST_INFLATION, (1 + likeness) / Math.max(1e-9, 1 - likeness))
}

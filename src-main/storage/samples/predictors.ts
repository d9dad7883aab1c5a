/**
 * What is left of a column when each step was guessed from those before it. Part of the column's codec, version 1: both
 * directions do the same sums in the same order. Columns whose steps stay within ± 2^26 (nearly all) are done in 32-bit
 * integers, which is several times as fast; the others in doubles, with predictors of their own.
 */
import { unzigzag, zigzag } from './bytes.ts'

/**
 * value: the step itself, above the smallest one. delta: from the step before. mean: from a running mean of the steps.
 * slope: from the step before plus a running mean of the deltas; for counters and times.
 */
export const PREDICTORS = ['value', 'delta', 'mean', 'slope', 'wideValue', 'wideDelta', 'wideSlope'] as const
export type Predictor = (typeof PREDICTORS)[number]
export type NarrowPredictor = 'value' | 'delta' | 'mean' | 'slope'
export type WidePredictor = Exclude<Predictor, NarrowPredictor>
export const NARROW: readonly NarrowPredictor[] = ['value', 'delta', 'mean', 'slope']
export const WIDE: readonly WidePredictor[] = ['wideValue', 'wideDelta', 'wideSlope']

/** Of the steps of a narrow column. Running sums are kept 16-fold, so they stay below 2^31. */
export const NARROW_SPREAD = 2 ** 26
/** Beyond this the zigzag of a difference would not be a whole number any more. */
export const WIDE_SPREAD = 2 ** 50

const MEAN_SHIFT = 2
const SLOPE_SHIFT = 4
const SLOPE_SHARE = 1 / 16

/** Fills `into` with residuals (not below 0); returns about the bits that they need. */
export function narrowResiduals(
  steps: Int32Array,
  predictor: NarrowPredictor,
  smallest: number,
  into: Int32Array
): number {
  let bits = 0
  let before = 0
  let sum = 0
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] ?? 0
    let guess = before
    if (predictor === 'mean') {
      guess = (sum + 2) >> MEAN_SHIFT
      sum = (sum + step - guess) | 0
    } else if (predictor === 'slope') {
      guess = (before + ((sum + 8) >> SLOPE_SHIFT)) | 0
      const delta = (step - before) | 0
      sum = at === 1 ? delta << SLOPE_SHIFT : (sum + delta - ((sum + 8) >> SLOPE_SHIFT)) | 0
    }
    const difference = (step - guess) | 0
    const residual = predictor === 'value' ? (step - smallest) | 0 : (difference << 1) ^ (difference >> 31)
    before = step
    into[at] = residual
    bits = (bits + 32 - Math.clz32(residual)) | 0
  }
  return bits
}

/** The reverse. */
export function restoreNarrow(
  residuals: Int32Array,
  predictor: NarrowPredictor,
  smallest: number,
  into: Int32Array
): void {
  let before = 0
  let sum = 0
  for (let at = 0; at < residuals.length; at++) {
    const residual = residuals[at] ?? 0
    const difference = (residual >>> 1) ^ -(residual & 1)
    let step = (before + difference) | 0
    if (predictor === 'value') step = (residual + smallest) | 0
    else if (predictor === 'mean') {
      const guess = (sum + 2) >> MEAN_SHIFT
      step = (guess + difference) | 0
      sum = (sum + step - guess) | 0
    } else if (predictor === 'slope') {
      const guess = (sum + 8) >> SLOPE_SHIFT
      const delta = (guess + difference) | 0
      step = (before + delta) | 0
      sum = at === 1 ? delta << SLOPE_SHIFT : (sum + delta - guess) | 0
    }
    before = step
    into[at] = step
  }
}

/** As `narrowResiduals`, for steps that differ by less than 2^50; by less than 2^53 for `wideValue`. */
export function wideResiduals(
  steps: Float64Array,
  predictor: WidePredictor,
  smallest: number,
  into: Float64Array
): number {
  let bits = 0
  let before = 0
  let slope = 0
  for (let at = 0; at < steps.length; at++) {
    const step = steps[at] ?? 0
    let residual = step - smallest
    if (predictor !== 'wideValue') {
      residual = zigzag(step - before - Math.round(slope))
      const delta = step - before
      if (predictor === 'wideSlope') slope = at === 1 ? delta : slope + (delta - slope) * SLOPE_SHARE
      before = step
    }
    into[at] = residual
    bits += Math.log2(residual + 1)
  }
  return bits
}

/** The reverse, in place. */
export function restoreWide(values: Float64Array, predictor: WidePredictor, smallest: number): void {
  let before = 0
  let slope = 0
  for (let at = 0; at < values.length; at++) {
    const residual = values[at] ?? 0
    if (predictor === 'wideValue') {
      values[at] = residual + smallest
      continue
    }
    const delta = Math.round(slope) + unzigzag(residual)
    if (predictor === 'wideSlope') slope = at === 1 ? delta : slope + (delta - slope) * SLOPE_SHARE
    before += delta
    values[at] = before
  }
}

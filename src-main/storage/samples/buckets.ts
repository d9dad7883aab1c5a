/** A grid of equal buckets and what fell into them. */

export interface Grid {
  /** Start of bucket 0. */
  readonly originMs: number
  readonly bucketMs: number
  readonly count: number
}

/**
 * At most `maxPoints` buckets that cover fromMs ≤ t < toMs. Their width is a multiple of `unitMs` and at least `leastMs`;
 * they begin at multiples of their width, so that they stay where they are while a live chart moves on.
 */
export function makeGrid(
  fromMs: number,
  toMs: number,
  maxPoints: number,
  unitMs: number,
  leastMs: number
): Grid {
  if (maxPoints === 1) {
    const originMs = Math.floor(fromMs / unitMs) * unitMs
    return { originMs, bucketMs: Math.ceil((toMs - originMs) / unitMs) * unitMs, count: 1 }
  }
  // One less, because a grid at multiples may need one more bucket than its length tells.
  const atLeastMs = Math.max((toMs - fromMs) / (maxPoints - 1), leastMs)
  const bucketMs = Math.max(1, Math.ceil(atLeastMs / unitMs)) * unitMs
  const first = Math.floor(fromMs / bucketMs)
  const last = Math.floor((toMs - 1) / bucketMs)
  return { originMs: first * bucketMs, bucketMs, count: last - first + 1 }
}

interface BucketColumn {
  readonly sum: Float64Array
  readonly count: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
}

/** Sums up points per column and bucket. */
export class Buckets {
  private readonly grid: Grid
  private readonly columns: readonly BucketColumn[]

  constructor(grid: Grid, columns: number) {
    this.grid = grid
    this.columns = Array.from({ length: columns }, () => ({
      sum: new Float64Array(grid.count),
      count: new Float64Array(grid.count),
      min: new Float64Array(grid.count).fill(Infinity),
      max: new Float64Array(grid.count).fill(-Infinity)
    }))
  }

  add(index: number, atMs: number, sum: number, min: number, max: number, count: number): void {
    const bucket = Math.floor((atMs - this.grid.originMs) / this.grid.bucketMs)
    const column = this.columns[index]
    if (column === undefined || bucket < 0 || bucket >= this.grid.count) return
    column.sum[bucket] = (column.sum[bucket] ?? 0) + sum
    column.count[bucket] = (column.count[bucket] ?? 0) + count
    if (min < (column.min[bucket] ?? 0)) column.min[bucket] = min
    if (max > (column.max[bucket] ?? 0)) column.max[bucket] = max
  }

  /** Buckets in which any column has a value, in order of time. */
  filled(): number[] {
    const any = new Uint8Array(this.grid.count)
    for (const { count } of this.columns)
      for (let bucket = 0; bucket < any.length; bucket++) if ((count[bucket] ?? 0) > 0) any[bucket] = 1
    const filled: number[] = []
    for (let bucket = 0; bucket < any.length; bucket++) if (any[bucket] === 1) filled.push(bucket)
    return filled
  }

  /** Values per bucket, NaN where there is none. `single`: no bucket holds more than one sample. */
  column(index: number, scale: number): BucketValues {
    const column = this.columns[index]
    if (column === undefined) throw new RangeError(`no column ${index}`)
    const { length } = column.count
    const [mean, min, max] = [new Float64Array(length), new Float64Array(length), new Float64Array(length)]
    let single = true
    for (let bucket = 0; bucket < length; bucket++) {
      const count = column.count[bucket] ?? 0
      mean[bucket] = (column.sum[bucket] ?? 0) / count / scale
      min[bucket] = count > 0 ? (column.min[bucket] ?? 0) / scale : NaN
      max[bucket] = count > 0 ? (column.max[bucket] ?? 0) / scale : NaN
      if (count > 1) single = false
    }
    return { mean, min, max, single }
  }
}

interface BucketValues {
  readonly mean: Float64Array
  readonly min: Float64Array
  readonly max: Float64Array
  readonly single: boolean
}

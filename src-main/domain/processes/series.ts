/** The kept values of one process, thinned out for a chart. */

export interface KeptMoment {
  readonly atMs: number
  /** null = there was a reading without it. */
  readonly process: {
    readonly cpuRatio: number | null
    readonly memoryRatio: number | null
    readonly residentBytes: number
  } | null
}

export interface SeriesPoint {
  readonly atMs: number
  readonly cpuRatio: number | null
  readonly memoryRatio: number | null
  readonly residentBytes: number | null
}

const MAX_POINTS = 2_000
/** Further apart than this there is a hole (means are five minutes apart): a line must break there. */
const HOLE_MS = 330_000

/** In order of time. Of too many, means over equal spans; holes stay holes. */
export function chartPoints(moments: readonly KeptMoment[], fromAtMs: number, toAtMs: number): SeriesPoint[] {
  const points: SeriesPoint[] = []
  const widthMs = moments.length <= MAX_POINTS ? 1 : Math.ceil((toAtMs - fromAtMs) / MAX_POINTS)
  let group: KeptMoment[] = []
  const flush = (): void => {
    const [first] = group
    if (first === undefined) return
    const lastAtMs = points.at(-1)?.atMs
    const isHole = lastAtMs !== undefined && first.atMs - lastAtMs > Math.max(HOLE_MS, widthMs * 2.5)
    if (isHole) points.push(hole(lastAtMs + 1))
    points.push(meanOf(group))
    group = []
  }
  let slot = Number.NaN
  for (const moment of moments) {
    const own = Math.floor((moment.atMs - fromAtMs) / widthMs)
    if (own !== slot) flush()
    slot = own
    group.push(moment)
  }
  flush()
  return points
}

const hole = (atMs: number): SeriesPoint => ({
  atMs,
  cpuRatio: null,
  memoryRatio: null,
  residentBytes: null
})

function meanOf(group: readonly KeptMoment[]): SeriesPoint {
  const mean = (value: (process: NonNullable<KeptMoment['process']>) => number | null): number | null => {
    const values = group.flatMap(({ process }) => (process === null ? [] : (value(process) ?? [])))
    return values.length === 0 ? null : values.reduce((sum, one) => sum + one, 0) / values.length
  }
  return {
    atMs: group[0]?.atMs ?? 0,
    cpuRatio: mean((one) => one.cpuRatio),
    memoryRatio: mean((one) => one.memoryRatio),
    residentBytes: mean((one) => one.residentBytes)
  }
}

/** What the threads are together. Pure. */
import type { Core } from '#contract/hardware.ts'

const BUSY_RATIO = 0.8

export interface CoreFigures {
  /** null: none has a value. */
  readonly mean: number | null
  readonly busiest: Core | null
  /** How many are above 80 %. */
  readonly busy: number
}

export function coreFigures(cores: readonly Core[]): CoreFigures {
  let sum = 0
  let known = 0
  let busy = 0
  let busiest: Core | null = null
  for (const core of cores) {
    if (core.usedRatio === null) continue
    known++
    sum += core.usedRatio
    if (core.usedRatio > BUSY_RATIO) busy++
    if (core.usedRatio > (busiest?.usedRatio ?? -1)) busiest = core
  }
  return { mean: known === 0 ? null : sum / known, busiest, busy }
}

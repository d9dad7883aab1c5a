/** The values of a watched pattern: sums over the processes that it finds. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { LiveProcess, WatchedPattern } from './process.ts'

/** One entity per pattern. `processes` 0 = nothing of it runs; what cannot be told of all its processes is absent. */
export function watchEntities(
  patterns: readonly WatchedPattern[],
  processes: readonly LiveProcess[]
): EntityValues<'watch'>[] {
  return patterns.map(({ id }) => {
    const found = processes.filter(({ watchedBy }) => watchedBy.includes(id))
    const values: MetricValues<'watch'> = { processes: found.length }
    if (found.length > 0) {
      const put = (
        metric: keyof MetricValues<'watch'>,
        each: (process: LiveProcess) => number | null
      ): void => {
        const sum = sumOf(found, each)
        if (sum !== null) values[metric] = sum
      }
      put('cpuUsedRatio', (one) => one.cpuRatio)
      put('memoryUsedBytes', (one) => one.residentBytes)
      put('memoryUsedRatio', (one) => one.memoryRatio)
      put('readBytesPerSec', (one) => one.readBytesPerSec)
      put('writeBytesPerSec', (one) => one.writeBytesPerSec)
      put('threads', (one) => one.threads)
    }
    return { kind: 'watch', key: id, values }
  })
}

/** null when one of them has no value: a sum without it would look like less. */
function sumOf(
  processes: readonly LiveProcess[],
  value: (process: LiveProcess) => number | null
): number | null {
  let sum = 0
  for (const process of processes) {
    const one = value(process)
    if (one === null) return null
    sum += one
  }
  return sum
}

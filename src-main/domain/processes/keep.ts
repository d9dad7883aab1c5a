/** Which processes the history keeps: those that take most, and those that are watched. */
import type { LiveProcess } from './process.ts'

export const KEPT_BY_EACH = 20

/** The top by CPU, the top by memory and every watched one, each once. */
export function toKeep(processes: readonly LiveProcess[], perList = KEPT_BY_EACH): LiveProcess[] {
  const kept = new Set<LiveProcess>()
  for (const process of topBy(processes, (one) => one.cpuRatio ?? 0, perList)) kept.add(process)
  for (const process of topBy(processes, (one) => one.residentBytes, perList)) kept.add(process)
  for (const process of processes) if (process.watchedBy.length > 0) kept.add(process)
  return [...kept]
}

/** The largest above 0, largest first. Equal ones in order of their pids, so that lists do not flicker. */
export function topBy(
  processes: readonly LiveProcess[],
  value: (process: LiveProcess) => number,
  count: number
): LiveProcess[] {
  return processes
    .filter((process) => value(process) > 0)
    .sort((left, right) => value(right) - value(left) || left.pid - right.pid)
    .slice(0, count)
}

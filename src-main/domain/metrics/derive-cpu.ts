/** CPU shares between two frames, of all threads together and of each. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import { clampRatio } from './numbers.ts'
import type { CpuTicks, ProcStat } from './proc-stat.ts'

const FIELDS = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const
/** USER_HZ: 100 on every architecture that runs as a server today. */
const TICKS_PER_SEC = 100
/** More ticks than the CPUs can have had: a counter that jumped (steal after a live migration does). */
const IMPOSSIBLE_FACTOR = 3

export type CpuShares =
  { readonly kind: 'values'; readonly values: MetricValues<'server'> } | { readonly kind: 'reset' | 'none' }

/**
 * Shares of the time between the frames, 0..1. idle, iowait and now and then steal fall by themselves: each field's
 * difference is clamped at 0. Guest time is inside user. used = total − idle − iowait; the total includes steal.
 */
export function deriveCpu(previous: ProcStat, current: ProcStat, elapsedSec: number): CpuShares {
  if (previous.cpu === null || current.cpu === null) return { kind: 'none' }
  if (ticks(current.cpu) < ticks(previous.cpu)) return { kind: 'reset' }
  const delta = difference(previous.cpu, current.cpu)
  const total = ticks(delta)
  if (total <= 0) return { kind: 'none' }
  const cpus = Math.max(previous.cpuCount, current.cpuCount, 1)
  if (total > IMPOSSIBLE_FACTOR * cpus * TICKS_PER_SEC * (elapsedSec + 1)) return { kind: 'reset' }
  const share = (part: number): number => clampRatio(part / total)
  return {
    kind: 'values',
    values: {
      cpuUsedRatio: share(total - delta.idle - delta.iowait),
      cpuUserRatio: share(delta.user),
      cpuSystemRatio: share(delta.system),
      cpuNiceRatio: share(delta.nice),
      cpuIdleRatio: share(delta.idle),
      cpuIowaitRatio: share(delta.iowait),
      cpuIrqRatio: share(delta.irq),
      cpuSoftirqRatio: share(delta.softirq),
      cpuStealRatio: share(delta.steal)
    }
  }
}

/**
 * Each thread's share of being used. One that was offline before, or whose counters fell, has no value this time; it is told
 * all the same.
 */
export function deriveCores(
  previous: ProcStat | null,
  current: ProcStat,
  elapsedSec: number
): EntityValues<'core'>[] {
  return [...current.cores].map(([key, now]) => {
    const before = previous?.cores.get(key)
    const used = before === undefined || elapsedSec <= 0 ? null : coreUsedRatio(before, now, elapsedSec)
    return { kind: 'core', key, values: used === null ? {} : { cpuUsedRatio: used } }
  })
}

function coreUsedRatio(before: CpuTicks, now: CpuTicks, elapsedSec: number): number | null {
  if (ticks(now) < ticks(before)) return null
  const delta = difference(before, now)
  const total = ticks(delta)
  if (total <= 0 || total > IMPOSSIBLE_FACTOR * TICKS_PER_SEC * (elapsedSec + 1)) return null
  return clampRatio((total - delta.idle - delta.iowait) / total)
}

function ticks(cpu: CpuTicks): number {
  return FIELDS.reduce((sum, field) => sum + cpu[field], 0)
}

function difference(previous: CpuTicks, current: CpuTicks): CpuTicks {
  const clamped = (field: keyof CpuTicks): number => Math.max(0, current[field] - previous[field])
  return {
    user: clamped('user'),
    nice: clamped('nice'),
    system: clamped('system'),
    idle: clamped('idle'),
    iowait: clamped('iowait'),
    irq: clamped('irq'),
    softirq: clamped('softirq'),
    steal: clamped('steal')
  }
}

/** From two frames of the fast lane to the values of the server, its disks and its interfaces. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import { deriveCores, deriveCpu } from './derive-cpu.ts'
import { deriveDisks } from './derive-disks.ts'
import { deriveMemory } from './derive-memory.ts'
import { deriveNetwork } from './derive-network.ts'
import type { HostFrame } from './frame.ts'
import type { Inventory } from './inventory.ts'
import { clampRatio } from './numbers.ts'

/** A frame with what was known of the server's parts when it was taken. */
export interface HostStep {
  readonly frame: HostFrame
  readonly inventory: Inventory
  /** The interfaces whose sum the operator calls the server's; null = the console decides (`totalInterfaces`). */
  readonly chosen?: ReadonlySet<string> | null
}

export interface HostDerivation {
  readonly entities: readonly EntityValues[]
  readonly brokenBy: 'rebooted' | 'counterReset' | null
}

/**
 * Rates come from the difference of the server's own uptimes, so that no clock can make a spike. An uptime that went
 * back, or CPU counters that fell while the boot time moved on, begin a new epoch: that sample has no rates at all. A
 * counter that fell takes only its own rates away; `counterReset` is told when the server's own values lack something.
 */
export function deriveSample(previous: HostStep | null, current: HostStep): HostDerivation {
  const rebooted = previous !== null && hasRebooted(previous.frame, current.frame)
  const base = rebooted ? null : previous
  const elapsedSec = base === null ? 0 : current.frame.uptimeSec - base.frame.uptimeSec
  const usable = elapsedSec > 0 ? base : null

  const network = deriveNetwork(usable, current, elapsedSec)
  const disks = deriveDisks(usable?.frame ?? null, current.frame, current.inventory, elapsedSec)
  const values: MetricValues<'server'> = {
    uptimeSec: current.frame.uptimeSec,
    ...loadValues(current.frame),
    ...blockedValue(current.frame),
    ...(current.frame.memory === null
      ? {}
      : deriveMemory(current.frame.memory, current.frame.arc, current.inventory.lxcfs)),
    ...network.server,
    ...disks.server
  }
  let reset = network.reset || disks.reset
  if (usable !== null) {
    Object.assign(values, pressureValues(usable.frame, current.frame, elapsedSec))
    if (usable.frame.stat !== null && current.frame.stat !== null) {
      const cpu = deriveCpu(usable.frame.stat, current.frame.stat, elapsedSec)
      if (cpu.kind === 'values') Object.assign(values, cpu.values)
      else if (cpu.kind === 'reset') reset = true
    }
  }
  const { stat } = current.frame
  const cores = stat === null ? [] : deriveCores(usable?.frame.stat ?? null, stat, elapsedSec)
  const server: EntityValues<'server'> = { kind: 'server', key: '', values }
  return {
    entities: [server, ...disks.disks, ...network.interfaces, ...cores],
    brokenBy: rebooted ? 'rebooted' : reset ? 'counterReset' : null
  }
}

/** The boot time alone proves nothing: it moves with every step of the server's clock. */
function hasRebooted(before: HostFrame, now: HostFrame): boolean {
  if (now.uptimeSec < before.uptimeSec) return true
  const cpuBefore = before.stat?.cpu
  const cpuNow = now.stat?.cpu
  if (!cpuBefore || !cpuNow) return false
  const fell = cpuNow.user < cpuBefore.user && cpuNow.system < cpuBefore.system
  return fell && (now.stat?.bootTimeSec ?? 0) > (before.stat?.bootTimeSec ?? 0) + 1
}

function loadValues(frame: HostFrame): MetricValues<'server'> {
  const load = frame.load
  if (load === null) return {}
  const values: MetricValues<'server'> = { load1: load.load1, load5: load.load5, load15: load.load15 }
  if (load.running !== null) values.processesRunning = load.running
  if (load.total !== null) values.processesTotal = load.total
  return values
}

function blockedValue({ stat }: HostFrame): MetricValues<'server'> {
  return typeof stat?.blocked === 'number' ? { processesBlocked: stat.blocked } : {}
}

function pressureValues(before: HostFrame, now: HostFrame, elapsedSec: number): MetricValues<'server'> {
  const values: MetricValues<'server'> = {}
  const put = (
    metric: keyof MetricValues<'server'>,
    from: number | null | undefined,
    to: number | null | undefined
  ): void => {
    if (typeof from !== 'number' || typeof to !== 'number' || to < from) return
    values[metric] = clampRatio((to - from) / (elapsedSec * 1e6))
  }
  put('pressureCpuSomeRatio', before.pressure.cpu?.someMicros, now.pressure.cpu?.someMicros)
  put('pressureMemorySomeRatio', before.pressure.memory?.someMicros, now.pressure.memory?.someMicros)
  put('pressureMemoryFullRatio', before.pressure.memory?.fullMicros, now.pressure.memory?.fullMicros)
  put('pressureIoSomeRatio', before.pressure.io?.someMicros, now.pressure.io?.someMicros)
  put('pressureIoFullRatio', before.pressure.io?.fullMicros, now.pressure.io?.fullMicros)
  return values
}

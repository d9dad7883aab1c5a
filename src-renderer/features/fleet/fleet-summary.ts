/** The sums of the strip above the cards. Only servers that are on count; a sum of nothing is null. Pure. */
import type { ServerView } from '#contract/servers.ts'

export interface FleetSummary {
  readonly machinesRunning: number | null
  readonly machinesTotal: number | null
  /** Mean of the servers' CPU, weighted by their threads. */
  readonly cpuUsedRatio: number | null
  readonly cpuThreads: number | null
  readonly memoryUsedBytes: number | null
  readonly memoryTotalBytes: number | null
  readonly diskUsedBytes: number | null
  readonly diskTotalBytes: number | null
  readonly netRxBytesPerSec: number | null
  readonly netTxBytesPerSec: number | null
  readonly gpuMemoryFreeBytes: number | null
  readonly gpuMemoryTotalBytes: number | null
  readonly powerWatts: number | null
  /** Servers whose power is known, of those that are on. */
  readonly powerServers: number | null
  readonly serversOn: number | null
}

const add = (sum: number | null, value: number | null | undefined): number | null =>
  value === null || value === undefined ? sum : (sum ?? 0) + value

export function summarise(servers: readonly ServerView[]): FleetSummary {
  let busyThreads: number | null = null
  const sum = {
    machinesRunning: null as number | null,
    machinesTotal: null as number | null,
    cpuThreads: null as number | null,
    memoryUsedBytes: null as number | null,
    memoryTotalBytes: null as number | null,
    diskUsedBytes: null as number | null,
    diskTotalBytes: null as number | null,
    netRxBytesPerSec: null as number | null,
    netTxBytesPerSec: null as number | null,
    gpuMemoryFreeBytes: null as number | null,
    gpuMemoryTotalBytes: null as number | null,
    powerWatts: null as number | null,
    powerServers: null as number | null,
    serversOn: null as number | null
  }
  for (const { presence, now, machinesRunning, machinesTotal } of servers) {
    if (presence !== 'ON' || now === null) continue
    sum.machinesRunning = add(sum.machinesRunning, machinesRunning)
    sum.machinesTotal = add(sum.machinesTotal, machinesTotal)
    if (now.cpuUsedRatio !== null && now.cpuThreads !== null) {
      busyThreads = add(busyThreads, now.cpuUsedRatio * now.cpuThreads)
      sum.cpuThreads = add(sum.cpuThreads, now.cpuThreads)
    }
    // Used without its total, or the other way round, would make a sum of apples and pears.
    if (now.memoryUsedBytes !== null && now.memoryTotalBytes !== null) {
      sum.memoryUsedBytes = add(sum.memoryUsedBytes, now.memoryUsedBytes)
      sum.memoryTotalBytes = add(sum.memoryTotalBytes, now.memoryTotalBytes)
    }
    if (now.diskUsedBytes !== null && now.diskTotalBytes !== null) {
      sum.diskUsedBytes = add(sum.diskUsedBytes, now.diskUsedBytes)
      sum.diskTotalBytes = add(sum.diskTotalBytes, now.diskTotalBytes)
    }
    sum.netRxBytesPerSec = add(sum.netRxBytesPerSec, now.netRxBytesPerSec)
    sum.netTxBytesPerSec = add(sum.netTxBytesPerSec, now.netTxBytesPerSec)
    if (now.gpuMemoryFreeBytes !== null && now.gpuMemoryTotalBytes !== null) {
      sum.gpuMemoryFreeBytes = add(sum.gpuMemoryFreeBytes, now.gpuMemoryFreeBytes)
      sum.gpuMemoryTotalBytes = add(sum.gpuMemoryTotalBytes, now.gpuMemoryTotalBytes)
    }
    sum.serversOn = add(sum.serversOn, 1)
    if (now.powerWatts !== null) sum.powerServers = add(sum.powerServers, 1)
    sum.powerWatts = add(sum.powerWatts, now.powerWatts)
  }
  return {
    ...sum,
    cpuUsedRatio:
      busyThreads === null || sum.cpuThreads === null || sum.cpuThreads === 0
        ? null
        : busyThreads / sum.cpuThreads
  }
}

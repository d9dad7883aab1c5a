/** Memory and swap of one frame. */
import type { MetricValues } from '#contract/metric-catalogue.ts'
import { clampRatio } from './numbers.ts'
import type { ArcStats, ProcMemory } from './proc-memory.ts'

/**
 * used = total − available. The ZFS cache above its minimum is given back on demand, but the kernel does not count it as
 * available: it is added, unless lxcfs shows a container's share, which never held the cache. Pages compressed in zram
 * stay used: they do occupy memory. cached = page cache + reclaimable slab, as `free` prints it.
 */
export function deriveMemory(
  memory: ProcMemory,
  arc: ArcStats | null,
  lxcfs: boolean
): MetricValues<'server'> {
  const total = memory.totalBytes
  const reclaimableArc = arc === null || lxcfs ? 0 : Math.max(0, arc.sizeBytes - arc.minimumBytes)
  const available = Math.min(total, (memory.availableBytes ?? estimateAvailable(memory)) + reclaimableArc)
  const values: MetricValues<'server'> = {
    memoryTotalBytes: total,
    memoryUsedBytes: total - available,
    memoryFreeBytes: memory.freeBytes,
    memoryAvailableBytes: available,
    memoryCachedBytes: memory.pageCacheBytes + memory.reclaimableBytes,
    memoryBuffersBytes: memory.buffersBytes,
    memoryUsedRatio: clampRatio((total - available) / total)
  }
  if (memory.activeBytes !== null) values.memoryActiveBytes = memory.activeBytes
  if (memory.inactiveBytes !== null) values.memoryInactiveBytes = memory.inactiveBytes
  if (memory.swapTotalBytes !== null && memory.swapFreeBytes !== null) {
    const used = Math.max(0, memory.swapTotalBytes - memory.swapFreeBytes)
    values.swapTotalBytes = memory.swapTotalBytes
    values.swapFreeBytes = memory.swapFreeBytes
    values.swapUsedBytes = used
    // A server without swap uses no share of it: there is no ratio to tell.
    if (memory.swapTotalBytes > 0) values.swapUsedRatio = clampRatio(used / memory.swapTotalBytes)
  }
  return values
}

/** Before Linux 3.14: what can be taken without swapping. Shared memory sits in the page cache but cannot be dropped. */
function estimateAvailable(memory: ProcMemory): number {
  const cache = Math.max(0, memory.pageCacheBytes - memory.sharedBytes)
  return Math.min(memory.totalBytes, memory.freeBytes + memory.buffersBytes + cache + memory.reclaimableBytes)
}

/**
 * A modelled fleet: what servers and VMs show over time, as the console would keep it. 45 metrics of a server and 14 of a
 * VM at each tick. Levels and noise are those of real machines: counters in whole jiffies and pages, memory in pages,
 * slow lanes that change every half minute, guests of which some idle, disks that are mostly quiet, values that never
 * change. How compressible the whole is was set by two outside measures of history.md: VictoriaMetrics needs about
 * 0.9 bytes a sample for it, wide rows of scaled integers in SQLite about 4.4.
 */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'

const MIB = 1024 * 1024
const GIB = 1024 * MIB
const PAGE = 4096

/** Repeatable random numbers (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Sources of noise that the models are made of. */
class Noise {
  readonly random: () => number

  constructor(seed: number) {
    this.random = randomOf(seed)
  }

  /** About normal, mean 0, deviation 1. */
  normal(): number {
    const { random } = this
    return (random() + random() + random() + random() - 2) * 1.732
  }

  /** Stays near `level`; `memory` 0..1 is how long a deviation lasts. Never below 0. */
  around(level: () => number, deviation: number, memory: number): () => number {
    let off = 0
    return () => {
      off = off * memory + this.normal() * deviation * Math.sqrt(1 - memory * memory)
      return Math.max(0, level() + off)
    }
  }

  /** 0 most of the time; sometimes a burst of some ticks. */
  bursts(share: number, level: number, ticks: number): () => number {
    let left = 0
    let height = 0
    return () => {
      if (left > 0) left--
      else if (this.random() < share / ticks) {
        left = Math.ceil(this.random() * 2 * ticks)
        height = level * (0.3 + this.random())
      }
      return left > 0 ? Math.max(0, height * (1 + 0.3 * this.normal())) : 0
    }
  }

  /** A new value every `ticks` ticks, as a slow lane gives it. */
  slow(next: () => number, ticks: number): () => number {
    let count = Math.floor(this.random() * ticks)
    let value = next()
    return () => {
      if (++count % ticks === 0) value = next()
      return value
    }
  }
}

const pages = (bytes: number): number => Math.round(bytes / PAGE) * PAGE

/** Share of time, as a kernel counts it: in jiffies of 10 ms on all threads within 5 s. */
const jiffies = (ratio: number, threads: number): number =>
  Math.round(Math.min(1, ratio) * threads * 500) / (threads * 500)

/** Busier by day than by night; `atMs` is wall time. */
const daily = (atMs: number, phase: number): number =>
  1 + 0.5 * Math.sin(((atMs / 86_400_000 + phase) % 1) * 2 * Math.PI)

export type EntityModel = (atMs: number) => EntityValues

/** A host: 45 metrics. */
export function serverModel(seed: number): EntityModel {
  const noise = new Noise(seed)
  const { random } = noise
  const phase = random()
  const threads = 8 << Math.floor(random() * 3)
  const memoryTotal = pages(GIB * 16 * threads * (0.97 + random() * 0.02))
  let day = 1
  const busy = 0.02 + random() * 0.12
  const user = noise.around(() => busy * day, busy * 0.12, 0.7)
  const system = noise.around(() => busy * 0.3 * day, busy * 0.05, 0.6)
  const iowait = noise.bursts(0.1, 0.004, 4)
  const softirq = noise.around(() => 0.0004, 0.0002, 0.3)
  const irqs = noise.bursts(0.02, 0.001, 2)
  const running = noise.bursts(0.5, 2, 2)
  let total = 300 + Math.floor(random() * 200)
  const churn = noise.slow(() => (total += Math.round(noise.normal() * 1.2)), 3)
  let free = memoryTotal * (0.1 + random() * 0.3)
  let cached = memoryTotal * 0.3
  let active = memoryTotal * 0.3
  const buffers = noise.slow(() => pages(310 * MIB + noise.normal() * 40 * PAGE), 8)
  const swapTotal = 8 * GIB
  const swapUsed = pages(random() * GIB)
  const rx = noise.around(() => 120_000 * day, 25_000, 0.5)
  const tx = noise.around(() => 90_000 * day, 20_000, 0.5)
  let rxTotal = Math.round(random() * 2 ** 42)
  let txTotal = Math.round(random() * 2 ** 42)
  const reads = noise.bursts(0.06, 60, 3)
  const writes = noise.around(() => 24 * day, 6, 0.2)
  const diskTotal = pages(2e12)
  const diskUsed = noise.slow(() => pages(8e11 + random() * 3e7), 6)
  const pressureCpu = noise.bursts(0.08, 0.01, 8)
  const pressureIo = noise.bursts(0.06, 0.01, 8)
  let load1 = 1
  let load5 = 1
  let load15 = 1
  let uptimeSec = Math.floor(random() * 1e7)
  return (atMs) => {
    day = daily(atMs, phase)
    const [userRatio, systemRatio] = [jiffies(user(), threads), jiffies(system(), threads)]
    const [iowaitRatio, softirqRatio] = [jiffies(iowait(), threads), jiffies(softirq(), threads)]
    const irqRatio = jiffies(irqs(), threads)
    const usedRatio = userRatio + systemRatio + softirqRatio + irqRatio
    const runnable = Math.round(running()) + usedRatio * threads
    load1 += (runnable - load1) * 0.08
    load5 += (runnable - load5) * 0.0165
    load15 += (runnable - load15) * 0.0055
    free = Math.max(memoryTotal * 0.02, free + (random() < 0.6 ? noise.normal() * 300 * PAGE : 0))
    cached = Math.max(MIB, cached + (random() < 0.3 ? random() * 60 * PAGE - 25 * PAGE : 0))
    active = Math.max(MIB, active + (random() < 0.5 ? noise.normal() * 200 * PAGE : 0))
    const [free4k, cached4k, buffers4k] = [pages(free), pages(cached), buffers()]
    const available = free4k + cached4k + buffers4k
    const [rxRate, txRate] = [Math.round(rx()), Math.round(tx())]
    rxTotal += rxRate * 5
    txTotal += txRate * 5
    const [readOps, writeOps] = [Math.round(reads() * 5) / 5, Math.round(writes() * 5) / 5]
    const used = diskUsed()
    const values: MetricValues<'server'> = {
      cpuUsedRatio: usedRatio,
      cpuUserRatio: userRatio,
      cpuSystemRatio: systemRatio,
      cpuNiceRatio: 0,
      cpuIdleRatio: Math.max(0, 1 - usedRatio - iowaitRatio),
      cpuIowaitRatio: iowaitRatio,
      cpuIrqRatio: irqRatio,
      cpuSoftirqRatio: softirqRatio,
      cpuStealRatio: 0,
      load1,
      load5,
      load15,
      processesRunning: 1 + Math.round(running()),
      processesTotal: churn(),
      memoryTotalBytes: memoryTotal,
      memoryUsedBytes: memoryTotal - available,
      memoryFreeBytes: free4k,
      memoryAvailableBytes: available,
      memoryCachedBytes: cached4k,
      memoryBuffersBytes: buffers4k,
      memoryActiveBytes: pages(active),
      memoryInactiveBytes: pages(memoryTotal * 0.8 - active),
      memoryUsedRatio: (memoryTotal - available) / memoryTotal,
      swapTotalBytes: swapTotal,
      swapUsedBytes: swapUsed,
      swapFreeBytes: swapTotal - swapUsed,
      swapUsedRatio: swapUsed / swapTotal,
      netRxBytesPerSec: rxRate,
      netTxBytesPerSec: txRate,
      netTotalBytesPerSec: rxRate + txRate,
      netRxBytes: rxTotal,
      netTxBytes: txTotal,
      diskReadBytesPerSec: readOps * 16_384,
      diskWriteBytesPerSec: Math.round((writeOps * 5 * 11_500) / PAGE) * (PAGE / 5),
      diskReadOpsPerSec: readOps,
      diskWriteOpsPerSec: writeOps,
      diskTotalBytes: diskTotal,
      diskUsedBytes: used,
      diskUsedRatio: used / diskTotal,
      pressureCpuSomeRatio: pressureCpu(),
      pressureMemorySomeRatio: 0,
      pressureMemoryFullRatio: 0,
      pressureIoSomeRatio: pressureIo(),
      pressureIoFullRatio: 0,
      uptimeSec: (uptimeSec += 5)
    }
    return { kind: 'server', key: '', values }
  }
}

/** A guest: 14 metrics. Four of five work, the others idle. */
export function machineModel(seed: number, key: string): EntityModel {
  const noise = new Noise(seed)
  const { random } = noise
  const works = random() < 0.8
  const phase = random()
  let day = 1
  const level = works ? 0.1 + random() * 0.3 : 0.004 + random() * 0.01
  const cpu = noise.around(() => level * day, level * 0.15, works ? 0.6 : 0.1)
  const balloon = GIB * (2 << Math.floor(random() * 3))
  let usedBytes = balloon * (0.2 + random() * 0.5)
  const memory = noise.slow(
    () => {
      usedBytes = Math.min(balloon, Math.max(MIB, usedBytes + noise.normal() * (works ? 900 : 60) * PAGE))
      return pages(usedBytes)
    },
    works ? 2 : 6
  )
  const capacity = GIB * 40
  let allocationBytes = pages(capacity * (0.2 + random() * 0.5))
  const allocation = noise.slow(() => {
    if (random() < 0.15) allocationBytes += 65_536 * Math.ceil(random() * 8)
    return allocationBytes
  }, 6)
  const reads = works ? noise.bursts(0.1, 200_000, 3) : noise.bursts(0.005, 100_000, 2)
  const writes = works ? noise.around(() => 60_000 * day, 15_000, 0.2) : noise.bursts(0.25, 20_000, 1)
  const rx = works ? noise.around(() => 40_000 * day, 9_000, 0.5) : noise.around(() => 220, 60, 0.1)
  const tx = works ? noise.around(() => 30_000 * day, 8_000, 0.5) : noise.bursts(0.3, 150, 1)
  let rxTotal = Math.round(random() * 2 ** 38)
  let txTotal = Math.round(random() * 2 ** 36)
  const sectors = (bytesPerSec: number): number => (Math.round((bytesPerSec * 5) / PAGE) * PAGE) / 5
  return (atMs) => {
    day = daily(atMs, phase)
    const [rxBytes, txBytes] = [Math.round(rx() * 5), Math.round(tx() * 5)]
    rxTotal += rxBytes
    txTotal += txBytes
    const [used, allocated] = [memory(), allocation()]
    const [readRate, writeRate] = [sectors(reads()), sectors(writes())]
    const values: MetricValues<'vm'> = {
      cpuUsedRatio: jiffies(cpu(), 4),
      memoryUsedRatio: used / balloon,
      memoryUsedBytes: used,
      memoryBalloonBytes: balloon,
      diskUsedRatio: allocated / capacity,
      diskAllocationBytes: allocated,
      diskCapacityBytes: capacity,
      diskReadBytesPerSec: readRate,
      diskWriteBytesPerSec: writeRate,
      netRxBytesPerSec: rxBytes / 5,
      netTxBytesPerSec: txBytes / 5,
      netRxBytes: rxTotal,
      netTxBytes: txTotal,
      diskReadOpsPerSec: Math.round(readRate / 3_277) / 5
    }
    return { kind: 'vm', key, values }
  }
}

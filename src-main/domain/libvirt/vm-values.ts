/** From two rounds of domstats to what a VM uses now. */
import type { MetricValues } from '#contract/metric-catalogue.ts'
import { type DomstatsRecord, numberOf } from './domstats.ts'

/** What domstats does not tell and the domain's XML does. */
export interface VmFacts {
  readonly vcpus: number | null
  /** Targets (sda) of CD-ROM and floppy drives: their media are not the VM's disk space. */
  readonly removableTargets: ReadonlySet<string>
  /** Seconds; null or 0 = the guest is never asked for its memory. */
  readonly balloonPeriodSec: number | null
}

/** Counters of one device. A null was not reported. */
interface DeviceCounters {
  readonly [counter: string]: number | null
}

/** One VM in one round. */
export interface VmCounters {
  /** Console's monotonic clock, in the middle of the request. */
  readonly atMs: number
  /** libvirt's number of this start of the VM: counters begin anew with each. */
  readonly id: number | null
  readonly cpuTimeNs: number | null
  readonly interfaces: ReadonlyMap<string, DeviceCounters>
  readonly disks: ReadonlyMap<string, DeviceCounters>
}

export type MemoryUnknown = 'noBalloonPeriod' | 'notReported' | null

const KIB = 1024
/** More devices than this in one record are not libvirt's doing. */
const MAX_DEVICES = 512

export function countersOf(record: DomstatsRecord, id: number | null, atMs: number): VmCounters {
  return {
    atMs,
    id,
    cpuTimeNs: id === null ? null : numberOf(record, 'cpu.time'),
    interfaces: devices(record, 'net', { rx: 'rx.bytes', tx: 'tx.bytes' }),
    disks: devices(record, 'block', {
      readBytes: 'rd.bytes',
      writeBytes: 'wr.bytes',
      readOps: 'rd.reqs',
      writeOps: 'wr.reqs'
    })
  }
}

/** Counters by device name; a name that comes twice (a disk and its backing files) counts once, the first time. */
function devices(
  record: DomstatsRecord,
  group: 'net' | 'block',
  counters: Readonly<Record<string, string>>
): ReadonlyMap<string, DeviceCounters> {
  const found = new Map<string, DeviceCounters>()
  const count = Math.min(numberOf(record, `${group}.count`) ?? 0, MAX_DEVICES)
  for (let index = 0; index < count; index++) {
    const name = record.fields.get(`${group}.${index}.name`)
    if (name === undefined || found.has(name)) continue
    const values: Record<string, number | null> = {}
    for (const [key, field] of Object.entries(counters))
      values[key] = numberOf(record, `${group}.${index}.${field}`)
    found.set(name, values)
  }
  return found
}

/**
 * CPU and network between two rounds; sums of network counters at once. Ratios 0..1, rates per second.
 * Absent without an earlier round, after a new start, when a counter went back or the devices changed.
 */
export function cpuAndNetworkValues(
  earlier: VmCounters | null,
  now: VmCounters,
  facts: VmFacts
): MetricValues<'vm'> {
  const values: MetricValues<'vm'> = {}
  const rxBytes = sum(now.interfaces, 'rx')
  const txBytes = sum(now.interfaces, 'tx')
  if (rxBytes !== null) values.netRxBytes = rxBytes
  if (txBytes !== null) values.netTxBytes = txBytes
  const elapsedSec = elapsedBetween(earlier, now)
  if (earlier === null || elapsedSec === null) return values

  const cpuNs = delta(earlier.cpuTimeNs, now.cpuTimeNs)
  // A VM's threads beside its vCPUs count too, so the sum can pass the vCPUs' own time by a little.
  if (cpuNs !== null && facts.vcpus !== null && facts.vcpus > 0)
    values.cpuUsedRatio = Math.min(1, cpuNs / 1e9 / elapsedSec / facts.vcpus)
  const rx = rate(earlier.interfaces, now.interfaces, 'rx', elapsedSec)
  const tx = rate(earlier.interfaces, now.interfaces, 'tx', elapsedSec)
  if (rx !== null) values.netRxBytesPerSec = rx
  if (tx !== null) values.netTxBytesPerSec = tx
  return values
}

/** Disk rates between two rounds that had the block group. */
export function diskRateValues(earlier: VmCounters | null, now: VmCounters): MetricValues<'vm'> {
  const values: MetricValues<'vm'> = {}
  const elapsedSec = elapsedBetween(earlier, now)
  if (earlier === null || elapsedSec === null) return values
  const rates = {
    diskReadBytesPerSec: rate(earlier.disks, now.disks, 'readBytes', elapsedSec),
    diskWriteBytesPerSec: rate(earlier.disks, now.disks, 'writeBytes', elapsedSec),
    diskReadOpsPerSec: rate(earlier.disks, now.disks, 'readOps', elapsedSec),
    diskWriteOpsPerSec: rate(earlier.disks, now.disks, 'writeOps', elapsedSec)
  }
  for (const [metric, value] of Object.entries(rates))
    if (value !== null) values[metric as keyof typeof rates] = value
  return values
}

/** Space of one disk, in bytes. */
export interface DiskSpace {
  readonly allocationBytes: number
  readonly capacityBytes: number
}

/** Space by target, of every disk that reports both numbers (an empty drive reports none). */
export function diskSpacesOf(record: DomstatsRecord): ReadonlyMap<string, DiskSpace> {
  const spaces = new Map<string, DiskSpace>()
  const count = Math.min(numberOf(record, 'block.count') ?? 0, MAX_DEVICES)
  for (let index = 0; index < count; index++) {
    const target = record.fields.get(`block.${index}.name`)
    const allocationBytes = numberOf(record, `block.${index}.allocation`)
    const capacityBytes = numberOf(record, `block.${index}.capacity`)
    if (target === undefined || allocationBytes === null || capacityBytes === null) continue
    if (!spaces.has(target)) spaces.set(target, { allocationBytes, capacityBytes })
  }
  return spaces
}

/** Allocation of capacity, summed over the disks that are not CD-ROM or floppy drives. */
export function diskSpaceValues(spaces: ReadonlyMap<string, DiskSpace>, facts: VmFacts): MetricValues<'vm'> {
  let allocation = 0
  let capacity = 0
  for (const [target, space] of spaces) {
    if (facts.removableTargets.has(target)) continue
    allocation += space.allocationBytes
    capacity += space.capacityBytes
  }
  if (capacity === 0) return {}
  return {
    diskAllocationBytes: allocation,
    diskCapacityBytes: capacity,
    // Metadata of an image can make its allocation larger than its capacity.
    diskUsedRatio: Math.min(1, allocation / capacity)
  }
}

/**
 * Memory of the current balloon: what the guest can still give out (`usable`, MemAvailable in a Linux guest) is free,
 * the rest is used, its kernel's own share included. Drivers before Linux 4.6 tell only `unused`; then the guest's
 * caches are added where they are told. A guest that was never heard (last-update 0) tells nothing.
 */
export function memoryValues(
  record: DomstatsRecord,
  facts: VmFacts
): { values: MetricValues<'vm'>; memoryUnknown: MemoryUnknown } {
  const values: MetricValues<'vm'> = {}
  const currentKib = numberOf(record, 'balloon.current')
  if (currentKib !== null) values.memoryBalloonBytes = currentKib * KIB
  const usableKib = usableOf(record)
  if (currentKib === null || currentKib === 0 || usableKib === null)
    return { values, memoryUnknown: facts.balloonPeriodSec ? 'notReported' : 'noBalloonPeriod' }
  const usedKib = Math.max(0, currentKib - usableKib)
  values.memoryUsedBytes = usedKib * KIB
  values.memoryUsedRatio = usedKib / currentKib
  return { values, memoryUnknown: null }
}

function usableOf(record: DomstatsRecord): number | null {
  if (numberOf(record, 'balloon.last-update') === 0) return null
  const usable = numberOf(record, 'balloon.usable')
  if (usable !== null) return usable
  const unused = numberOf(record, 'balloon.unused')
  return unused === null ? null : unused + (numberOf(record, 'balloon.disk_caches') ?? 0)
}

/** Seconds, or null when the two rounds are not of one start of the VM or too close to each other for a rate. */
function elapsedBetween(earlier: VmCounters | null, now: VmCounters): number | null {
  if (earlier === null || now.id === null || earlier.id !== now.id) return null
  const elapsedMs = now.atMs - earlier.atMs
  return elapsedMs < 100 ? null : elapsedMs / 1000
}

function delta(earlier: number | null | undefined, now: number | null | undefined): number | null {
  if (earlier === null || earlier === undefined || now === null || now === undefined) return null
  return now < earlier ? null : now - earlier
}

function sum(devicesNow: ReadonlyMap<string, DeviceCounters>, counter: string): number | null {
  let total: number | null = null
  for (const values of devicesNow.values()) {
    const value = values[counter]
    if (value !== null && value !== undefined) total = (total ?? 0) + value
  }
  return total
}

/** Per second over all devices; null when one of them is new, gone, or was set back. */
function rate(
  earlier: ReadonlyMap<string, DeviceCounters>,
  now: ReadonlyMap<string, DeviceCounters>,
  counter: string,
  elapsedSec: number
): number | null {
  if (now.size === 0 || earlier.size !== now.size) return null
  let total: number | null = null
  for (const [name, values] of now) {
    const before = earlier.get(name)
    if (before === undefined) return null
    if (values[counter] === null && before[counter] === null) continue
    const change = delta(before[counter], values[counter])
    if (change === null) return null
    total = (total ?? 0) + change
  }
  return total === null ? null : total / elapsedSec
}

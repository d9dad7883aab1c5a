/** Rates of the whole disks and of the whole server between two frames. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { HostFrame } from './frame.ts'
import { type Inventory, looksLikeWholeDisk } from './inventory.ts'
import { clampRatio } from './numbers.ts'
import type { DiskCounters } from './proc-diskstats.ts'

export interface DiskDerivation {
  readonly disks: readonly EntityValues<'disk'>[]
  readonly server: MetricValues<'server'>
  readonly reset: boolean
}

/** `previous` null: no rates. A disk is the same one when major:minor and name are. */
export function deriveDisks(
  previous: HostFrame | null,
  current: HostFrame,
  inventory: Inventory,
  elapsedSec: number
): DiskDerivation {
  const disks: EntityValues<'disk'>[] = []
  const sums = { readBytes: 0, writeBytes: 0, readOps: 0, writeOps: 0 }
  let rated = 0
  let reset = false
  for (const [device, now] of current.disks) {
    if (!isWhole(device, now, inventory)) continue
    const before = previous?.disks.get(device)
    if (before === undefined || before.name !== now.name || elapsedSec <= 0) {
      disks.push({ kind: 'disk', key: now.name, values: {} })
      continue
    }
    const values = diskRates(before, now, elapsedSec)
    disks.push({ kind: 'disk', key: now.name, values: values ?? {} })
    if (values === null) {
      reset = true
      continue
    }
    rated++
    sums.readBytes += values.readBytesPerSec ?? 0
    sums.writeBytes += values.writeBytesPerSec ?? 0
    sums.readOps += values.readOpsPerSec ?? 0
    sums.writeOps += values.writeOpsPerSec ?? 0
  }
  if (rated === 0 || reset) return { disks, server: {}, reset }
  return {
    disks,
    server: {
      diskReadBytesPerSec: sums.readBytes,
      diskWriteBytesPerSec: sums.writeBytes,
      diskReadOpsPerSec: sums.readOps,
      diskWriteOpsPerSec: sums.writeOps
    },
    reset
  }
}

function isWhole(device: string, disk: DiskCounters, inventory: Inventory): boolean {
  if (inventory.disks === null || !inventory.knownDevices.has(device)) {
    // Partitions stand in no inventory; a disk that was plugged in since then does not either.
    return inventory.disks === null && looksLikeWholeDisk(disk.name)
  }
  return inventory.disks.get(device)?.name === disk.name
}

/** null when a counter fell. Times wrap at 2^32 ms: only what needs them is left out then. */
function diskRates(before: DiskCounters, now: DiskCounters, elapsedSec: number): MetricValues<'disk'> | null {
  const readOps = now.readOps - before.readOps
  const writeOps = now.writeOps - before.writeOps
  const readBytes = now.readBytes - before.readBytes
  const writeBytes = now.writeBytes - before.writeBytes
  if (Math.min(readOps, writeOps, readBytes, writeBytes) < 0) return null
  const values: MetricValues<'disk'> = {
    readBytesPerSec: readBytes / elapsedSec,
    writeBytesPerSec: writeBytes / elapsedSec,
    readOpsPerSec: readOps / elapsedSec,
    writeOpsPerSec: writeOps / elapsedSec
  }
  const busyMs = now.busyMs - before.busyMs
  if (busyMs >= 0) values.utilisationRatio = clampRatio(busyMs / (elapsedSec * 1000))
  const queuedMs = now.queuedMs - before.queuedMs
  if (queuedMs >= 0) values.queueLength = queuedMs / (elapsedSec * 1000)
  const readMs = now.readMs - before.readMs
  const writeMs = now.writeMs - before.writeMs
  // Without a request there is no waiting time to tell.
  if (readMs >= 0 && writeMs >= 0 && readOps + writeOps > 0) {
    values.awaitMs = (readMs + writeMs) / (readOps + writeOps)
  }
  return values
}

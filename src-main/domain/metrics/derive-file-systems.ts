/** From mountinfo and df to the values of each file system and the sums of the server. */
import type { EntityValues, MetricValues } from '#contract/metric-catalogue.ts'
import type { DfRow } from './df.ts'
import { classifyMount, distinctMounts, type Mount } from './mountinfo.ts'
import { clampRatio } from './numbers.ts'

export interface FileSystemReading {
  readonly mounts: readonly Mount[]
  /** By mount point, as df prints it. */
  readonly space: ReadonlyMap<string, DfRow>
  readonly inodes: ReadonlyMap<string, DfRow>
  /** Answers of network file systems by mount id; null = asked, and silent. */
  readonly network: ReadonlyMap<string, DfRow | null>
}

const KIB = 1024
const MAX_ENTITIES = 512

/**
 * Each file system once, local ones first. used / (used + available), as `df` rounds it too: what is reserved for root is
 * not to be had. A silent network file system is an entity without values. The server's sums are over local ones; the
 * room that the datasets of one ZFS pool share is counted once.
 */
export function deriveFileSystems(reading: FileSystemReading): EntityValues[] {
  const distinct = distinctMounts(reading.mounts.filter((mount) => classifyMount(mount) !== 'ignored'))
  const devices = new Map(reading.mounts.map((mount) => [mount.mountPoint, mount.device]))
  const space = byDevice(reading.space, devices)
  const inodes = byDevice(reading.inodes, devices)
  const entities: EntityValues<'mount'>[] = []
  const sums = new LocalSums()
  for (const mount of distinct) {
    if (entities.length >= MAX_ENTITIES) break
    if (classifyMount(mount) === 'network') {
      const row = reading.network.get(mount.id)
      if (row !== undefined) entities.push(entityOf(mount, row, undefined))
      continue
    }
    const row = space.get(mount.device)
    // Nothing to run out of: an image, or an empty shell of a file system.
    if (row === undefined || row.total === 0) continue
    entities.push(entityOf(mount, row, inodes.get(mount.device)))
    sums.add(mount, row)
  }
  entities.sort((left, right) => (left.key < right.key ? -1 : 1))
  const server: EntityValues<'server'> = { kind: 'server', key: '', values: sums.values() }
  return [server, ...entities]
}

/** df names the first mount it finds of a file system, which need not be the one that was asked for. */
function byDevice(
  rows: ReadonlyMap<string, DfRow>,
  devices: ReadonlyMap<string, string>
): Map<string, DfRow> {
  const found = new Map<string, DfRow>()
  for (const [mountPoint, row] of rows) {
    const device = devices.get(mountPoint)
    if (device !== undefined) found.set(device, row)
  }
  return found
}

function entityOf(mount: Mount, row: DfRow | null, inodes: DfRow | undefined): EntityValues<'mount'> {
  if (row === null) return { kind: 'mount', key: mount.mountPoint, values: {} }
  const values: MetricValues<'mount'> = {
    sizeBytes: row.total * KIB,
    usedBytes: row.used * KIB,
    availableBytes: row.available * KIB
  }
  const room = row.used + row.available
  if (room > 0) values.usedRatio = clampRatio(row.used / room)
  // btrfs and some network file systems have no fixed number of inodes and print 0.
  if (inodes !== undefined && inodes.total > 0)
    values.inodesUsedRatio = clampRatio(inodes.used / inodes.total)
  return { kind: 'mount', key: mount.mountPoint, values }
}

/** What a file system is, beside its sizes. `mountPoint` is the key of its values. */
export interface FileSystemDetail {
  readonly mountPoint: string
  /** The device, the share or the dataset. */
  readonly source: string
  readonly type: string
  readonly readOnly: boolean
  /** Reached over a network; `stalled`: it did not answer. */
  readonly network: boolean
  readonly stalled: boolean
  /** null: it has no fixed number of them (btrfs), or they were not asked for (network). */
  readonly inodesTotal: number | null
  readonly inodesUsed: number | null
}

/** The same file systems as `deriveFileSystems` has values of, in the same order. */
export function fileSystemDetails(reading: FileSystemReading): FileSystemDetail[] {
  const shown = new Set(deriveFileSystems(reading).map(({ key }) => key))
  const devices = new Map(reading.mounts.map((mount) => [mount.mountPoint, mount.device]))
  const inodes = byDevice(reading.inodes, devices)
  return distinctMounts(reading.mounts.filter((mount) => classifyMount(mount) !== 'ignored'))
    .filter(({ mountPoint }) => shown.has(mountPoint))
    .map((mount) => {
      const network = classifyMount(mount) === 'network'
      const row = network ? undefined : inodes.get(mount.device)
      const counted = row !== undefined && row.total > 0
      return {
        mountPoint: mount.mountPoint,
        source: mount.source,
        type: mount.type,
        readOnly: mount.readOnly,
        network,
        stalled: network && reading.network.get(mount.id) === null,
        inodesTotal: counted ? row.total : null,
        inodesUsed: counted ? row.used : null
      }
    })
    .sort((left, right) => (left.mountPoint < right.mountPoint ? -1 : 1))
}

class LocalSums {
  #total = 0
  #used = 0
  #available = 0
  readonly #pools = new Map<string, { used: number; available: number }>()

  add(mount: Mount, row: DfRow): void {
    if (mount.type !== 'zfs') {
      this.#total += row.total
      this.#used += row.used
      this.#available += row.available
      return
    }
    const pool = mount.source.split('/', 1)[0] ?? ''
    const known = this.#pools.get(pool) ?? { used: 0, available: 0 }
    known.used += row.used
    known.available = Math.max(known.available, row.available)
    this.#pools.set(pool, known)
  }

  values(): MetricValues<'server'> {
    let total = this.#total
    let used = this.#used
    let available = this.#available
    for (const pool of this.#pools.values()) {
      total += pool.used + pool.available
      used += pool.used
      available += pool.available
    }
    if (used + available === 0) return {}
    return {
      diskTotalBytes: total * KIB,
      diskUsedBytes: used * KIB,
      diskUsedRatio: clampRatio(used / (used + available))
    }
  }
}

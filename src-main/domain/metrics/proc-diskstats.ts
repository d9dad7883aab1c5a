/** /proc/diskstats: counters of the block devices. */
import { parseCounter, words } from './numbers.ts'

export interface DiskCounters {
  readonly name: string
  readonly readOps: number
  readonly readBytes: number
  /** Milliseconds that all reads took together; wraps at 2^32. */
  readonly readMs: number
  readonly writeOps: number
  readonly writeBytes: number
  readonly writeMs: number
  /** Milliseconds in which at least one request was under way; wraps at 2^32. */
  readonly busyMs: number
  /** Milliseconds that requests waited, added up over all of them; wraps at 2^32. */
  readonly queuedMs: number
}

/** The kernel counts in sectors of 512 bytes whatever the disk's own sector is. */
const SECTOR_BYTES = 512
const MAX_DISKS = 4096

/** Parses /proc/diskstats by identity `major:minor`. Damaged lines are left out. */
export function parseProcDiskstats(text: string): Map<string, DiskCounters> {
  const disks = new Map<string, DiskCounters>()
  for (const line of text.split('\n', MAX_DISKS)) {
    const [major, minor, name, ...rest] = words(line)
    if (name === undefined || parseCounter(major) === null || parseCounter(minor) === null) continue
    const fields = rest.slice(0, 11).map(parseCounter)
    // Partitions of kernels before 2.6.25 have four columns only; they are not whole disks.
    if (fields.length < 11 || fields.includes(null)) continue
    const at = (index: number): number => fields[index] ?? 0
    disks.set(`${major}:${minor}`, {
      name,
      readOps: at(0),
      readBytes: at(2) * SECTOR_BYTES,
      readMs: at(3),
      writeOps: at(4),
      writeBytes: at(6) * SECTOR_BYTES,
      writeMs: at(7),
      busyMs: at(9),
      queuedMs: at(10)
    })
  }
  return disks
}

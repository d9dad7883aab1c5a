/** /proc/meminfo and ZFS' arcstats. */
import { parseCounter, words } from './numbers.ts'

/** All in bytes. null where the kernel does not print the line. */
export interface ProcMemory {
  readonly totalBytes: number
  readonly freeBytes: number
  /** null before Linux 3.14. */
  readonly availableBytes: number | null
  readonly buffersBytes: number
  /** Page cache as /proc/meminfo prints it, without reclaimable slab. */
  readonly pageCacheBytes: number
  readonly reclaimableBytes: number
  readonly sharedBytes: number
  readonly activeBytes: number | null
  readonly inactiveBytes: number | null
  readonly swapTotalBytes: number | null
  readonly swapFreeBytes: number | null
}

/** Parses /proc/meminfo (kB = 1,024 bytes). null without a total and free memory. */
export function parseProcMemory(text: string): ProcMemory | null {
  const bytes = new Map<string, number>()
  for (const line of text.split('\n', 200)) {
    const colon = line.indexOf(':')
    if (colon < 1) continue
    const [amount, unit] = words(line.slice(colon + 1))
    const value = parseCounter(amount)
    if (value !== null && unit === 'kB') bytes.set(line.slice(0, colon), value * 1024)
  }
  const totalBytes = bytes.get('MemTotal')
  const freeBytes = bytes.get('MemFree')
  if (totalBytes === undefined || freeBytes === undefined || totalBytes === 0) return null
  return {
    totalBytes,
    freeBytes,
    availableBytes: bytes.get('MemAvailable') ?? null,
    buffersBytes: bytes.get('Buffers') ?? 0,
    pageCacheBytes: bytes.get('Cached') ?? 0,
    reclaimableBytes: bytes.get('SReclaimable') ?? 0,
    sharedBytes: bytes.get('Shmem') ?? 0,
    activeBytes: bytes.get('Active') ?? null,
    inactiveBytes: bytes.get('Inactive') ?? null,
    swapTotalBytes: bytes.get('SwapTotal') ?? null,
    swapFreeBytes: bytes.get('SwapFree') ?? null
  }
}

/** The ZFS cache: its size now, and the size below which it does not shrink. */
export interface ArcStats {
  readonly sizeBytes: number
  readonly minimumBytes: number
}

/** Parses /proc/spl/kstat/zfs/arcstats (name, type, value). null when a value is missing. */
export function parseArcStats(text: string): ArcStats | null {
  let sizeBytes: number | null = null
  let minimumBytes: number | null = null
  for (const line of text.split('\n', 500)) {
    const [name, , value] = words(line)
    if (name === 'size') sizeBytes = parseCounter(value)
    else if (name === 'c_min') minimumBytes = parseCounter(value)
  }
  return sizeBytes === null || minimumBytes === null ? null : { sizeBytes, minimumBytes }
}

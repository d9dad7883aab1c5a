/** Between a process as the application has it and the integers that are stored. */
import type { PastProcess } from '#contract/processes.ts'
import { COLUMNS, type Column } from './codec.ts'

/** Precision of a share of the CPU: a ten-thousandth. */
const RATIO_SCALE = 10_000
const KIB = 1024
const NICE_OFFSET = 21

const stored = (value: number | null): number => (value === null ? 0 : Math.max(0, Math.round(value)) + 1)

/** Memory to the KiB, as the kernel counts it in pages; CPU times to the hundredth of a second. */
export function toIntegers(process: PastProcess): number[] {
  const values: Record<Column, number> = {
    cpu: stored(process.cpuRatio === null ? null : process.cpuRatio * RATIO_SCALE),
    cpuUser: stored(process.cpuUserMs / 10),
    cpuSystem: stored(process.cpuSystemMs / 10),
    resident: stored(process.residentBytes / KIB),
    virtual: stored(process.virtualBytes / KIB),
    swap: stored(process.swapBytes === null ? null : process.swapBytes / KIB),
    read: stored(process.readBytes),
    write: stored(process.writeBytes),
    nice: process.nice + NICE_OFFSET,
    threads: stored(process.threads),
    state: process.state.charCodeAt(0) || 0
  }
  return COLUMNS.map((column) => values[column])
}

export interface ProcessNames {
  readonly pid: number
  readonly startTicks: number
  readonly startedAtMs: number
  readonly name: string
  readonly commandLine: string | null
  readonly user: string | null
}

export function fromIntegers(
  names: ProcessNames,
  integers: readonly number[],
  memoryTotalBytes: number
): PastProcess {
  const at = (column: Column): number => integers[COLUMNS.indexOf(column)] ?? 0
  const read = (column: Column): number | null => (at(column) === 0 ? null : at(column) - 1)
  const cpu = read('cpu')
  const swap = read('swap')
  const residentBytes = (read('resident') ?? 0) * KIB
  const { pid, startTicks, startedAtMs, name, commandLine, user } = names
  return {
    pid,
    startTicks,
    startedAtMs,
    name,
    commandLine,
    user,
    state: at('state') === 0 ? '' : String.fromCharCode(at('state') & 0x7f),
    cpuRatio: cpu === null ? null : cpu / RATIO_SCALE,
    cpuUserMs: (read('cpuUser') ?? 0) * 10,
    cpuSystemMs: (read('cpuSystem') ?? 0) * 10,
    residentBytes,
    virtualBytes: (read('virtual') ?? 0) * KIB,
    swapBytes: swap === null ? null : swap * KIB,
    memoryRatio: memoryTotalBytes === 0 ? null : residentBytes / memoryTotalBytes,
    threads: read('threads') ?? 0,
    nice: at('nice') - NICE_OFFSET,
    readBytes: read('read'),
    writeBytes: read('write')
  }
}

/** From two readings of /proc to shares, rates and means of each process. Pure; keeps what it needs between readings. */
import type { LiveProcess, WatchedPattern } from './process.ts'
import { processKey } from './process.ts'
import { patternsOf } from './patterns.ts'
import type { ProcessStat, ProcessStatus } from './proc-stat-records.ts'
import { RunningMean } from './running-mean.ts'

/** What the server says of itself once per connection. */
export interface ProcessUnits {
  readonly pageBytes: number
  readonly ticksPerSec: number
}

/** Bytes from and to storage since the process started. */
export interface ProcessIo {
  readonly readBytes: number
  readonly writeBytes: number
}

export interface IoReading {
  /** The server's uptime when it was read. */
  readonly uptimeSec: number
  readonly byPid: ReadonlyMap<number, ProcessIo>
}

export interface ProcessReading {
  readonly atMs: number
  readonly uptimeSec: number
  readonly stats: ReadonlyMap<number, ProcessStat>
  readonly statuses: ReadonlyMap<number, ProcessStatus>
}

export interface ProcessSurroundings {
  readonly units: ProcessUnits
  /** null while it is not known: no shares of memory then. */
  readonly memoryTotalBytes: number | null
  readonly patterns: readonly WatchedPattern[]
  readonly userOf: (uid: number) => string | null
  /** null = not read yet. By `processKey`. */
  readonly commandLineOf: (key: string) => string | null
  /** The newest; null where it may not be read. */
  readonly io: IoReading | null
}

interface Known {
  readonly ticks: number
  readonly uptimeSec: number
  readonly cpu: RunningMean
  readonly memory: RunningMean
  readonly cpuRatio: number | null
  readonly io: (ProcessIo & { readonly uptimeSec: number }) | null
  readonly rates: { readonly read: number | null; readonly write: number | null }
}

export class ProcessDeriver {
  #known = new Map<string, Known>()
  /** Of the reading before; infinite = there is none. */
  #uptimeSec = Number.POSITIVE_INFINITY

  /** An uptime that went back is a reboot: nothing of before is used. */
  derive(reading: ProcessReading, around: ProcessSurroundings): LiveProcess[] {
    if (reading.uptimeSec < this.#uptimeSec) {
      this.#known.clear()
      this.#uptimeSec = Number.POSITIVE_INFINITY
    }
    const beforeSec = this.#uptimeSec
    this.#uptimeSec = reading.uptimeSec
    const next = new Map<string, Known>()
    const processes: LiveProcess[] = []
    for (const stat of reading.stats.values()) {
      const key = processKey(stat)
      const before = this.#known.get(key) ?? bornBetween(stat, [beforeSec, reading.uptimeSec], around)
      const known = stepOf(before, stat, reading, around)
      next.set(key, known)
      processes.push(liveOf(stat, known, key, reading, around))
    }
    this.#known = next
    return processes
  }
}

/** Of a shorter life the share is a matter of single ticks. */
const LEAST_LIFE_SEC = 1

/** A process that began since the reading before: nothing of it was then, so its first reading has a share too. */
function bornBetween(
  stat: ProcessStat,
  [beforeSec, nowSec]: readonly [number, number],
  { units }: ProcessSurroundings
): Known | null {
  const startedSec = stat.startTicks / units.ticksPerSec
  if (startedSec < beforeSec || nowSec - startedSec < LEAST_LIFE_SEC) return null
  const none = { read: null, write: null }
  const [cpu, memory] = [new RunningMean(), new RunningMean()]
  return { ticks: 0, uptimeSec: startedSec, cpu, memory, cpuRatio: null, io: null, rates: none }
}

function stepOf(
  before: Known | null,
  stat: ProcessStat,
  { uptimeSec }: ProcessReading,
  around: ProcessSurroundings
): Known {
  const { ticksPerSec, pageBytes } = around.units
  const ticks = stat.userTicks + stat.systemTicks
  const elapsedSec = before === null ? 0 : uptimeSec - before.uptimeSec
  // Times of a process never fall; a kernel that lets them (a restored container) has no share for this once.
  const fresh =
    before === null || elapsedSec <= 0 || ticks < before.ticks
      ? null
      : (ticks - before.ticks) / ticksPerSec / elapsedSec
  const cpuRatio = elapsedSec === 0 ? (before?.cpuRatio ?? null) : fresh
  const cpu = before?.cpu ?? new RunningMean()
  const memory = before?.memory ?? new RunningMean()
  if (fresh !== null) cpu.add(uptimeSec, fresh, elapsedSec)
  if (around.memoryTotalBytes !== null) {
    const share = (stat.residentPages * pageBytes) / around.memoryTotalBytes
    memory.add(uptimeSec, share, elapsedSec > 0 ? elapsedSec : 1)
  }
  return { ticks, uptimeSec, cpu, memory, cpuRatio, ...ioStep(before, stat.pid, around.io) }
}

function ioStep(before: Known | null, pid: number, reading: IoReading | null): Pick<Known, 'io' | 'rates'> {
  const none = { read: null, write: null }
  const now = reading?.byPid.get(pid)
  if (reading === null || now === undefined) return { io: null, rates: none }
  const last = before?.io ?? null
  if (last !== null && last.uptimeSec === reading.uptimeSec) return { io: last, rates: before?.rates ?? none }
  const elapsedSec = last === null ? 0 : reading.uptimeSec - last.uptimeSec
  const rate = (from: number, to: number): number | null => (to < from ? null : (to - from) / elapsedSec)
  const rates =
    last === null || elapsedSec <= 0
      ? none
      : { read: rate(last.readBytes, now.readBytes), write: rate(last.writeBytes, now.writeBytes) }
  return { io: { ...now, uptimeSec: reading.uptimeSec }, rates }
}

function liveOf(
  stat: ProcessStat,
  known: Known,
  key: string,
  reading: ProcessReading,
  around: ProcessSurroundings
): LiveProcess {
  const { pageBytes, ticksPerSec } = around.units
  const residentBytes = stat.residentPages * pageBytes
  const status = reading.statuses.get(stat.pid)
  // A kernel thread is root's and has no command line.
  const uid = stat.isKernelThread ? 0 : (status?.uid ?? null)
  const { pid, startTicks, parentPid, name, isKernelThread, state, threads, nice, virtualBytes } = stat
  const commandLine = isKernelThread ? '' : around.commandLineOf(key)
  return {
    pid,
    startTicks,
    parentPid,
    name,
    commandLine,
    isKernelThread,
    state,
    uid,
    user: uid === null ? null : around.userOf(uid),
    startedAtMs: Math.max(
      0,
      Math.round(reading.atMs - (reading.uptimeSec - startTicks / ticksPerSec) * 1000)
    ),
    cpuRatio: known.cpuRatio,
    cpuMeanRatio: known.cpu.mean(),
    cpuUserMs: Math.round((stat.userTicks / ticksPerSec) * 1000),
    cpuSystemMs: Math.round((stat.systemTicks / ticksPerSec) * 1000),
    residentBytes,
    virtualBytes,
    swapBytes: status?.swapBytes ?? null,
    memoryRatio: around.memoryTotalBytes === null ? null : residentBytes / around.memoryTotalBytes,
    memoryMeanRatio: known.memory.mean(),
    threads,
    nice,
    readBytes: known.io?.readBytes ?? null,
    writeBytes: known.io?.writeBytes ?? null,
    readBytesPerSec: known.rates.read,
    writeBytesPerSec: known.rates.write,
    watchedBy: patternsOf(around.patterns, { name, commandLine, isKernelThread })
  }
}

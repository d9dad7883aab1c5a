/** A process of a server at one moment, as everything in main sees it: table, history, patterns, alerts. */

export interface LiveProcess {
  readonly pid: number
  /** Ticks after boot: with the pid the identity of the process. */
  readonly startTicks: number
  readonly parentPid: number
  readonly name: string
  /** Arguments with blanks between them; null = not read (yet), '' = it has none. */
  readonly commandLine: string | null
  readonly isKernelThread: boolean
  /** The kernel's letter. */
  readonly state: string
  readonly uid: number | null
  readonly user: string | null
  /** By the workstation's clock. */
  readonly startedAtMs: number
  /** Share of one CPU thread: 2.5 = two and a half. null in its first reading, unless it began since the one before. */
  readonly cpuRatio: number | null
  /** Over the last five minutes, or as long as it has been seen. null in its first reading. */
  readonly cpuMeanRatio: number | null
  readonly cpuUserMs: number
  readonly cpuSystemMs: number
  readonly residentBytes: number
  readonly virtualBytes: number
  readonly swapBytes: number | null
  /** Resident share of the server's memory. */
  readonly memoryRatio: number | null
  readonly memoryMeanRatio: number | null
  readonly threads: number
  readonly nice: number
  /** Of storage, since it started. null: the login user may not read it. */
  readonly readBytes: number | null
  readonly writeBytes: number | null
  readonly readBytesPerSec: number | null
  readonly writeBytesPerSec: number | null
  /** Ids of the patterns that find it. */
  readonly watchedBy: readonly string[]
}

/** A pattern that the operator watches on one server. */
export interface WatchedPattern {
  readonly id: string
  readonly name: string
  readonly text: string
}

/** pid and start: `4711.93822`. */
export const processKey = ({ pid, startTicks }: { pid: number; startTicks: number }): string =>
  `${pid}.${startTicks}`

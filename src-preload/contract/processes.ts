/**
 * Processes of a server: as they are now, as they were, and what may be done to one. A process is its pid and its start (ticks
 * after boot): pids are given out again, this pair is not while the server is up.
 */
import { z } from 'zod'
import { call, stream, task } from './define.ts'
import { ExportEvent, ExportResult } from './exports.ts'
import { ServerId } from './ids.ts'
import { AtMs, RemoteText } from './units.ts'

export const ProcessRef = z.object({
  pid: z
    .int()
    .positive()
    .max(2 ** 31),
  startTicks: z.int().nonnegative()
})
export type ProcessRef = z.infer<typeof ProcessRef>

export const PatternId = z.uuid().brand<'PatternId'>()
export type PatternId = z.infer<typeof PatternId>

/** Found somewhere in a command line (or in the name of a process without one). `*` = anything, `?` = one character. */
export const WatchedPattern = z.object({
  id: PatternId,
  name: z.string().trim().min(1).max(80),
  text: z.string().min(1).max(200)
})
export type WatchedPattern = z.infer<typeof WatchedPattern>

/** What the operator chose for one server. */
export const ProcessOptions = z.object({ patterns: z.array(WatchedPattern).max(50).default([]) })
export type ProcessOptions = z.infer<typeof ProcessOptions>

/** What is known of a process at any time, now or then. */
const values = {
  ...ProcessRef.shape,
  name: RemoteText,
  /** null = not read; '' = it has none (a kernel thread). */
  commandLine: RemoteText.nullable(),
  user: RemoteText.nullable(),
  /** The kernel's letter: R runs, S and D sleep, Z has ended, T is stopped, I is idle. */
  state: z.string().max(4),
  startedAtMs: AtMs,
  /** Share of one CPU thread; may exceed 1. null in its first reading, unless it began since the one before. */
  cpuRatio: z.number().nullable(),
  cpuUserMs: z.number(),
  cpuSystemMs: z.number(),
  residentBytes: z.number(),
  virtualBytes: z.number(),
  swapBytes: z.number().nullable(),
  /** Resident share of the server's memory. */
  memoryRatio: z.number().nullable(),
  threads: z.int(),
  nice: z.int(),
  /** From and to storage since its start. null: the login user may not read it. */
  readBytes: z.number().nullable(),
  writeBytes: z.number().nullable()
}

export const ProcessRow = z.object({
  ...values,
  parentPid: z.int(),
  isKernelThread: z.boolean(),
  uid: z.int().nullable(),
  cpuMeanRatio: z.number().nullable(),
  memoryMeanRatio: z.number().nullable(),
  readBytesPerSec: z.number().nullable(),
  writeBytesPerSec: z.number().nullable(),
  /** Patterns that find it. */
  watchedBy: z.array(PatternId).max(50)
})
export type ProcessRow = z.infer<typeof ProcessRow>

/** A process as it was. */
export const PastProcess = z.object(values)
export type PastProcess = z.infer<typeof PastProcess>

export const MAX_PROCESSES_SHOWN = 10_000

export const ProcessTable = z.object({
  atMs: AtMs,
  rows: z.array(ProcessRow).max(MAX_PROCESSES_SHOWN),
  /** Of more than MAX_PROCESSES_SHOWN those that take least are left out. */
  leftOut: z.int().nonnegative(),
  /** When the next one is due. */
  intervalMs: z.int(),
  patterns: z.array(WatchedPattern)
})
export type ProcessTable = z.infer<typeof ProcessTable>

/** What the history has of a moment: the top by CPU, the top by memory, and what was watched. */
export const PastTable = z.object({
  /** The reading next to the asked time. null = there is none. */
  atMs: AtMs.nullable(),
  /** Of one reading, or the mean of five minutes (kept for longer). */
  level: z.enum(['reading', 'mean5']),
  rows: z.array(PastProcess)
})
export type PastTable = z.infer<typeof PastTable>

export const ProcessPoint = z.object({
  atMs: AtMs,
  /** null = the history has no value: it was not among the top then, or the console was not connected. */
  cpuRatio: z.number().nullable(),
  memoryRatio: z.number().nullable(),
  residentBytes: z.number().nullable()
})
export type ProcessPoint = z.infer<typeof ProcessPoint>

export const MAX_PROCESS_POINTS = 2_000

export const ProcessSeriesQuery = z
  .object({ serverId: ServerId, process: ProcessRef, fromAtMs: AtMs, toAtMs: AtMs })
  .refine(({ fromAtMs, toAtMs }) => fromAtMs < toAtMs, { path: ['toAtMs'] })

export const ProcessSignal = z.enum(['terminate', 'kill'])
export type ProcessSignal = z.infer<typeof ProcessSignal>

export const ProcessActionOutcome = z.object({
  /**
   * ended: it is gone now. sent: a moment later it still runs. done: its niceness is as asked. gone: it had ended before;
   * nothing was sent.
   */
  outcome: z.enum(['ended', 'sent', 'done', 'gone'])
})

const Acted = z.object({ serverId: ServerId, process: ProcessRef })
const FileName = z.string().min(1).max(120)

export const processesContract = {
  /** The newest reading, then each newer one. */
  'processes.watch': stream(z.object({ serverId: ServerId }), ProcessTable, 'latest'),
  /** As they were at a time, or the nearest reading within five minutes of it. */
  'processes.at': call(z.object({ serverId: ServerId, atMs: AtMs }), PastTable),
  /** CPU and memory of one process; of more than MAX_PROCESS_POINTS, means of equal spans. */
  'processes.series': call(
    ProcessSeriesQuery,
    z.object({ points: z.array(ProcessPoint).max(MAX_PROCESS_POINTS * 2) })
  ),
  'processes.options': call(z.object({ serverId: ServerId }), ProcessOptions),
  'processes.setOptions': call(z.object({ serverId: ServerId, options: ProcessOptions }), ProcessOptions),
  /**
   * The start is looked at on the server right before: another process behind the pid is never hit (`gone`). Throws refused
   * (look-only), disconnected, commandFailed with the server's words.
   */
  'processes.signal': call(Acted.extend({ signal: ProcessSignal }), ProcessActionOutcome),
  'processes.renice': call(Acted.extend({ nice: z.int().min(-20).max(19) }), ProcessActionOutcome),
  /** The table of a moment of the past, as CSV. */
  'processes.exportAt': task(
    z.object({ serverId: ServerId, atMs: AtMs, fileName: FileName }),
    ExportEvent,
    ExportResult
  ),
  /** Every value kept of one process, as CSV. */
  'processes.exportSeries': task(
    ProcessSeriesQuery.safeExtend({ fileName: FileName }),
    ExportEvent,
    ExportResult
  )
}

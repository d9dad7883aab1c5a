/** All processes of a server over the resident shell of the fast lane (docs/processes.md). */
import { AppError } from '#contract/errors.ts'
import type { Clock } from '../../application/clock.ts'
import { parseProcUptime } from '../../domain/metrics/proc-load.ts'
import type { ProcessReading } from '../../domain/processes/derive-processes.ts'
import {
  parseStatRecords,
  parseStatusRecords,
  type ProcessStat,
  type ProcessStatus
} from '../../domain/processes/proc-stat-records.ts'
import type { ResidentShell } from './resident-shell.ts'

const DEADLINE_MS = 10_000
/** 32,768 records of some 230 bytes. */
const MAX_BYTES = 8 * 1024 * 1024
/** Users and swap of a process may change; they are looked at again this often. */
const STATUS_EVERY_MS = 60_000
/** Of one request: it is a line that the shell reads byte by byte. */
const STATUSES_AT_ONCE = 1_000

interface Kept {
  readonly startTicks: number
  readonly status: ProcessStatus | null
  readonly atMs: number
}

export class ProcessReader {
  readonly #shell: ResidentShell
  readonly #clock: Clock
  #stats = new Map<number, ProcessStat>()
  #statuses = new Map<number, Kept>()
  /** What the server's reader takes for known is known here too. */
  #inStep = false

  constructor(shell: ResidentShell, clock: Clock) {
    this.#shell = shell
    this.#clock = clock
  }

  /** Throws as an exchange does; protocolViolation without an uptime. */
  async read(signal: AbortSignal): Promise<ProcessReading> {
    const atMs = this.#clock.nowMs()
    const operation = this.#inStep ? 'p' : 'P'
    // Until its answer is here: one that is lost leaves the two sides apart.
    this.#inStep = false
    const body = await this.#ask(operation, signal)
    const [mode = '', uptime = ''] = body.split('\n', 2)
    const uptimeSec = parseProcUptime(uptime)
    if (uptimeSec === null || (mode !== 'all' && mode !== 'changed'))
      throw new AppError('protocolViolation', { params: { problem: 'processes without uptime' } })
    const { stats, gone } = parseStatRecords(body.slice(mode.length + uptime.length + 2))
    if (mode === 'all') this.#stats = new Map(stats)
    else {
      for (const pid of gone) this.#stats.delete(pid)
      for (const [pid, stat] of stats) this.#stats.set(pid, stat)
    }
    this.#inStep = true
    await this.#readStatuses(signal)
    return { atMs, uptimeSec, stats: new Map(this.#stats), statuses: this.#known() }
  }

  #ask(operation: string, signal: AbortSignal): Promise<string> {
    return this.#shell.exchange(operation, { signal, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES })
  }

  async #readStatuses(signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs()
    for (const pid of this.#statuses.keys()) if (!this.#stats.has(pid)) this.#statuses.delete(pid)
    const due: ProcessStat[] = []
    for (const stat of this.#stats.values()) {
      if (stat.isKernelThread) continue
      const kept = this.#statuses.get(stat.pid)
      const isNew = kept?.startTicks !== stat.startTicks
      if (isNew || nowMs - kept.atMs >= STATUS_EVERY_MS) due.push(stat)
    }
    if (due.length === 0) return
    const some = due.slice(0, STATUSES_AT_ONCE)
    const body = await this.#ask(`u:${some.map(({ pid }) => pid).join(',')}`, signal)
    const read = parseStatusRecords(body)
    for (const { pid, startTicks } of some)
      this.#statuses.set(pid, { startTicks, status: read.get(pid) ?? null, atMs: nowMs })
  }

  #known(): Map<number, ProcessStatus> {
    const known = new Map<number, ProcessStatus>()
    for (const [pid, { status }] of this.#statuses) if (status !== null) known.set(pid, status)
    return known
  }
}

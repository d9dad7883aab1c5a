/** The lane of processes: every ten seconds all of them, with shares, means, users and command lines (docs/processes.md). */
import { AppError } from '#contract/errors.ts'
import type { Capability } from '#contract/servers.ts'
import {
  type IoReading,
  ProcessDeriver,
  type ProcessReading
} from '../../domain/processes/derive-processes.ts'
import type { LiveProcess, WatchedPattern } from '../../domain/processes/process.ts'
import { sudoersFix } from '../../domain/capabilities/sudo.ts'
import { IO_COMMAND } from '../../domain/processes/io-command.ts'
import { watchEntities } from '../../domain/processes/watch-values.ts'
import type { LaneContext, LaneReading, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import { CommandLines } from './command-lines.ts'
import type { ProcessTools, ServerTerms } from './process-tools.ts'

export const PROCESS_INTERVAL_MS = 10_000
/** After the first reading of a connection, which tells no shares yet. */
const SECOND_AFTER_MS = 2_000
const LONGEST_INTERVAL_MS = 60_000
/** A reading that took a twentieth of the pause is too much for its server: the pause grows. */
const INTERVAL_PER_DURATION = 20
const TERMS_EVERY_MS = 600_000
/** A younger process is asked for its command line at the next reading, while nobody looks and nothing is watched. */
const YOUNG_SEC = 2
/** While nobody looks and nothing is watched. */
const IO_EVERY_MS = 60_000
/** After a reading of the counters that hung. */
const IO_PAUSE_MS = 300_000
/** Of all processes: then the counters of others may be read. */
const MOST = 0.8
/** Takes effect with the server's switch "use sudo", as a login as root does without it. */
const ALLOW_IO = sudoersFix(
  [{ command: IO_COMMAND, path: '/usr/bin/find', runs: false }],
  'virthelm-process-io'
)
const NO_TERMS: ServerTerms = {
  units: { pageBytes: 4096, ticksPerSec: 100 },
  memoryTotalBytes: null,
  users: new Map()
}

export interface ProcessLaneDeps {
  readonly tools: ProcessTools
  readonly patternsOf: (serverId: LaneContext['serverId']) => readonly WatchedPattern[]
  readonly isWatched: (serverId: LaneContext['serverId']) => boolean
  readonly onProcesses: (
    serverId: LaneContext['serverId'],
    reading: {
      readonly atMs: number
      readonly memoryTotalBytes: number | null
      readonly processes: readonly LiveProcess[]
    }
  ) => void
}

export class ProcessLane implements TelemetryLane {
  readonly id = 'processes'
  readonly sudoCommands = [IO_COMMAND]
  readonly firstAfterMs = 2_000
  readonly #deps: ProcessLaneDeps
  readonly #intervals = new Map<string, number>()

  constructor(deps: ProcessLaneDeps) {
    this.#deps = deps
  }

  everyMs(serverId: LaneContext['serverId']): number {
    return this.#intervals.get(serverId) ?? PROCESS_INTERVAL_MS
  }

  open(context: LaneContext): LaneSession {
    return new ProcessSession(context, this.#deps, (durationMs, isFirst) => {
      const wanted = Math.round(durationMs * INTERVAL_PER_DURATION)
      const least = isFirst ? SECOND_AFTER_MS : PROCESS_INTERVAL_MS
      this.#intervals.set(context.serverId, Math.min(LONGEST_INTERVAL_MS, Math.max(least, wanted)))
    })
  }

  capabilitiesOf(error: AppError): readonly Capability[] {
    const cause = error.code === 'deadlineExceeded' ? 'stalled' : 'unreadable'
    return [{ id: 'processes', works: false, cause, fix: null }]
  }
}

class ProcessSession implements LaneSession {
  readonly #context: LaneContext
  readonly #deps: ProcessLaneDeps
  readonly #onDuration: (durationMs: number, isFirst: boolean) => void
  #isFirst = true
  readonly #deriver = new ProcessDeriver()
  readonly #commandLines: CommandLines
  #terms: ServerTerms = NO_TERMS
  #termsDueMs = Number.NEGATIVE_INFINITY
  readonly #users = new Map<number, string | null>()
  #io: IoReading | null = null
  #ioReadMs = Number.NEGATIVE_INFINITY
  #ioStalledUntilMs = Number.NEGATIVE_INFINITY
  #labels = ''

  constructor(
    context: LaneContext,
    deps: ProcessLaneDeps,
    onDuration: (durationMs: number, isFirst: boolean) => void
  ) {
    this.#context = context
    this.#deps = deps
    this.#onDuration = onDuration
    this.#commandLines = new CommandLines(deps.tools)
  }

  async read(signal: AbortSignal): Promise<LaneReading> {
    const { clock, sampling, tools, serverId } = this.#context
    await this.#readTerms(signal)
    const startedMs = clock.monotonicMs()
    const reading = await sampling.readProcesses(signal)
    this.#onDuration(clock.monotonicMs() - startedMs, this.#isFirst)
    this.#isFirst = false
    await this.#commandLines.update(reading.stats.values(), {
      tools,
      nowMs: clock.monotonicMs(),
      youngFromTicks: this.#isNeeded()
        ? Number.POSITIVE_INFINITY
        : (reading.uptimeSec - YOUNG_SEC) * this.#terms.units.ticksPerSec,
      signal
    })
    await this.#readIo(signal)
    await this.#readUserNames(reading, signal)
    const patterns = this.#deps.patternsOf(serverId)
    const { units, memoryTotalBytes } = this.#terms
    const processes = this.#deriver.derive(reading, {
      units,
      memoryTotalBytes,
      patterns,
      userOf: (uid) => this.#terms.users.get(uid) ?? this.#users.get(uid) ?? null,
      commandLineOf: (key) => this.#commandLines.of(key),
      io: this.#io
    })
    this.#deps.onProcesses(serverId, { atMs: reading.atMs, memoryTotalBytes, processes })
    return {
      entities: watchEntities(patterns, processes),
      ...this.#newLabels(patterns),
      capabilities: [this.#processCapability(reading), this.#ioCapability(processes)]
    }
  }

  close(): void {
    this.#io = null
  }

  /** Somebody looks, or something is watched: then all is read at once and with every reading. */
  #isNeeded(): boolean {
    const { serverId } = this.#context
    return this.#deps.isWatched(serverId) || this.#deps.patternsOf(serverId).length > 0
  }

  /** What could not be read this time is tried again with the next reading; what was read before stays. */
  async #readTerms(signal: AbortSignal): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs()
    if (nowMs < this.#termsDueMs) return
    const terms = await this.#unlessSlow(() => this.#deps.tools.terms(this.#context.tools, signal))
    if (terms === null) return
    this.#terms = terms
    this.#termsDueMs = nowMs + TERMS_EVERY_MS
    this.#users.clear()
  }

  async #readUserNames({ statuses }: ProcessReading, signal: AbortSignal): Promise<void> {
    const unknown = new Set<number>()
    for (const { uid } of statuses.values()) {
      if (uid !== null && !this.#terms.users.has(uid) && !this.#users.has(uid)) unknown.add(uid)
    }
    const some = [...unknown].slice(0, 64)
    if (some.length === 0) return
    const names = await this.#unlessSlow(() => this.#deps.tools.userNames(this.#context.tools, some, signal))
    // A uid without a name is not asked for again before the next reading of all users.
    for (const uid of some) this.#users.set(uid, names?.get(uid) ?? null)
  }

  async #readIo(signal: AbortSignal): Promise<void> {
    const { clock, tools, sudo } = this.#context
    const nowMs = clock.monotonicMs()
    if (nowMs < this.#ioStalledUntilMs) return
    if (!this.#isNeeded() && nowMs - this.#ioReadMs < IO_EVERY_MS) return
    const io = await this.#unlessSlow(() => this.#deps.tools.io(tools, sudo(), signal))
    this.#ioReadMs = nowMs
    this.#io = io
    if (io === null) this.#ioStalledUntilMs = nowMs + IO_PAUSE_MS
  }

  /** null when the server did not finish in time: processes are shown without it. */
  async #unlessSlow<T>(ask: () => Promise<T>): Promise<T | null> {
    try {
      return await ask()
    } catch (error) {
      const code = error instanceof AppError ? error.code : null
      if (code === null || code === 'cancelled' || code === 'disconnected') throw error
      this.#context.log.debug('processes.detailUnavailable', { serverId: this.#context.serverId, code })
      return null
    }
  }

  #newLabels(patterns: readonly WatchedPattern[]): Pick<LaneReading, 'labels'> {
    const labels = patterns.map(({ id, name }) => ({ kind: 'watch' as const, key: id, label: name }))
    const text = JSON.stringify(labels)
    if (text === this.#labels) return {}
    this.#labels = text
    return { labels }
  }

  /** The first process is everywhere; where it cannot be read, /proc is mounted to hide those of others. */
  #processCapability({ stats }: ProcessReading): Capability {
    if (stats.has(1)) return { id: 'processes', works: true, cause: null, fix: null }
    const fix = 'mount -o remount,hidepid=0 /proc'
    return { id: 'processes', works: true, cause: 'permissionDenied', fix }
  }

  #ioCapability(processes: readonly LiveProcess[]): Capability {
    const id = 'processIo'
    if (this.#io === null) return { id, works: false, cause: 'stalled', fix: null }
    const all = processes.filter(({ isKernelThread, state }) => !isKernelThread && state !== 'Z')
    const withIo = all.filter(({ readBytes }) => readBytes !== null)
    // Some came or went between the two readings.
    if (withIo.length >= all.length * MOST) return { id, works: true, cause: null, fix: null }
    return { id, works: false, cause: 'permissionDenied', fix: ALLOW_IO }
  }
}

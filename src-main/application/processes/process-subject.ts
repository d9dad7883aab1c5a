/** Processes of all servers: the lane, the newest table of each, watched patterns, and what goes into the history. */
import { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import { ProcessOptions } from '#contract/processes.ts'
import { toKeep } from '../../domain/processes/keep.ts'
import { patternsOf } from '../../domain/processes/patterns.ts'
import type { LiveProcess } from '../../domain/processes/process.ts'
import type { Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import type { BlobStore, ProcessStore } from '../storage.ts'
import { DetailBoard } from '../telemetry/detail-board.ts'
import { ServerOptions } from '../telemetry/server-options.ts'
import type { TelemetrySubject } from '../telemetry/telemetry.ts'
import { ProcessLane } from './process-lane.ts'
import type { ProcessTools } from './process-tools.ts'

/** All processes of a server at its newest reading. */
export interface ProcessesNow {
  readonly atMs: number
  readonly processes: readonly LiveProcess[]
}

export interface ProcessSubjectDeps {
  readonly tools: ProcessTools
  readonly store: ProcessStore
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  /** Each reading, as it comes. */
  readonly onReading?: (serverId: ServerId, now: ProcessesNow) => void
}

export class ProcessSubject implements TelemetrySubject {
  readonly lanes: readonly [ProcessLane]
  /** The newest processes of each server, with CPU, memory and their means: for windows and for alerts. */
  readonly board = new DetailBoard<ProcessesNow>()
  readonly #deps: ProcessSubjectDeps
  readonly #options: ServerOptions<typeof ProcessOptions>
  readonly #writes = new Set<Promise<void>>()
  #lastFailure: string | null = null

  constructor(deps: ProcessSubjectDeps) {
    this.#deps = deps
    this.#options = new ServerOptions(deps.blobs, 'processes', ProcessOptions)
    const lane = new ProcessLane({
      tools: deps.tools,
      patternsOf: (serverId) => this.options(serverId).patterns,
      isWatched: (serverId) => this.board.isWatched(serverId),
      onProcesses: (serverId, { atMs, memoryTotalBytes, processes }) => {
        this.board.publish(serverId, { atMs, processes })
        deps.onReading?.(serverId, { atMs, processes })
        this.#keep(serverId, atMs, memoryTotalBytes, processes)
      }
    })
    this.lanes = [lane]
  }

  intervalMs(serverId: ServerId): number {
    return this.lanes[0].everyMs(serverId)
  }

  options(serverId: ServerId): ProcessOptions {
    return this.#options.get(serverId)
  }

  /** Takes effect at once in the table that is shown. Throws invalidInput for an id that stands twice. */
  async setOptions(serverId: ServerId, options: ProcessOptions): Promise<ProcessOptions> {
    const ids = new Set(options.patterns.map(({ id }) => id))
    if (ids.size < options.patterns.length)
      throw new AppError('invalidInput', { params: { field: 'patterns', reason: 'duplicate' } })
    await this.#options.set(serverId, options)
    const now = this.board.latest(serverId)
    if (now !== null) {
      const processes = now.processes.map((process) => ({
        ...process,
        watchedBy: patternsOf(options.patterns, process)
      }))
      this.board.publish(serverId, { ...now, processes })
    }
    return options
  }

  async load(serverId: ServerId): Promise<void> {
    await this.#options.load(serverId)
  }

  async forget(serverId: ServerId): Promise<void> {
    this.board.forget(serverId)
    await Promise.allSettled(this.#writes)
    await this.#options.forget(serverId)
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#writes)
  }

  #keep(
    serverId: ServerId,
    atMs: number,
    memoryTotalBytes: number | null,
    processes: readonly LiveProcess[]
  ): void {
    const kept = toKeep(processes)
    if (kept.length === 0) return
    const write = this.#deps.store
      .append({ serverId, atMs, memoryTotalBytes, processes: kept })
      .then(() => {
        this.#lastFailure = null
      })
      .catch((cause: unknown) => {
        // Said once: a full disk stays full for a while, and the table goes on.
        const code = cause instanceof AppError ? cause.code : 'internal'
        if (code !== this.#lastFailure) this.#deps.log.warn('processes.notKept', { serverId, code })
        this.#lastFailure = code
      })
      .finally(() => {
        this.#writes.delete(write)
      })
    this.#writes.add(write)
  }
}

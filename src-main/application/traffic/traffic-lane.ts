/** The lane of access logs: every log of a server, one after the other, at a pace of its own. */
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { ServerId } from '#contract/ids.ts'
import type { Capability } from '#contract/servers.ts'
import type { LogChoice, LogStatus, TrafficOptions } from '#contract/traffic.ts'
import type { Zone } from '../export/csv.ts'
import type { LaneContext, LaneReading, LaneSession, TelemetryLane } from '../telemetry/lane.ts'
import type { LogBook } from './log-book.ts'
import type { LogFiles } from './log-files.ts'
import { causeOf, LogReader } from './log-reader.ts'
import type { TrafficBoard } from './traffic-board.ts'

const EVERY_MS = 30_000
/** While a log is behind: soon, and yet with room for others. */
const BEHIND_EVERY_MS = 2_000
const FIRST_AFTER_MS = 4_000
/** All logs of one reading together. What is then not read is read the next time. */
const READING_DEADLINE_MS = 120_000

export interface TrafficLaneDeps {
  readonly board: TrafficBoard
  readonly options: (serverId: ServerId) => TrafficOptions
  readonly bookOf: (serverId: ServerId, path: string) => LogBook
  readonly filesOf: (context: Pick<LaneContext, 'connection' | 'tools' | 'sudo'>) => LogFiles
  readonly zone: () => Zone
}

export class TrafficLane implements TelemetryLane {
  readonly id = 'accessLogs'
  readonly firstAfterMs = FIRST_AFTER_MS
  readonly #deps: TrafficLaneDeps
  readonly #sessions = new Map<ServerId, TrafficSession>()

  constructor(deps: TrafficLaneDeps) {
    this.#deps = deps
  }

  everyMs(serverId: ServerId): number {
    return this.#deps.board.isBehind(serverId) ? BEHIND_EVERY_MS : EVERY_MS
  }

  open(context: LaneContext): LaneSession {
    const { serverId } = context
    const session = new TrafficSession(context, this.#deps, () => {
      if (this.#sessions.get(serverId) === session) this.#sessions.delete(serverId)
    })
    this.#sessions.set(serverId, session)
    return session
  }

  capabilitiesOf(error: AppError): readonly Capability[] {
    return [{ id: 'accessLogs', works: false, cause: causeOf(error) ?? 'unreadable', fix: null }]
  }

  /** The session of the server's connection. Throws disconnected. */
  session(serverId: ServerId): TrafficSession {
    const session = this.#sessions.get(serverId)
    if (session === undefined) throw new AppError('disconnected', { retryable: true })
    return session
  }

  /** Reads without waiting for the next round, where the server is connected. */
  async readNow(serverId: ServerId): Promise<void> {
    await this.#sessions.get(serverId)?.readNow()
  }
}

export class TrafficSession implements LaneSession {
  readonly files: LogFiles
  readonly #context: LaneContext
  readonly #deps: TrafficLaneDeps
  readonly #onClose: () => void
  readonly #readers = new Map<string, { readonly choice: LogChoice; readonly reader: LogReader }>()
  #turn: Promise<unknown> = Promise.resolve()

  constructor(context: LaneContext, deps: TrafficLaneDeps, onClose: () => void) {
    this.#context = context
    this.#deps = deps
    this.#onClose = onClose
    this.files = deps.filesOf(context)
  }

  read(signal: AbortSignal): Promise<LaneReading> {
    const turn = this.#turn.then(() => this.#read(signal))
    // The failure belongs to who asked; the next in turn only waits.
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** What it brings is on the board; its rates are those of the next round. Never rejects. */
  async readNow(): Promise<void> {
    const { signal, log, serverId } = this.#context
    await this.read(signal).catch((cause: unknown) => {
      const code = cause instanceof AppError ? cause.code : 'internal'
      log.info('traffic.notRead', { serverId, code })
    })
  }

  close(): void {
    this.#onClose()
  }

  async #read(signal: AbortSignal): Promise<LaneReading> {
    const { serverId } = this.#context
    const { logs } = this.#deps.options(serverId)
    const entities: EntityValues[] = []
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(READING_DEADLINE_MS)])
    for (const choice of logs) {
      const values = await this.#readOne(choice, bounded)
      if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
      if (values !== null) entities.push(values)
    }
    return { entities, capabilities: capabilitiesOf(this.#deps.board.statuses(serverId)) }
  }

  /** A log that fails costs only itself. */
  async #readOne(choice: LogChoice, signal: AbortSignal): Promise<EntityValues<'web'> | null> {
    const { serverId, log } = this.#context
    try {
      return await this.#readerOf(choice).read(signal)
    } catch (cause) {
      const error = cause instanceof AppError ? cause : new AppError('internal', { cause })
      if (error.code === 'disconnected') throw error
      if (error.code === 'internal') log.error('traffic.readFailed', cause, { serverId })
      else log.debug('traffic.notRead', { serverId, code: error.code })
      this.#deps.board.setStatus(serverId, choice.path, { state: 'failed', cause: causeOf(error), fix: null })
      return null
    }
  }

  #readerOf(choice: LogChoice): LogReader {
    const known = this.#readers.get(choice.path)
    if (known !== undefined && known.choice.format === choice.format) return known.reader
    const { serverId, clock } = this.#context
    const { board, bookOf, zone } = this.#deps
    const reader = new LogReader(choice, {
      files: this.files,
      book: bookOf(serverId, choice.path),
      clock,
      zone,
      onRequests: (path, requests) => board.addRequests(serverId, path, requests),
      onStatus: (path, change) => board.setStatus(serverId, path, change)
    })
    this.#readers.set(choice.path, { choice, reader })
    return reader
  }
}

/** Of all logs one entry: the first that has a reason not to be read. None where no log was chosen. */
function capabilitiesOf(logs: readonly LogStatus[]): Capability[] {
  if (logs.length === 0) return []
  const failing = logs.find(({ cause }) => cause !== null)
  if (failing === undefined) return [{ id: 'accessLogs', works: true, cause: null, fix: null }]
  return [{ id: 'accessLogs', works: false, cause: failing.cause, fix: failing.fix }]
}

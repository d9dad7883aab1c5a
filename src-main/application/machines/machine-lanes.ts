/** Keeps a hypervisor session open on a connection and brings lists, pushes and stats from it. */
import { AppError, type ErrorCode } from '#contract/errors.ts'
import type { Capability } from '#contract/servers.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { Log } from '../platform/platform.ts'
import { pace, sampleIntervalMs } from '../sampling/pace.ts'
import type { Connection } from '../servers/connection.ts'
import type { Nudge } from '../telemetry/nudge.ts'
import type { Hypervisor, HypervisorSession, MachineListing, StatsRound } from './hypervisor.ts'

/** Events may be lost; the list is read again at least this often. */
const LIST_EVERY_MS = 30_000
/** Balloon and block cost libvirtd the most: this often, or at each round while somebody looks. */
const FULL_EVERY_MS = 30_000
const REOPEN_MS: Partial<Record<ErrorCode, number>> = { libvirtMissing: 300_000, libvirtDenied: 60_000 }
const REOPEN_OTHERWISE_MS = 10_000

export interface MachineLanesOptions {
  readonly connection: Connection
  readonly hypervisor: Hypervisor
  readonly clock: Clock
  readonly log: Log
  readonly signal: AbortSignal
  /** Ends the wait before libvirt is tried again. */
  readonly nudge: Nudge
  /** 0..1: when in the interval this server's rounds begin. */
  readonly phase: number
  readonly intervalMs: () => number
  /** True while a window shows this server's machines in detail. */
  readonly isWatched: () => boolean
  readonly onSession: (session: HypervisorSession | null) => void
  readonly onCapabilities: (capabilities: readonly Capability[]) => void
  readonly onList: (listings: readonly MachineListing[], atMs: number) => void
  readonly onStats: (round: StatsRound, atMs: number) => void
}

/** Runs until the signal aborts. A server without libvirt is a normal server: it is asked again now and then. */
export async function runMachineLanes(options: MachineLanesOptions): Promise<void> {
  const { hypervisor, connection, clock, log, signal } = options
  while (!signal.aborted) {
    let reopenMs = REOPEN_OTHERWISE_MS
    try {
      const session = await hypervisor.open(connection, { signal })
      options.onCapabilities(session.capabilities)
      try {
        options.onSession(session)
        await runSession(session, options)
      } finally {
        options.onSession(null)
        session.close()
      }
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof AppError)) throw error
      options.onCapabilities(hypervisor.capabilitiesOf(error))
      log.info('libvirt.unavailable', { code: error.code })
      reopenMs = REOPEN_MS[error.code] ?? REOPEN_OTHERWISE_MS
    }
    await sleepUnlessAborted(clock, reopenMs, AbortSignal.any([signal, options.nudge.signal]))
  }
}

async function runSession(session: HypervisorSession, options: MachineLanesOptions): Promise<void> {
  const { clock, signal } = options
  const ended = new AbortController()
  const sessionSignal = AbortSignal.any([signal, ended.signal])
  const lister = new Lister(session, options, sessionSignal)
  session.onChange(() => lister.hint())
  void session.closed.then(() => ended.abort())
  await lister.read()
  let fullAtMs = -FULL_EVERY_MS
  let rounds = 0
  const pauseMs = (): number => sampleIntervalMs(rounds, options.intervalMs(), options.phase)
  const round = async (): Promise<void> => {
    rounds++
    const nowMs = clock.monotonicMs()
    if (nowMs - lister.readAtMs >= LIST_EVERY_MS) await lister.read()
    const full = options.isWatched() || nowMs - fullAtMs >= FULL_EVERY_MS
    if (full) fullAtMs = nowMs
    const atMs = clock.nowMs()
    options.onStats(await session.stats(full ? 'full' : 'fast', sessionSignal), atMs)
  }
  await pace(round, { clock, signal: sessionSignal, intervalMs: pauseMs })
  await lister.idle()
}

/** One list read at a time; hints that come meanwhile lead to exactly one more. */
class Lister {
  readAtMs = -LIST_EVERY_MS
  readonly #session: HypervisorSession
  readonly #options: MachineLanesOptions
  readonly #signal: AbortSignal
  #running: Promise<void> | null = null
  #again = false

  constructor(session: HypervisorSession, options: MachineLanesOptions, signal: AbortSignal) {
    this.#session = session
    this.#options = options
    this.#signal = signal
  }

  hint(): void {
    if (this.#signal.aborted) return
    void this.read().catch((error: unknown) => {
      if (!this.#signal.aborted) this.#options.log.warn('libvirt.listFailed', { error: String(error) })
    })
  }

  read(): Promise<void> {
    if (this.#running) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#readUntilSettled().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Resolves when no read is under way, whatever its outcome was. */
  async idle(): Promise<void> {
    await Promise.allSettled([this.#running])
  }

  async #readUntilSettled(): Promise<void> {
    do {
      this.#again = false
      const atMs = this.#options.clock.nowMs()
      const listings = await this.#session.list(this.#signal)
      this.readAtMs = this.#options.clock.monotonicMs()
      this.#options.onList(listings, atMs)
    } while (this.#again && !this.#signal.aborted)
  }
}

/**
 * Keeps one nvidia-smi resident on the server and the newest row of each card. One that hangs is ended and started again after
 * a pause; as long as it cannot be ended, no second one is started beside it.
 */
import { AppError } from '#contract/errors.ts'
import type { NvidiaCard } from '../../domain/gpu/nvidia-query.ts'
import type { NvidiaTrouble } from '../../domain/gpu/nvidia-trouble.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import type { GpuProbe } from './probes.ts'

/** It prints every 10 s; the first time it may have to load the driver, card by card. */
const FIRST_ROWS_MS = 60_000
const SILENT_MS = 45_000
/** A row that did not come again in three rounds is of a card that is gone. */
const KEPT_MS = 35_000
/** All cards of one round have printed their rows within this. */
const ROUND_MS = 500
const PAUSE_MS = 30_000
const LONGEST_PAUSE_MS = 600_000

export class NvidiaFollower {
  readonly #probe: GpuProbe
  readonly #clock: Clock
  readonly #signal: AbortSignal
  readonly #rows = new Map<string, { card: NvidiaCard; atMs: number }>()
  #run: {
    readonly stop: AbortController
    readonly sinceMs: number
    lastRowMs: number | null
    pid: number | null
  } | null = null
  #stuckPid: number | null = null
  #ending = false
  #pauseMs = PAUSE_MS
  #nextAtMs = 0
  #trouble: NvidiaTrouble | null = null
  #stalled = false
  #onNews: () => void = () => undefined

  /** @param signal aborts with the connection */
  constructor(probe: GpuProbe, clock: Clock, signal: AbortSignal) {
    this.#probe = probe
    this.#clock = clock
    this.#signal = signal
  }

  /** By index; rows that are too old are left out. */
  cards(): NvidiaCard[] {
    const nowMs = this.#clock.monotonicMs()
    for (const [key, { atMs }] of this.#rows) if (nowMs - atMs > KEPT_MS) this.#rows.delete(key)
    return [...this.#rows.values()].map(({ card }) => card).sort((one, other) => one.index - other.index)
  }

  /** Why there are no cards; null while it runs or has not said anything yet. */
  get trouble(): NvidiaTrouble | null {
    return this.#trouble
  }

  get stalled(): boolean {
    return this.#stalled
  }

  /** Starts it when it should run, and ends it when it hangs. Returns at once. */
  tend(): void {
    const nowMs = this.#clock.monotonicMs()
    const run = this.#run
    if (run === null) {
      if (nowMs >= this.#nextAtMs && !this.#ending) void this.#start()
      return
    }
    const silentMs = nowMs - (run.lastRowMs ?? run.sinceMs)
    if (silentMs <= (run.lastRowMs === null ? FIRST_ROWS_MS : SILENT_MS)) return
    this.#stalled = true
    this.#stuckPid = run.pid
    run.stop.abort(new AppError('cancelled'))
  }

  /** Resolves when the rows of the first round have come, when it says what is wrong, or after the time. */
  async firstRows(durationMs: number, signal: AbortSignal): Promise<void> {
    if (this.#rows.size === 0 && this.#trouble === null) await this.#newsWithin(durationMs, signal)
    // Rows of one round come together.
    if (this.#rows.size > 0) await this.#clock.sleep(ROUND_MS, signal)
  }

  close(): void {
    this.#run?.stop.abort(new AppError('cancelled'))
  }

  async #newsWithin(durationMs: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#onNews = resolve
    const waited = new AbortController()
    const sleep = sleepUnlessAborted(this.#clock, durationMs, AbortSignal.any([signal, waited.signal]))
    await Promise.race([promise, sleep])
    waited.abort()
  }

  async #start(): Promise<void> {
    if (this.#stuckPid !== null && !(await this.#endStuck(this.#stuckPid))) {
      this.#pause()
      return
    }
    this.#stuckPid = null
    const run = {
      stop: new AbortController(),
      sinceMs: this.#clock.monotonicMs(),
      lastRowMs: null as number | null,
      pid: null as number | null
    }
    this.#run = run
    const listener = {
      onStarted: (pid: number): void => {
        run.pid = pid
      },
      onCard: (card: NvidiaCard): void => {
        run.lastRowMs = this.#clock.monotonicMs()
        this.#rows.set(card.uuid ?? card.pciAddress ?? String(card.index), { card, atMs: run.lastRowMs })
        this.#stalled = false
        this.#trouble = null
        this.#pauseMs = PAUSE_MS
        this.#onNews()
      }
    }
    try {
      this.#trouble = await this.#probe.followNvidia(
        listener,
        AbortSignal.any([run.stop.signal, this.#signal])
      )
    } catch {
      // Ended by us, or with the connection: the lane says which, and asks again.
    }
    this.#run = null
    this.#pause()
    this.#onNews()
  }

  #pause(): void {
    this.#nextAtMs = this.#clock.monotonicMs() + this.#pauseMs
    this.#pauseMs = Math.min(LONGEST_PAUSE_MS, this.#pauseMs * 2)
  }

  async #endStuck(pid: number): Promise<boolean> {
    this.#ending = true
    try {
      return await this.#probe.endNvidia(pid, this.#signal)
    } catch {
      // The server does not answer to that either; asked again after the pause.
      return false
    } finally {
      this.#ending = false
    }
  }
}

/**
 * Sends ticks to one outside engine. What comes in is gathered in memory for a moment, put into the queue on the disk,
 * and sent from there in order; so nothing is ever waited for where ticks come from, and one path serves a good day and
 * a bad one alike.
 */
import type { EngineSettings, EngineStatus } from '#contract/engines.ts'
import { AppError } from '#contract/errors.ts'
import { samplesIn, type OutsideTick } from '../../domain/engines/naming.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import type { Secret } from '../servers/connection.ts'
import { engineDelayMs } from './back-off.ts'
import type { EngineHttp } from './http.ts'
import type { QueuedRecord, QueueStats, RecordQueue } from './record-queue.ts'
import { SenderLedger, type Failure } from './sender-ledger.ts'
import { TickBuffer } from './tick-buffer.ts'
import { packTicks, unpackTicks } from './tick-records.ts'
import { outcomeOf, writeRequest, type WriteOutcome } from './wire.ts'

export interface SenderDeps {
  readonly http: EngineHttp
  readonly clock: Clock
  readonly log: Log
  /** 0..1, for jitter. */
  readonly random: () => number
  /** Something of the status changed. */
  readonly onChange: () => void
}

/** What a sender works by; it may change while it runs. */
export interface SenderSetup {
  readonly engineId: string
  readonly settings: EngineSettings
  readonly secret: Secret | null
  /** It needs a secret and has none: nothing is sent, but all is queued. */
  readonly secretMissing: boolean
}

const GATHER_MS = 2_000
/** Of one record. Small, so that samples which an engine refuses take few others with them. */
const RECORD_SAMPLES = 500
/** Of one request: a few milliseconds of work, and less than the smallest limit an engine comes with. */
const REQUEST_SAMPLES = 2_000
const SEND_DEADLINE_MS = 15_000
const MAX_ANSWER_BYTES = 64 * 1_024
/** With nothing to send it looks again by itself, for what an earlier run left. */
const IDLE_MS = 10_000
/** The queue took nothing (the disk is full), or could not be opened: tried again. */
const QUEUE_RETRY_MS = 5_000
const NO_QUEUE: QueueStats = { bytes: 0, samples: 0, droppedSamples: 0 }

export class EngineSender {
  readonly #openQueue: () => Promise<RecordQueue>
  readonly #deps: SenderDeps
  readonly #buffer = new TickBuffer()
  readonly #ledger = new SenderLedger()
  #setup: SenderSetup
  /** null until it was opened by the first run. */
  #queue: RecordQueue | null = null
  #life: AbortController | null = null
  #running: Promise<void> = Promise.resolve()
  /** Aborted to end the wait of the sending loop: for more to send, or for the next attempt. */
  #nap: { readonly waker: AbortController; readonly idle: boolean } | null = null
  #requestSamples = REQUEST_SAMPLES
  /** Neither in memory nor in the queue: on their way from one to the other. */
  #movingSamples = 0

  constructor(setup: SenderSetup, openQueue: () => Promise<RecordQueue>, deps: SenderDeps) {
    this.#setup = setup
    this.#openQueue = openQueue
    this.#deps = deps
  }

  /** Returns at once, whatever the engine and the disk do. */
  take(tick: OutsideTick): void {
    if (this.#life !== null) this.#dropped(this.#buffer.add(tick))
  }

  /** Starts to gather and send, if it is enabled. */
  start(): void {
    if (this.#life !== null || !this.#setup.settings.enabled) return
    this.#life = new AbortController()
    this.#running = this.#run(this.#life.signal)
  }

  /** Puts what was gathered into the queue; it is sent after the next start. */
  async stop(): Promise<void> {
    this.#life?.abort(new AppError('cancelled'))
    await this.#running
    this.#life = null
  }

  async close(): Promise<void> {
    await this.stop()
    await this.#queue?.close()
  }

  async change(setup: SenderSetup): Promise<void> {
    this.#setup = setup
    this.#queue?.setLimit(setup.settings.queueLimitBytes)
    if (!setup.settings.enabled) await this.stop()
    this.start()
    this.retryNow()
  }

  /** Ends the wait between two attempts. */
  retryNow(): void {
    this.#ledger.failures = 0
    this.#nap?.waker.abort()
  }

  status(): EngineStatus {
    const queue = this.#queue?.stats ?? NO_QUEUE
    const { settings, secretMissing } = this.#setup
    return this.#ledger.status(
      { enabled: settings.enabled, secretMissing },
      { ...queue, samples: queue.samples + this.#movingSamples + this.#buffer.samples }
    )
  }

  /** Ends by the signal only; if anything else ends it, the operator sees it. */
  async #run(signal: AbortSignal): Promise<void> {
    try {
      const queue = await this.#openedQueue(signal)
      if (queue !== null) await Promise.all([this.#gather(queue, signal), this.#send(queue, signal)])
    } catch (cause) {
      const error = new AppError('internal', { cause })
      error.incidentId = this.#deps.log.error('engine.loopEnded', cause, { engineId: this.#setup.engineId })
      this.#failed({ kind: 'blocked', error })
    }
  }

  async #openedQueue(signal: AbortSignal): Promise<RecordQueue | null> {
    while (this.#queue === null && !signal.aborted) {
      try {
        this.#queue = await this.#openQueue()
      } catch (cause) {
        this.#failed(this.#unexpected(cause))
        await sleepUnlessAborted(this.#deps.clock, QUEUE_RETRY_MS, signal)
      }
    }
    return this.#queue
  }

  async #gather(queue: RecordQueue, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleepUnlessAborted(this.#deps.clock, GATHER_MS, signal)
      const kept = await this.#keepGathered(queue)
      if (!kept) await sleepUnlessAborted(this.#deps.clock, QUEUE_RETRY_MS, signal)
      else if (this.#nap?.idle === true) this.#nap.waker.abort()
    }
  }

  /** False when the disk took nothing: what was gathered stays in memory, as far as there is room. */
  async #keepGathered(queue: RecordQueue): Promise<boolean> {
    for (;;) {
      const ticks = this.#buffer.take(RECORD_SAMPLES)
      if (ticks.length === 0) return true
      const samples = ticks.reduce((sum, tick) => sum + samplesIn(tick), 0)
      this.#movingSamples = samples
      try {
        await queue.append(await packTicks(ticks), samples)
        this.#movingSamples = 0
      } catch (cause) {
        this.#movingSamples = 0
        this.#dropped(this.#buffer.giveBack(ticks))
        this.#deps.log.warn('engine.queueRefused', { engineId: this.#setup.engineId, cause })
        return false
      }
      this.#deps.onChange()
    }
  }

  async #send(queue: RecordQueue, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const records = this.#setup.secretMissing ? [] : await queue.peek(this.#requestSamples)
      if (records.length === 0) {
        await this.#rest(null, signal)
        continue
      }
      const outcome = await this.#attempt(records, signal)
      if (signal.aborted) return
      const delayMs = await this.#settle(queue, outcome, records)
      this.#deps.onChange()
      if (delayMs > 0) await this.#rest(delayMs, signal)
    }
  }

  async #attempt(records: readonly QueuedRecord[], signal: AbortSignal): Promise<WriteOutcome> {
    const { settings, secret } = this.#setup
    let ticks: OutsideTick[]
    try {
      ticks = (await Promise.all(records.map(({ bytes }) => unpackTicks(bytes)))).flat()
    } catch (error) {
      // Refused by ourselves: halving finds the one that cannot be read, and those behind it get through.
      return { kind: 'refused', error: this.#unexpected(error).error }
    }
    try {
      const answer = await this.#deps.http.request({
        ...writeRequest(settings.target, secret, ticks),
        method: 'POST',
        deadlineMs: SEND_DEADLINE_MS,
        maxAnswerBytes: MAX_ANSWER_BYTES,
        signal
      })
      return outcomeOf(settings.target, answer, this.#deps.clock.nowMs())
    } catch (error) {
      return this.#unexpected(error)
    }
  }

  /** Acts on the answer; resolves with the milliseconds to wait before the next attempt. */
  async #settle(
    queue: RecordQueue,
    outcome: WriteOutcome,
    records: readonly QueuedRecord[]
  ): Promise<number> {
    const last = records.at(-1)
    const samples = records.reduce((sum, record) => sum + record.samples, 0)
    if (last === undefined) return 0
    switch (outcome.kind) {
      case 'taken':
        await queue.acknowledge(last.position)
        this.#ledger.sent(samples, this.#deps.clock.nowMs(), queue.stats.droppedSamples)
        this.#requestSamples = Math.min(REQUEST_SAMPLES, this.#requestSamples * 2)
        return 0
      case 'refused':
      case 'tooLarge':
        this.#failed(outcome)
        if (records.length > 1) {
          // Halved until what it refuses stands alone; the others get through.
          this.#requestSamples = Math.max(1, Math.floor(Math.min(samples, this.#requestSamples) / 2))
          return 0
        }
        await queue.acknowledge(last.position)
        this.#ledger.refused(samples)
        this.#deps.log.warn('engine.samplesRefused', { ...outcome.error.params, samples })
        return 0
      case 'blocked':
      case 'later':
        this.#failed(outcome)
        return engineDelayMs({
          attempt: this.#ledger.failures,
          blocked: outcome.kind === 'blocked',
          retryAfterMs: outcome.kind === 'later' ? outcome.retryAfterMs : null,
          random: this.#deps.random()
        })
    }
  }

  #unexpected(error: unknown): Extract<WriteOutcome, { kind: 'later' }> {
    const info = errorInfoOf(error, this.#deps.log, 'engine.failed', { engineId: this.#setup.engineId })
    return { kind: 'later', error: AppError.fromInfo(info), retryAfterMs: null }
  }

  #failed(failure: Failure): void {
    const { clock, log, onChange } = this.#deps
    const { kind, error } = failure
    if (this.#ledger.last !== kind) {
      log.warn('engine.notSent', { engineId: this.#setup.engineId, outcome: kind, code: error.code })
    }
    this.#ledger.failed(failure, clock.nowMs())
    onChange()
  }

  #dropped(samples: number): void {
    if (samples === 0) return
    this.#ledger.dropped(samples)
    this.#deps.onChange()
  }

  /** Until the next attempt, or (null) until there is more to send. */
  async #rest(delayMs: number | null, signal: AbortSignal): Promise<void> {
    const { clock, onChange } = this.#deps
    const waker = new AbortController()
    this.#nap = { waker, idle: delayMs === null }
    this.#ledger.retryAtMs = delayMs === null ? null : clock.nowMs() + delayMs
    onChange()
    await sleepUnlessAborted(clock, delayMs ?? IDLE_MS, AbortSignal.any([signal, waker.signal]))
    this.#nap = null
    this.#ledger.retryAtMs = null
  }
}

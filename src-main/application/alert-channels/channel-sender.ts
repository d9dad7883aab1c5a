/** One channel at work: takes news, keeps what waits, sends it when it is due. Never makes anybody wait for the net. */
import type { ChannelDraft, ChannelView } from '#contract/alert-channels.ts'
import type { Alert } from '#contract/alerts.ts'
import type { ErrorInfo } from '#contract/errors.ts'
import type { AlertId, ChannelId } from '#contract/ids.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import { errorInfoOf } from '../error-info.ts'
import type { Log } from '../platform/platform.ts'
import type { Secret } from '../servers/connection.ts'
import type { BlobStore } from '../storage.ts'
import { retryDelayMs } from './back-off.ts'
import { deliver, type DeliveryDeps } from './delivery.ts'
import { OutboxKeeper } from './outbox-keeper.ts'
import { Outbox, type Batch, type IncomingNews, type NewsKind } from './outbox.ts'

export interface SenderSetup {
  readonly channelId: ChannelId
  readonly draft: ChannelDraft
  readonly secret: Secret | null
}

export interface SenderDeps extends DeliveryDeps {
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly log: Log
  /** 0..1, for jitter. */
  readonly random: () => number
  readonly zone: () => 'local' | 'utc'
  /** Alerts that last, as they are now: what waited may be over, or its value another. */
  readonly lasting: () => ReadonlyMap<AlertId, Alert>
  /** While this computer's own network is lost nothing is tried. */
  readonly networkLost: () => boolean
  readonly onChange: () => void
}

export class ChannelSender {
  readonly #deps: SenderDeps
  readonly #keeper: OutboxKeeper
  readonly #life = new AbortController()
  #setup: SenderSetup
  #outbox: Outbox
  #failures = 0
  /** On the monotonic clock: a step of the other one must not keep a channel silent. */
  #nextTryMs = 0
  #failure: { error: ErrorInfo; atMs: number; nextTryAtMs: number | null } | null = null
  #nap: AbortController | null = null
  #running: Promise<void> = Promise.resolve()

  constructor(setup: SenderSetup, deps: SenderDeps) {
    this.#setup = setup
    this.#deps = deps
    this.#keeper = new OutboxKeeper(setup.channelId, deps)
    this.#outbox = new Outbox(setup.draft, deps.clock.nowMs(), null)
  }

  /** Reads what an earlier run left, and begins. */
  async open(): Promise<void> {
    const kept = await this.#keeper.load()
    this.#outbox = new Outbox(this.#setup.draft, this.#deps.clock.nowMs(), kept)
    if (this.#outbox.waiting > 0) this.#nextTryMs = this.#deps.clock.monotonicMs() + LOOK_FIRST_MS
    this.#running = this.#run(this.#life.signal)
  }

  status(): Pick<ChannelView, 'lastSentAtMs' | 'waiting' | 'failure'> {
    return {
      lastSentAtMs: this.#outbox.lastSentAtMs,
      waiting: this.#outbox.waiting,
      failure: this.#failure
    }
  }

  /** Resolves when it is kept; rejects (diskFull, …) when it could not be: it is given again then. */
  async take(kind: NewsKind, news: IncomingNews): Promise<void> {
    if (!this.#setup.draft.enabled) return
    if (this.#outbox.take(kind, news, this.#deps.clock.nowMs())) {
      this.#keeper.touch()
      this.wake()
      this.#deps.onChange()
    }
    await this.#keeper.flush(() => this.#outbox.state())
  }

  /** New settings: what failed before is tried at once. Of a channel that is switched off nothing waits any more. */
  async change(setup: SenderSetup): Promise<void> {
    this.#setup = setup
    this.#outbox.changeRules(setup.draft, this.#deps.clock.nowMs())
    if (!setup.draft.enabled) {
      this.#outbox.forget()
      this.#keeper.touch()
    }
    this.retryNow()
    await this.#keeper.flush(() => this.#outbox.state())
  }

  retryNow(): void {
    this.#failures = 0
    this.#nextTryMs = 0
    this.#failure = null
    this.wake()
    this.#deps.onChange()
  }

  /** Looks again at what is to be done. */
  wake(): void {
    this.#nap?.abort()
  }

  async close(): Promise<void> {
    this.#life.abort()
    await this.#running
    await this.#keepOrLog()
  }

  /** With all that waits. Only after `close`. */
  async forget(): Promise<void> {
    await this.#keeper.forget()
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const restMs = this.#restMs()
      if (restMs > 0) await this.#rest(restMs, signal)
      else await this.#send(signal)
    }
  }

  /** Until something may be sent; 0 = now. */
  #restMs(): number {
    const nowMs = this.#deps.clock.nowMs()
    const { target } = this.#setup.draft
    if (target.kind !== 'desktop' && this.#deps.networkLost()) return IDLE_MS
    const step = this.#outbox.next(nowMs)
    if (step.kind === 'nothing') return IDLE_MS
    const dueMs = step.kind === 'wait' ? step.untilMs - nowMs : 0
    return Math.min(IDLE_MS, Math.max(dueMs, this.#nextTryMs - this.#deps.clock.monotonicMs()))
  }

  async #rest(restMs: number, signal: AbortSignal): Promise<void> {
    const nap = new AbortController()
    this.#nap = nap
    await sleepUnlessAborted(this.#deps.clock, restMs, AbortSignal.any([signal, nap.signal]))
    this.#nap = null
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { draft, secret } = this.#setup
    const { clock, zone, lasting } = this.#deps
    const batch = this.#outbox.begin(lasting())
    if (batch.told.length === 0) {
      // What waited is not to be told any more.
      this.#keeper.touch()
      return
    }
    try {
      const message = {
        kind: 'alerts' as const,
        sentAtMs: clock.nowMs(),
        channel: draft.name,
        zone: zone(),
        ...batch
      }
      const { failure } = await deliver({ target: draft.target, secret, message, signal }, this.#deps)
      this.#sent(batch, failure === null ? null : failure.toInfo())
    } catch (error) {
      this.#outbox.notSent()
      if (signal.aborted) return
      this.#failed(errorInfoOf(error, this.#deps.log, 'channels.failed', this.#logFields()))
    }
    this.#deps.onChange()
    await this.#keepOrLog()
  }

  #sent(batch: Batch, partly: ErrorInfo | null): void {
    const nowMs = this.#deps.clock.nowMs()
    this.#outbox.sent(batch, nowMs)
    this.#keeper.touch()
    this.#failures = 0
    this.#nextTryMs = 0
    this.#failure = partly === null ? null : { error: partly, atMs: nowMs, nextTryAtMs: null }
    if (partly !== null) this.#deps.log.warn('channels.partlyRefused', this.#logFields(partly))
  }

  #failed(error: ErrorInfo): void {
    const { clock, log, random } = this.#deps
    const nowMs = clock.nowMs()
    if (this.#failures === 0 || this.#failure?.error.code !== error.code)
      log.warn('channels.notSent', this.#logFields(error))
    this.#failures++
    const delayMs = retryDelayMs({
      attempt: this.#failures,
      blocked: !error.retryable,
      retryAfterMs: Number(error.params['retryAfterMs'] ?? 0),
      random: random()
    })
    this.#nextTryMs = clock.monotonicMs() + delayMs
    this.#failure = { error, atMs: nowMs, nextTryAtMs: nowMs + delayMs }
  }

  /** Ids and codes only: addresses of webhooks are secrets, too. */
  #logFields(error?: ErrorInfo): Record<string, unknown> {
    const { channelId, draft } = this.#setup
    return { channelId, kind: draft.target.kind, ...(error !== undefined && { code: error.code }) }
  }

  /** Of what was sent; where it cannot be kept, it may be told twice after a restart. */
  async #keepOrLog(): Promise<void> {
    try {
      await this.#keeper.flush(() => this.#outbox.state())
    } catch (cause) {
      this.#deps.log.error('channels.outboxNotKept', cause, this.#logFields())
    }
  }
}

/** What waited while the console was closed may be over: servers are asked first, so that one message can say both. */
const LOOK_FIRST_MS = 30_000
/** Longer sleeps are woken from. */
const IDLE_MS = 600_000

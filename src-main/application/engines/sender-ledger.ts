/** What became of one engine's samples, and how it stands with the engine now. */
import type { EngineState, EngineStatus } from '#contract/engines.ts'
import type { AppError } from '#contract/errors.ts'
import type { QueueStats } from './record-queue.ts'
import type { WriteOutcome } from './wire.ts'

export type Failure = Exclude<WriteOutcome, { kind: 'taken' }>

export class SenderLedger {
  /** Of the newest attempt. */
  last: 'none' | WriteOutcome['kind'] = 'none'
  /** Failures in a row. */
  failures = 0
  /** null while no attempt is waited for. */
  retryAtMs: number | null = null
  #error: AppError | null = null
  #sentSamples = 0
  #droppedSamples = 0
  /** How many had been dropped when the newest success came. */
  #droppedAtSuccess = 0
  #refusedSamples = 0
  #lastSuccessAtMs: number | null = null
  #lastErrorAtMs: number | null = null

  /** @param queueDropped what the queue has dropped so far */
  sent(samples: number, atMs: number, queueDropped: number): void {
    this.last = 'taken'
    this.failures = 0
    this.#error = null
    this.#sentSamples += samples
    this.#droppedAtSuccess = this.#droppedSamples + queueDropped
    this.#lastSuccessAtMs = atMs
  }

  failed(failure: Failure, atMs: number): void {
    this.last = failure.kind
    this.failures++
    this.#error = failure.error
    this.#lastErrorAtMs = atMs
  }

  /** Before they reached the queue. */
  dropped(samples: number): void {
    this.#droppedSamples += samples
  }

  refused(samples: number): void {
    this.#refusedSamples += samples
  }

  status(
    setup: { readonly enabled: boolean; readonly secretMissing: boolean },
    queue: QueueStats
  ): EngineStatus {
    const droppedSamples = this.#droppedSamples + queue.droppedSamples
    return {
      state: this.#state(setup, droppedSamples > this.#droppedAtSuccess),
      queuedSamples: queue.samples,
      queuedBytes: queue.bytes,
      sentSamples: this.#sentSamples,
      droppedSamples,
      refusedSamples: this.#refusedSamples,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastErrorAtMs: this.#lastErrorAtMs,
      error: this.#error?.toInfo() ?? null,
      retryAtMs: this.retryAtMs
    }
  }

  #state(
    { enabled, secretMissing }: { enabled: boolean; secretMissing: boolean },
    dropping: boolean
  ): EngineState {
    if (!enabled) return 'off'
    if (secretMissing) return 'secretNeeded'
    if (this.last === 'none') return 'starting'
    if (this.last === 'taken') return 'sending'
    if (this.last !== 'later') return 'refused'
    return dropping ? 'dropping' : 'waiting'
  }
}

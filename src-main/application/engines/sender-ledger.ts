/** What became of one engine's samples, and how it stands with the engine now. */
import type { EngineState, EngineStatus } from '#contract/engines.ts'
import type { AppError } from '#contract/errors.ts'
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
  #droppedSinceSuccess = 0
  #refusedSamples = 0
  #lastSuccessAtMs: number | null = null
  #lastErrorAtMs: number | null = null

  sent(samples: number, atMs: number): void {
    this.last = 'taken'
    this.failures = 0
    this.#error = null
    this.#sentSamples += samples
    this.#droppedSinceSuccess = 0
    this.#lastSuccessAtMs = atMs
  }

  failed(failure: Failure, atMs: number): void {
    this.last = failure.kind
    this.failures++
    this.#error = failure.error
    this.#lastErrorAtMs = atMs
  }

  dropped(samples: number): void {
    this.#droppedSamples += samples
    this.#droppedSinceSuccess += samples
  }

  refused(samples: number): void {
    this.#refusedSamples += samples
  }

  status(
    setup: { readonly enabled: boolean; readonly secretMissing: boolean },
    queue: { readonly bytes: number; readonly samples: number; readonly lostSamples: number }
  ): EngineStatus {
    return {
      state: this.#state(setup),
      queuedSamples: queue.samples,
      queuedBytes: queue.bytes,
      sentSamples: this.#sentSamples,
      droppedSamples: this.#droppedSamples + queue.lostSamples,
      refusedSamples: this.#refusedSamples,
      lastSuccessAtMs: this.#lastSuccessAtMs,
      lastErrorAtMs: this.#lastErrorAtMs,
      error: this.#error?.toInfo() ?? null,
      retryAtMs: this.retryAtMs
    }
  }

  #state({ enabled, secretMissing }: { enabled: boolean; secretMissing: boolean }): EngineState {
    if (!enabled) return 'off'
    if (secretMissing) return 'secretNeeded'
    if (this.last === 'none') return 'starting'
    if (this.last === 'taken') return 'sending'
    if (this.last !== 'later') return 'refused'
    return this.#droppedSinceSuccess > 0 ? 'dropping' : 'waiting'
  }
}

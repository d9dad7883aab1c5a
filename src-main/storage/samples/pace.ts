/** Long work in the worker goes in slices: between two of them commits and short reads have their turn. */
import { AppError } from '#contract/errors.ts'

const SLICE_MS = 8

export class Pace {
  private readonly signal: AbortSignal | null
  private sinceMs = performance.now()

  constructor(signal: AbortSignal | null) {
    this.signal = signal
  }

  /** Gives others their turn when this slice is used up. Throws cancelled when the caller gave up. */
  async rest(): Promise<void> {
    if (performance.now() - this.sinceMs >= SLICE_MS) {
      await new Promise<void>((resolve) => setImmediate(resolve))
      this.sinceMs = performance.now()
    }
    if (this.signal?.aborted === true) throw new AppError('cancelled')
  }
}

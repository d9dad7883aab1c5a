/** Ticks on their way from the sampling to the queue: a bounded stop in memory where nobody ever waits. */
import { samplesIn, type OutsideTick } from '../../domain/engines/naming.ts'

/** Some 20 MB at most: half a minute of a large fleet, for a disk that is slow or full. */
const MAX_SAMPLES = 100_000

export class TickBuffer {
  #ticks: OutsideTick[] = []
  #samples = 0

  get samples(): number {
    return this.#samples
  }

  /** Returns the samples of the oldest ticks that had to make room. */
  add(tick: OutsideTick): number {
    this.#ticks.push(tick)
    this.#samples += samplesIn(tick)
    return this.#shrink()
  }

  /** The oldest ticks: at least one, together at most that many samples. Empty when there are none. */
  take(maxSamples: number): OutsideTick[] {
    let count = 0
    let samples = 0
    for (const tick of this.#ticks) {
      const more = samplesIn(tick)
      if (count > 0 && samples + more > maxSamples) break
      samples += more
      count++
    }
    this.#samples -= samples
    return this.#ticks.splice(0, count)
  }

  /** Takes back the ticks of the last `take`. Returns the samples that had to go. */
  giveBack(ticks: readonly OutsideTick[]): number {
    this.#ticks.unshift(...ticks)
    for (const tick of ticks) this.#samples += samplesIn(tick)
    return this.#shrink()
  }

  #shrink(): number {
    let count = 0
    let dropped = 0
    while (this.#samples - dropped > MAX_SAMPLES) {
      const oldest = this.#ticks[count++]
      if (oldest === undefined) break
      dropped += samplesIn(oldest)
    }
    if (count > 0) this.#ticks.splice(0, count)
    this.#samples -= dropped
    return dropped
  }
}

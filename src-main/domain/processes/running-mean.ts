/** The mean of the last five minutes, weighted by how long each value held. */

export const MEAN_SPAN_SEC = 300

interface Piece {
  readonly atSec: number
  readonly value: number
  readonly spanSec: number
}

export class RunningMean {
  #pieces: Piece[] = []

  /** `value` held for the `spanSec` seconds before `atSec`. Times must not fall. */
  add(atSec: number, value: number, spanSec: number): void {
    // A little more than the span: ticks are not exact, and 30 of ten seconds should count as five minutes.
    const from = atSec - MEAN_SPAN_SEC - 1
    this.#pieces = this.#pieces.filter((piece) => piece.atSec - piece.spanSec >= from)
    this.#pieces.push({ atSec, value, spanSec })
  }

  /** null before the first value. */
  mean(): number | null {
    let sum = 0
    let span = 0
    for (const piece of this.#pieces) {
      sum += piece.value * piece.spanSec
      span += piece.spanSec
    }
    return span === 0 ? null : sum / span
  }
}

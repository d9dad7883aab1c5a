/** Takes whole pieces out of a channel's bytes, and waits for none of them longer than it may. */
import { AppError } from '#contract/errors.ts'

export class ByteSource {
  readonly #bytes: AsyncIterator<Uint8Array>
  #piece: Uint8Array = new Uint8Array(0)

  constructor(incoming: AsyncIterable<Uint8Array>) {
    this.#bytes = incoming[Symbol.asyncIterator]()
  }

  /**
   * The next `count` bytes; null at the end of the channel before the first of them.
   * @param firstMs how long the first byte may take; null: as long as it likes
   * @param restMs how long any further piece may take
   * @throws AppError displayNotUnderstood (ended in between), vmNotResponding (too late), and what the channel failed with
   */
  async take(count: number, firstMs: number | null, restMs: number): Promise<Uint8Array | null> {
    const parts: Uint8Array[] = []
    let have = 0
    while (have < count) {
      if (this.#piece.length === 0) {
        const next = await withDeadline(this.#bytes.next(), have === 0 ? firstMs : restMs)
        if (next.done === true) {
          if (have === 0) return null
          throw new AppError('displayNotUnderstood')
        }
        this.#piece = next.value
      }
      const part = this.#piece.subarray(0, count - have)
      this.#piece = this.#piece.subarray(part.length)
      parts.push(part)
      have += part.length
    }
    const [only] = parts
    if (parts.length === 1 && only !== undefined) return only
    const whole = new Uint8Array(count)
    let at = 0
    for (const part of parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }
}

/** @throws AppError vmNotResponding when it takes longer; null: no limit */
export async function withDeadline<T>(work: Promise<T>, deadlineMs: number | null): Promise<T> {
  if (deadlineMs === null) return work
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('vmNotResponding', { retryable: true })), deadlineMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

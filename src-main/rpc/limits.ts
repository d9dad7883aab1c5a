/** What one window may ask for at once. Generous for the real one, tight for a compromised one. */
export interface RpcLimits {
  /** Of one frame's input, counted as JSON. */
  readonly maxFrameBytes: number
  /** Open calls, streams, followed tasks and channels together. */
  readonly maxOpenOperations: number
  /** Frames other than `bytes` (those are bounded by credit). */
  readonly maxMessagesPerSec: number
}

export const DEFAULT_LIMITS: RpcLimits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxOpenOperations: 256,
  maxMessagesPerSec: 2_000
}

const MAX_DEPTH = 32

/**
 * Whether a value is plain JSON data of at most `maxBytes` (about: two bytes are counted for every character above
 * ASCII) and not nested beyond reason. Stops as soon as it is not.
 */
export function fitsFrame(value: unknown, maxBytes: number): boolean {
  let left = maxBytes
  const visit = (item: unknown, depth: number): boolean => {
    if (depth > MAX_DEPTH) return false
    left -= 2
    if (typeof item === 'string') left -= textBytes(item, left)
    else if (Array.isArray(item)) {
      for (const element of item) if (!visit(element, depth + 1)) return false
    } else if (typeof item === 'object' && item !== null) {
      if (Object.getPrototypeOf(item) !== Object.prototype) return false
      for (const [key, element] of Object.entries(item)) {
        left -= key.length + 3
        if (!visit(element, depth + 1)) return false
      }
    } else if (typeof item === 'number') left -= 8
    else if (typeof item !== 'boolean' && item !== null && item !== undefined) return false
    return left >= 0
  }
  return visit(value, 0)
}

function textBytes(text: string, enough: number): number {
  if (text.length > enough) return text.length
  let bytes = text.length
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) > 0x7f) bytes++
  return bytes
}

/** Counts messages in windows of one second. */
export class MessageMeter {
  readonly #maxPerSec: number
  readonly #monotonicMs: () => number
  #windowStartMs: number
  #count = 0

  constructor(maxPerSec: number, monotonicMs: () => number = () => performance.now()) {
    this.#maxPerSec = maxPerSec
    this.#monotonicMs = monotonicMs
    this.#windowStartMs = monotonicMs()
  }

  /** False when there were too many within the running second. */
  count(): boolean {
    const nowMs = this.#monotonicMs()
    if (nowMs - this.#windowStartMs >= 1000) {
      this.#windowStartMs = nowMs
      this.#count = 0
    }
    return ++this.#count <= this.#maxPerSec
  }
}

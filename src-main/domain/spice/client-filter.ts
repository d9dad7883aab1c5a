/**
 * Follows what a SPICE client says on one channel: it must link the channel that it was opened as, and on a server that is
 * set to look only nothing but looking passes, whatever the window sends. SPICE 2.2 with the mini header, without SASL and
 * TLS, which is what the window speaks (https://www.spice-space.org/spice-protocol.html).
 */

export type SpiceChannel = 'main' | 'display' | 'inputs' | 'cursor'

/** "REDQ", read as a little-endian number. */
const MAGIC = 0x51444552
const VERSION_MAJOR = 2
const LINK_HEAD_BYTES = 16
const LINK_BYTES = { min: 18, max: 4_096 } as const
const AUTH_SPICE = 1
const TICKET_BYTES = 128
const AUTH_BYTES = 4 + TICKET_BYTES
const HEAD_BYTES = 6
const MAX_MESSAGE_BYTES = 64 * 1024

const CHANNEL: Readonly<Record<SpiceChannel, number>> = { main: 1, display: 2, inputs: 3, cursor: 4 }
/** The two ways to log in, and the short head of messages. Without them the stream would be another one. */
const COMMON = (1 << 0) | (1 << 3)

/** On any channel: acknowledgements and the answer to a ping. */
const LOOKS_ANYWHERE = [1, 2, 3]
const LOOKS: Readonly<Record<SpiceChannel, ReadonlySet<number>>> = {
  // 104: which channels there are. Neither the pointer's mode nor the agent.
  main: new Set([...LOOKS_ANYWHERE, 104]),
  // 101: init; 103: how pictures are packed.
  display: new Set([...LOOKS_ANYWHERE, 101, 103]),
  inputs: new Set(),
  cursor: new Set(LOOKS_ANYWHERE)
}

export class SpiceClientFilter {
  readonly #channel: SpiceChannel
  readonly #lookOnly: boolean
  #stage: 'link' | 'login' | 'messages' = 'link'
  #pending: Uint8Array = new Uint8Array(0)
  /** Bytes of a message whose head was seen: still to be passed on or dropped. */
  #body: { leftBytes: number; passes: boolean } | null = null

  constructor(channel: SpiceChannel, options: { readonly lookOnly: boolean }) {
    this.#channel = channel
    this.#lookOnly = options.lookOnly
  }

  /**
   * What of these bytes may be sent on.
   * @throws RangeError for anything that is not what a client says there: the stream cannot be followed any more
   */
  take(bytes: Uint8Array): Uint8Array {
    // Where nothing is dropped, there is nothing to follow either.
    if (this.#stage === 'messages' && !this.#lookOnly) return bytes
    const out: Uint8Array[] = []
    let rest = joined([this.#pending, bytes])
    for (;;) {
      const taken = this.#next(rest)
      if (taken === null) break
      if (taken.passes) out.push(rest.subarray(0, taken.bytes))
      rest = rest.subarray(taken.bytes)
    }
    this.#pending = rest.slice()
    return joined(out)
  }

  /** null: more bytes are needed. */
  #next(bytes: Uint8Array): { bytes: number; passes: boolean } | null {
    if (bytes.length === 0) return null
    if (this.#body !== null) return this.#passBody(this.#body, bytes)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    switch (this.#stage) {
      case 'link': {
        const length = this.#linkLength(view)
        if (length === null) return null
        this.#stage = 'login'
        return { bytes: length, passes: true }
      }
      case 'login':
        if (bytes.length < AUTH_BYTES) return null
        if (view.getUint32(0, true) !== AUTH_SPICE) throw unknown()
        this.#stage = 'messages'
        return { bytes: AUTH_BYTES, passes: true }
      case 'messages': {
        if (!this.#lookOnly) return { bytes: bytes.length, passes: true }
        if (bytes.length < HEAD_BYTES) return null
        const leftBytes = view.getUint32(2, true)
        if (leftBytes > MAX_MESSAGE_BYTES) throw unknown()
        const passes = LOOKS[this.#channel].has(view.getUint16(0, true))
        if (leftBytes > 0) this.#body = { leftBytes, passes }
        return { bytes: HEAD_BYTES, passes }
      }
    }
  }

  #passBody(body: { leftBytes: number; passes: boolean }, bytes: Uint8Array) {
    const count = Math.min(body.leftBytes, bytes.length)
    body.leftBytes -= count
    if (body.leftBytes === 0) this.#body = null
    return { bytes: count, passes: body.passes }
  }

  #linkLength(view: DataView): number | null {
    if (view.byteLength < LINK_HEAD_BYTES) return null
    const size = view.getUint32(12, true)
    if (view.getUint32(0, true) !== MAGIC || view.getUint32(4, true) !== VERSION_MAJOR) throw unknown()
    if (size < LINK_BYTES.min || size > LINK_BYTES.max) throw unknown()
    const length = LINK_HEAD_BYTES + size
    if (view.byteLength < length) return null
    const commonWords = view.getUint32(LINK_HEAD_BYTES + 6, true)
    const offset = view.getUint32(LINK_HEAD_BYTES + 14, true)
    if (commonWords < 1 || offset < LINK_BYTES.min || offset > size - 4) throw unknown()
    const common = view.getUint32(LINK_HEAD_BYTES + offset, true)
    if (view.getUint8(LINK_HEAD_BYTES + 4) !== CHANNEL[this.#channel] || (common & COMMON) !== COMMON)
      throw unknown()
    return length
  }
}

const unknown = (): RangeError => new RangeError('not what a client of SPICE says')

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

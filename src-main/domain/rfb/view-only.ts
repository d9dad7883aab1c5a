/**
 * Lets through of a VNC client's messages only those that look: no key, pointer, clipboard, power or size reaches the
 * guest of a server that is set to look only, whatever the window sends. RFB 3.7 and 3.8 (RFC 6143) without encryption,
 * which is what QEMU speaks.
 */

const VERSION = /^RFB 003\.00[78]\n$/
const VERSION_BYTES = 12
const SECURITY_NONE = 1
const SECURITY_VNC = 2
const RESPONSE_BYTES = 16
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024

type Stage = 'version' | 'security' | 'response' | 'init' | 'messages'

/** What one message is: whole length, and whether it may pass. null: not yet known. */
interface Message {
  readonly bytes: number
  readonly passes: boolean
  /** Sent in its place. */
  readonly as?: Uint8Array
}

/** ClientInit: others may look too. Asking to be alone would throw them out. */
const SHARED = Uint8Array.of(1)

export class ViewOnlyFilter {
  #stage: Stage = 'version'
  #pending: Uint8Array = new Uint8Array(0)
  /** Bytes of a refused message that are still to come. */
  #skipBytes = 0

  /**
   * What of these bytes may be sent on.
   * @throws RangeError for anything that is no message it knows: the stream cannot be followed any more
   */
  take(bytes: Uint8Array): Uint8Array {
    const out: Uint8Array[] = []
    let rest = joined([this.#pending, bytes])
    while (rest.length > 0) {
      if (this.#skipBytes > 0) {
        const skipped = Math.min(this.#skipBytes, rest.length)
        this.#skipBytes -= skipped
        rest = rest.subarray(skipped)
        continue
      }
      const message = this.#next(rest)
      if (message === null) break
      if (!message.passes) {
        this.#skipBytes = message.bytes
        continue
      }
      if (rest.length < message.bytes) break
      out.push(message.as ?? rest.subarray(0, message.bytes))
      rest = rest.subarray(message.bytes)
    }
    this.#pending = rest.slice()
    return joined(out)
  }

  #next(bytes: Uint8Array): Message | null {
    switch (this.#stage) {
      case 'version':
        if (bytes.length < VERSION_BYTES) return null
        if (!VERSION.test(String.fromCharCode(...bytes.subarray(0, VERSION_BYTES)))) throw unknown()
        this.#stage = 'security'
        return { bytes: VERSION_BYTES, passes: true }
      case 'security':
        this.#stage = bytes[0] === SECURITY_VNC ? 'response' : 'init'
        if (bytes[0] !== SECURITY_NONE && bytes[0] !== SECURITY_VNC) throw unknown()
        return { bytes: 1, passes: true }
      case 'response':
        if (bytes.length < RESPONSE_BYTES) return null
        this.#stage = 'init'
        return { bytes: RESPONSE_BYTES, passes: true }
      case 'init':
        this.#stage = 'messages'
        return { bytes: 1, passes: true, as: SHARED }
      case 'messages':
        return messageOf(bytes)
    }
  }
}

const looks = (bytes: number): Message => ({ bytes, passes: true })
const changes = (bytes: number): Message => ({ bytes, passes: false })

function messageOf(bytes: Uint8Array): Message | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const has = (count: number): boolean => bytes.length >= count
  switch (bytes[0]) {
    case 0: // SetPixelFormat
      return looks(20)
    case 2: // SetEncodings
      return has(4) ? looks(4 + 4 * view.getUint16(2)) : null
    case 3: // FramebufferUpdateRequest
    case 150: // EnableContinuousUpdates
      return looks(10)
    case 248: // ClientFence
      return has(9) ? looks(9 + view.getUint8(8)) : null
    case 4: // KeyEvent
      return changes(8)
    case 5: // PointerEvent; with the mark of more buttons it has one byte more
      return has(2) ? changes((view.getUint8(1) & 0x80) !== 0 ? 7 : 6) : null
    case 6: // ClientCutText
      return has(8) ? changes(8 + limited(Math.abs(view.getInt32(4)))) : null
    case 250: // XVP: power
      return changes(4)
    case 251: // SetDesktopSize
      return has(8) ? changes(8 + 16 * view.getUint8(6)) : null
    case 255: // QEMU: extended key
      return has(2) && view.getUint8(1) !== 0 ? fail() : changes(12)
    default:
      return fail()
  }
}

function limited(count: number): number {
  if (count > MAX_MESSAGE_BYTES) throw unknown()
  return count
}

const unknown = (): RangeError => new RangeError('not a message of RFB that is known')
function fail(): never {
  throw unknown()
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

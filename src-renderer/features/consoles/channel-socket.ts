/** A byte channel of the engine in the shape of a WebSocket, as noVNC takes it. */
import type { ByteDuplex } from '#contract/define.ts'

type Listener<E> = ((event: E) => void) | null

/** Keys and pointer of a link that stands still: beyond this nobody would want them any more. */
const MAX_UNSENT_BYTES = 1024 * 1024

export class ChannelSocket {
  binaryType = 'arraybuffer'
  readonly protocol = ''
  readyState: 'open' | 'closed' = 'open'
  onopen: Listener<Event> = null
  onmessage: Listener<{ readonly data: ArrayBuffer }> = null
  onclose: Listener<{ readonly code: number; readonly reason: string }> = null
  onerror: Listener<Event> = null
  /** noVNC closed it, not the other end. */
  closedByReader = false
  readonly #duplex: ByteDuplex
  #isEnded = false
  #unsentBytes = 0

  constructor(duplex: ByteDuplex) {
    this.#duplex = duplex
  }

  send(bytes: Uint8Array): void {
    if (this.readyState === 'closed') return
    // noVNC fills the same buffer again at once.
    const copy = bytes.slice()
    this.#unsentBytes += copy.length
    if (this.#unsentBytes > MAX_UNSENT_BYTES) {
      this.close()
      return
    }
    this.#duplex.write(copy).then(
      () => (this.#unsentBytes -= copy.length),
      () => {
        this.#isEnded = true
        this.close()
      }
    )
  }

  close(): void {
    if (this.readyState === 'closed') return
    this.readyState = 'closed'
    this.closedByReader = !this.#isEnded
    this.#duplex.end()
    // Later, as a socket does: noVNC closes first and gets ready for the answer then.
    queueMicrotask(() => this.onclose?.({ code: 1000, reason: '' }))
  }

  #isClosed(): boolean {
    return this.readyState === 'closed'
  }

  /**
   * Hands on what comes, one piece after the other, and only while `mayDraw` lets it: what is not taken waits on the
   * server, and noVNC asks for no further frame. Resolves at the end of the channel; throws what it failed with, and what
   * noVNC cannot read.
   */
  async pump(mayDraw: () => Promise<void>): Promise<void> {
    try {
      for await (const bytes of this.#duplex.incoming) {
        await mayDraw()
        if (this.#isClosed()) return
        this.onmessage?.({ data: bytes.slice().buffer })
      }
    } finally {
      // Not closed here: noVNC takes a close that it did not ask for as a failure, and writes it to the log.
      this.#isEnded = true
    }
  }
}

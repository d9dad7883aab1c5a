/** One linked channel: whole messages in, with what every channel answers by itself, and messages out. */
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { ByteSource } from './byte-source.ts'
import { link, type LinkOptions } from './link.ts'
import { MSG, MSGC } from './numbers.ts'
import { joined, pack, Reader } from './wire.ts'

/** A message that has begun and stands still for so long will not come any more. */
const STALL_MS = 30_000
const HEAD_BYTES = 6
/** Keys and pointer of a link that stands still: beyond this nobody would want them any more. */
const MAX_UNSENT_BYTES = 1024 * 1024
/** Answers are gathered for so long: a server that asks thousands of times a second is not answered as often. */
const GATHER_MS = 5
/** So long is drawn at a stretch before the window gets its turn. */
const TURN_MS = 12

export type Handle = (type: number, body: Uint8Array) => void | Promise<void>
export type Send = (type: number, body?: Uint8Array) => void

export class SpiceChannel {
  readonly #duplex: ByteDuplex
  readonly #source: ByteSource
  readonly #maxMessageBytes: number
  #ackWindow = 0
  #ackLeft = 0
  #unsentBytes = 0
  #isClosed = false
  #gathered: Uint8Array[] = []
  /** What the server can, word 0; known once it is linked. */
  capabilities = 0

  constructor(duplex: ByteDuplex, maxMessageBytes: number) {
    this.#duplex = duplex
    this.#source = new ByteSource(duplex.incoming)
    this.#maxMessageBytes = maxMessageBytes
  }

  async link(options: LinkOptions): Promise<void> {
    this.capabilities = await link(this.#duplex, this.#source, options)
  }

  /** At once: what the operator does. */
  readonly send: Send = (type, body) => {
    this.sendSoon(type, body)
    this.#flush()
  }

  /** Together with what else is said in that moment: what answers the server. */
  readonly sendSoon: Send = (type, body = new Uint8Array(0)) => {
    if (this.#isClosed) return
    const message = joined(pack(['u16', type], ['u32', body.length]), body)
    this.#unsentBytes += message.length
    if (this.#unsentBytes > MAX_UNSENT_BYTES) {
      this.close()
      return
    }
    if (this.#gathered.push(message) === 1) setTimeout(() => this.#flush(), GATHER_MS)
  }

  #flush(): void {
    const bytes = joined(...this.#gathered)
    this.#gathered = []
    if (bytes.length === 0 || this.#isClosed) return
    this.#duplex.write(bytes).then(
      () => (this.#unsentBytes -= bytes.length),
      () => (this.#isClosed = true)
    )
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#duplex.end()
  }

  /**
   * Hands each message on, one after the other, until the server ends the channel. Throws what the channel failed with, and
   * displayNotUnderstood for what cannot be read.
   */
  async pump(handle: Handle): Promise<void> {
    let turnBeganMs = performance.now()
    for (;;) {
      const head = await this.#source.take(HEAD_BYTES, null, STALL_MS)
      if (head === null) {
        this.#flush()
        return
      }
      const reader = new Reader(head)
      const type = reader.u16()
      const size = reader.u32()
      if (size > this.#maxMessageBytes) throw new AppError('displayNotUnderstood')
      const body = await this.#source.take(size, STALL_MS, STALL_MS)
      if (body === null) throw new AppError('displayNotUnderstood')
      await this.#answer(type, body, handle)
      if (performance.now() - turnBeganMs > TURN_MS) {
        await new Promise((resolve) => setTimeout(resolve))
        turnBeganMs = performance.now()
      }
    }
  }

  async #answer(type: number, body: Uint8Array, handle: Handle): Promise<void> {
    try {
      if (type === MSG.setAck) this.#setAck(new Reader(body))
      else this.#countForAck()
      if (type === MSG.ping) {
        const ping = new Reader(body)
        this.sendSoon(MSGC.pong, pack(['u32', ping.u32()], ['u64', ping.u64()]))
      }
      if (type > MSG.baseLast) await handle(type, body)
    } catch (error) {
      throw error instanceof AppError ? error : new AppError('displayNotUnderstood', { cause: error })
    }
  }

  /** The server sends no more than two windows ahead of what was acknowledged. */
  #setAck(body: Reader): void {
    const generation = body.u32()
    this.#ackWindow = body.u32()
    this.#ackLeft = this.#ackWindow
    this.sendSoon(MSGC.ackSync, pack(['u32', generation]))
  }

  #countForAck(): void {
    if (this.#ackWindow === 0 || --this.#ackLeft > 0) return
    this.#ackLeft = this.#ackWindow
    this.sendSoon(MSGC.ack)
  }
}

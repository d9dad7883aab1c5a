/**
 * The agent in the guest (spice-vdagent), of which only the clipboard's text is used: what the guest copies is offered to
 * the operator, what the operator gives is offered to the guest.
 */
import type { Send } from './channel.ts'
import { MAINC } from './numbers.ts'
import { joined, pack, Reader } from './wire.ts'

const PROTOCOL = 1
const HEAD_BYTES = 20
/** Larger messages go in pieces; each piece costs a token. */
const PIECE_BYTES = 2_048
const TYPE = { clipboard: 4, announce: 6, grab: 7, request: 8 } as const
const CAPABILITY = { clipboardByDemand: 1 << 5 } as const
const UTF8_TEXT = 1
/** As many pieces may come before we have read them. */
const TOKENS = 32
const TOKEN_BATCH = 8
const MAX_TEXT_BYTES = 256 * 1024
const MAX_MESSAGE_BYTES = MAX_TEXT_BYTES + 64

export interface AgentEvents {
  agent(isThere: boolean): void
  guestText(text: string): void
}

export class Agent {
  readonly #send: Send
  readonly #events: AgentEvents
  readonly #viewOnly: boolean
  #isThere = false
  #tokens = 0
  #takenPieces = 0
  #out: Uint8Array[] = []
  /** Of the message that is coming: what is still missing, and what of it is kept; null: none of it, it is too long. */
  #pending: { left: number; kept: Uint8Array[] | null } | null = null
  #head: Uint8Array = new Uint8Array(0)
  /** What the operator has put on the guest's clipboard: given when the guest asks. */
  #offered: Uint8Array | null = null

  constructor(send: Send, events: AgentEvents, options: { readonly viewOnly: boolean }) {
    this.#send = send
    this.#events = events
    this.#viewOnly = options.viewOnly
  }

  /** @param tokens how many pieces the agent takes; null: as many as before */
  connected(tokens: number | null): void {
    if (tokens !== null) this.#tokens = tokens
    this.#forget()
    // What is looked at only says nothing to a guest.
    if (this.#viewOnly) return
    this.#isThere = true
    this.#send(MAINC.agentStart, pack(['u32', TOKENS]))
    this.#say(TYPE.announce, pack(['u32', 1], ['u32', CAPABILITY.clipboardByDemand]))
    this.#events.agent(true)
  }

  disconnected(): void {
    this.#isThere = false
    this.#forget()
    this.#events.agent(false)
  }

  granted(tokens: number): void {
    this.#tokens = Math.min(this.#tokens + tokens, 0xffff)
    this.#flush()
  }

  /** Offers a text; the guest asks for it when somebody pastes there. */
  offer(text: string): void {
    if (!this.#isThere) return
    this.#offered = new TextEncoder().encode(text).subarray(0, MAX_TEXT_BYTES)
    this.#say(TYPE.grab, pack(['u32', UTF8_TEXT]))
  }

  /** One piece of what the agent says. */
  received(piece: Uint8Array): void {
    if (!this.#isThere) return
    this.#take(piece)
    if (++this.#takenPieces < TOKEN_BATCH) return
    this.#send(MAINC.agentToken, pack(['u32', this.#takenPieces]))
    this.#takenPieces = 0
  }

  #take(piece: Uint8Array): void {
    let rest = piece
    while (rest.length > 0) {
      if (this.#pending === null) {
        const headPart = rest.subarray(0, HEAD_BYTES - this.#head.length)
        this.#head = joined(this.#head, headPart)
        rest = rest.subarray(headPart.length)
        if (this.#head.length < HEAD_BYTES) return
        const size = new Reader(this.#head, 16).u32()
        this.#pending = { left: size, kept: size > MAX_MESSAGE_BYTES ? null : [] }
      }
      const part = rest.subarray(0, this.#pending.left)
      rest = rest.subarray(part.length)
      this.#pending.left -= part.length
      this.#pending.kept?.push(part)
      if (this.#pending.left > 0) return
      const { kept } = this.#pending
      const head = new Reader(this.#head)
      this.#pending = null
      this.#head = new Uint8Array(0)
      if (kept !== null && head.u32() === PROTOCOL) this.#handle(head.u32(), joined(...kept))
    }
  }

  #handle(type: number, body: Uint8Array): void {
    const reader = new Reader(body)
    if (type === TYPE.announce) {
      if (reader.u32() !== 0)
        this.#say(TYPE.announce, pack(['u32', 0], ['u32', CAPABILITY.clipboardByDemand]))
    } else if (type === TYPE.grab) {
      while (reader.left >= 4)
        if (reader.u32() === UTF8_TEXT) {
          this.#say(TYPE.request, pack(['u32', UTF8_TEXT]))
          return
        }
    } else if (type === TYPE.request) {
      if (reader.u32() === UTF8_TEXT && this.#offered !== null)
        this.#say(TYPE.clipboard, joined(pack(['u32', UTF8_TEXT]), this.#offered))
    } else if (type === TYPE.clipboard && reader.u32() === UTF8_TEXT) {
      this.#events.guestText(new TextDecoder().decode(reader.bytes(reader.left)))
    }
  }

  #say(type: number, body: Uint8Array): void {
    const message = joined(pack(['u32', PROTOCOL], ['u32', type], ['u64', 0], ['u32', body.length]), body)
    // A guest that asks without end, and takes nothing, gets no more.
    if (this.#out.length * PIECE_BYTES > 2 * MAX_TEXT_BYTES) return
    for (let at = 0; at < message.length; at += PIECE_BYTES)
      this.#out.push(message.subarray(at, at + PIECE_BYTES))
    this.#flush()
  }

  #flush(): void {
    while (this.#tokens > 0) {
      const piece = this.#out.shift()
      if (piece === undefined) return
      this.#tokens--
      this.#send(MAINC.agentData, piece)
    }
  }

  #forget(): void {
    this.#out = []
    this.#pending = null
    this.#head = new Uint8Array(0)
    this.#takenPieces = 0
  }
}

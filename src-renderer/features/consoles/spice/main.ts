/** The main channel: who we are for the other channels, which of them there are, and how the pointer is told. */
import { AppError } from '#contract/errors.ts'
import { Agent } from './agent.ts'
import type { Send } from './channel.ts'
import { CHANNEL, MAIN, MAIN_CAP, MAINC, MOUSE_MODE, type ChannelKind } from './numbers.ts'
import { pack, Reader } from './wire.ts'

export const MAIN_CAPABILITIES = MAIN_CAP.agentConnectedTokens
/** The server measures the link with messages of 250 kB. */
export const MAX_MAIN_MESSAGE_BYTES = 1024 * 1024
const MAX_CHANNELS = 256

/** 'absolute': the guest is told where the pointer is; 'relative': how far it moved. */
export type PointerMode = 'absolute' | 'relative'

export interface MainEvents {
  pointerMode(mode: PointerMode): void
  /** Whether an agent in the guest takes text. */
  agent(isThere: boolean): void
  guestText(text: string): void
}

export class Main {
  readonly #send: Send
  readonly #events: MainEvents
  readonly #channels = Promise.withResolvers<ReadonlySet<ChannelKind>>()
  readonly #init = Promise.withResolvers<number>()
  readonly agent: Agent

  constructor(send: Send, events: MainEvents, options: { readonly viewOnly: boolean }) {
    this.#send = send
    this.#events = events
    this.agent = new Agent(send, events, options)
  }

  /** The id of this session, for the other channels. */
  get connectionId(): Promise<number> {
    return this.#init.promise
  }

  /** The channels that there are. */
  get channels(): Promise<ReadonlySet<ChannelKind>> {
    return this.#channels.promise
  }

  /** @throws RangeError for what cannot be read */
  handle(type: number, body: Uint8Array): void {
    const reader = new Reader(body)
    switch (type) {
      case MAIN.init:
        this.#begin(reader)
        return
      case MAIN.channelsList:
        this.#channels.resolve(readChannels(reader))
        return
      case MAIN.mouseMode:
        this.#choosePointer(reader.u16(), reader.u16())
        return
      case MAIN.agentConnected:
        this.agent.connected(null)
        return
      case MAIN.agentConnectedTokens:
        this.agent.connected(reader.u32())
        return
      case MAIN.agentDisconnected:
        this.agent.disconnected()
        return
      case MAIN.agentData:
        this.agent.received(body)
        return
      case MAIN.agentToken:
        this.agent.granted(reader.u32())
        return
    }
  }

  #begin(reader: Reader): void {
    const id = reader.u32()
    reader.u32()
    const supported = reader.u32()
    const current = reader.u32()
    const hasAgent = reader.u32() !== 0
    const tokens = reader.u32()
    if (id === 0) throw new AppError('displayNotUnderstood')
    this.#init.resolve(id)
    this.#choosePointer(supported, current)
    this.#send(MAINC.attachChannels)
    this.agent.granted(tokens)
    if (hasAgent) this.agent.connected(null)
  }

  #choosePointer(supported: number, current: number): void {
    if ((supported & MOUSE_MODE.client) !== 0 && current !== MOUSE_MODE.client)
      this.#send(MAINC.mouseModeRequest, pack(['u16', MOUSE_MODE.client]))
    this.#events.pointerMode(current === MOUSE_MODE.client ? 'absolute' : 'relative')
  }
}

function readChannels(reader: Reader): ReadonlySet<ChannelKind> {
  const found = new Set<ChannelKind>()
  const kinds = Object.keys(CHANNEL) as ChannelKind[]
  const count = reader.u32()
  if (count > MAX_CHANNELS) throw new RangeError('too many channels')
  for (let index = 0; index < count; index++) {
    const type = reader.u8()
    const id = reader.u8()
    const kind = kinds.find((name) => CHANNEL[name] === type)
    // A second screen has a channel of its own; the first one is shown.
    if (kind !== undefined && id === 0) found.add(kind)
  }
  return found
}

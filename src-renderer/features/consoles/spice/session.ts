/** A SPICE session: the main channel, then display, pointer and inputs, until the first of them ends. */
import type { ByteDuplex } from '#contract/define.ts'
import { AppError } from '#contract/errors.ts'
import { withDeadline } from './byte-source.ts'
import { SpiceChannel, type Handle } from './channel.ts'
import { Cursor, MAX_CURSOR_MESSAGE_BYTES, type CursorEvents } from './cursor.ts'
import { Display, DISPLAY_CAPABILITIES, MAX_DISPLAY_MESSAGE_BYTES, type DisplayEvents } from './display.ts'
import { Inputs, MAX_INPUTS_MESSAGE_BYTES } from './inputs.ts'
import type { DecodeJpeg } from './jpeg.ts'
import { Main, MAIN_CAPABILITIES, MAX_MAIN_MESSAGE_BYTES, type MainEvents } from './main.ts'
import type { ChannelKind } from './numbers.ts'

/** For each step until the first picture is there. */
const STEP_DEADLINE_MS = 15_000
/** The engine looks whether the machine still runs before it ends the main channel. */
const LAST_WORD_MS = 10_000

export interface SessionEvents extends DisplayEvents, CursorEvents, MainEvents {
  /** The first picture is there. */
  opened(controls: SessionControls): void
}

export interface SessionControls {
  /** null: the display is only looked at. */
  readonly inputs: Inputs | null
  offerText(text: string): void
}

export interface SessionOptions {
  /** Opens a channel to the display. All of them are ended by who opened them. */
  readonly open: (channel: ChannelKind) => ByteDuplex
  readonly password: string
  readonly viewOnly: boolean
  readonly decodeJpeg: DecodeJpeg
  readonly events: SessionEvents
}

/**
 * Resolves when the server ends it. Throws passwordNeeded (wrong, or one is asked for), displayNeedsTls, displayMissing,
 * displayNotUnderstood, vmNotResponding, and what a channel failed with.
 */
export async function runSession(options: SessionOptions): Promise<void> {
  const { events, viewOnly } = options
  const ends: Promise<void>[] = []
  const channel = new SpiceChannel(options.open('main'), MAX_MAIN_MESSAGE_BYTES)
  await channel.link({ ...credentials(options, 'main', 0), capabilities: MAIN_CAPABILITIES })
  const main = new Main(channel.sendSoon, events, { viewOnly })
  const mainEnd = guarded(channel.pump((type, body) => main.handle(type, body)))
  ends.push(mainEnd)
  /** Whichever is first: what is waited for, or the end of a channel. */
  const orEnd = async <T>(work: Promise<T>): Promise<T> => {
    const ended = Promise.race(ends).then(() => Promise.reject(endedEarly()))
    return withDeadline(Promise.race([work, ended]), STEP_DEADLINE_MS)
  }

  const connectionId = await orEnd(main.connectionId)
  const channels = await orEnd(main.channels)
  if (!channels.has('display')) throw new AppError('displayMissing')
  const openNext = async (kind: ChannelKind, maxMessageBytes: number, capabilities: number) => {
    const next = new SpiceChannel(options.open(kind), maxMessageBytes)
    await next.link({ ...credentials(options, kind, connectionId), capabilities })
    return next
  }
  const pump = (of: SpiceChannel, handle: Handle): void => void ends.push(guarded(of.pump(handle)))

  if (channels.has('cursor')) {
    const cursor = new Cursor(events)
    pump(await openNext('cursor', MAX_CURSOR_MESSAGE_BYTES, 0), (type, body) => cursor.handle(type, body))
  }
  let inputs: Inputs | null = null
  if (channels.has('inputs') && !viewOnly) {
    const inputsChannel = await openNext('inputs', MAX_INPUTS_MESSAGE_BYTES, 0)
    const made = new Inputs(inputsChannel.send)
    inputs = made
    pump(inputsChannel, (type, body) => made.handle(type, body))
  }
  const firstPicture = Promise.withResolvers<void>()
  const display = new Display(
    {
      ...pick(events),
      shown(view) {
        events.shown(view)
        if (view !== null) firstPicture.resolve()
      }
    },
    options.decodeJpeg
  )
  const displayChannel = await openNext('display', MAX_DISPLAY_MESSAGE_BYTES, DISPLAY_CAPABILITIES)
  display.begin(displayChannel.send, displayChannel.capabilities)
  pump(displayChannel, (type, body) => display.handle(type, body))
  await orEnd(firstPicture.promise)
  events.opened({ inputs, offerText: (text) => main.agent.offer(text) })
  await Promise.race(ends)
  await withDeadline(mainEnd, LAST_WORD_MS)
}

const pick = (events: SessionEvents): Omit<DisplayEvents, 'shown'> => ({
  drawn: (area) => events.drawn(area),
  undrawn: (count) => events.undrawn(count)
})

const credentials = ({ password }: SessionOptions, channel: ChannelKind, connectionId: number) => ({
  channel,
  connectionId,
  password
})

/** One that fails after the session is over is nobody's any more. */
function guarded(end: Promise<void>): Promise<void> {
  end.catch(() => undefined)
  return end
}

const endedEarly = (): AppError => new AppError('vmNotResponding', { retryable: true })

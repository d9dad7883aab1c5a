/** A session channel of a demo server: finds out which lane is spoken and lets its player answer. */
import { StringDecoder } from 'node:string_decoder'
import type { ServerChannel } from 'ssh2'
import type { DemoFaults, LaneIo, LanePlayer } from './model.ts'

const HEADER = /^: virthelm ([a-z-]{1,20}) ([0-9a-f]{32})$/
const SCRIPT_END = ': virthelm end'
/** The console's scripts are a few kilobytes; a one-shot may carry an XML. */
const MAX_LINE_CHARS = 4 * 1024 * 1024

export function playChannel(
  channel: ServerChannel,
  players: readonly LanePlayer[],
  faults: DemoFaults
): void {
  const session = new ChannelSession(channel, players, faults)
  channel.on('data', (chunk: Buffer) => {
    session.take(chunk)
  })
  channel.on('end', () => {
    session.inputEnded()
  })
  channel.on('close', () => {
    session.end()
  })
  // The other side is gone; `close` follows and ends the lane.
  channel.on('error', () => {
    session.end()
  })
}

class ChannelSession {
  readonly #channel: ServerChannel
  readonly #players: readonly LanePlayer[]
  readonly #faults: DemoFaults
  readonly #decoder = new StringDecoder('utf8')
  readonly #script: string[] = []
  #rest = ''
  #lane: { name: string; marker: string } | null = null
  #playing = false
  #ended = false
  #keptOpen = false
  #lineListener: (line: string) => void = () => undefined
  #bytesListener: ((bytes: Uint8Array) => void) | null = null
  #endListener: () => void = () => undefined

  constructor(channel: ServerChannel, players: readonly LanePlayer[], faults: DemoFaults) {
    this.#channel = channel
    this.#players = players
    this.#faults = faults
  }

  take(chunk: Buffer): void {
    if (this.#bytesListener !== null) {
      if (!this.#faults.silent) this.#bytesListener(chunk)
      return
    }
    const lines = (this.#rest + this.#decoder.write(chunk)).split('\n')
    this.#rest = lines.pop() ?? ''
    if (this.#rest.length > MAX_LINE_CHARS) this.#exit(1)
    for (const line of lines) this.#takeLine(line)
  }

  /** A script may still be at work when it has got all of its input. */
  inputEnded(): void {
    if (!this.#keptOpen) this.end()
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#endListener()
    // A resident script ends with its stdin; a channel that never said what it wants does too.
    this.#exit(0)
  }

  #takeLine(line: string): void {
    if (this.#playing) {
      if (!this.#faults.silent) this.#lineListener(line)
    } else if (this.#lane === null) {
      const [, name, marker] = HEADER.exec(line) ?? []
      if (name !== undefined && marker !== undefined) this.#lane = { name, marker }
    } else if (line === SCRIPT_END) {
      this.#playing = true
      if (!this.#faults.silent) this.#play(this.#lane.name, this.#lane.marker)
    } else this.#script.push(line)
  }

  #play(lane: string, marker: string): void {
    const io: LaneIo = {
      marker,
      script: this.#script.join('\n'),
      onLine: (listener) => {
        this.#lineListener = listener
      },
      onBytes: (listener) => {
        this.#bytesListener = listener
      },
      onEnd: (listener) => {
        this.#endListener = listener
      },
      write: (text) => {
        this.#later(() => this.#channel.write(text))
      },
      writeBytes: (bytes) => {
        this.#later(() => this.#channel.write(bytes))
      },
      writeError: (text) => {
        this.#later(() => this.#channel.stderr.write(text))
      },
      keepOpen: () => {
        this.#keptOpen = true
      },
      exit: (code) => {
        this.#later(() => {
          this.#exit(code)
        })
      }
    }
    if (this.#players.some((player) => player.attach(lane, io))) return
    io.writeError(`sh: ${lane}: not found\n`)
    io.exit(127)
  }

  /** In order, after the delay that a test has set. */
  #later(action: () => void): void {
    const run = (): void => {
      if (!this.#faults.silent && this.#channel.writable) action()
    }
    if (this.#faults.delayMs > 0) setTimeout(run, this.#faults.delayMs).unref()
    else run()
  }

  #exit(code: number): void {
    if (!this.#channel.writable) return
    this.#channel.exit(code)
    this.#channel.end()
  }
}

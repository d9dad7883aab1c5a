/** A VNC server of RFB 3.8 (RFC 6143), as small as noVNC needs: no password, raw colours of 32 bits. */
import type { Duplex } from 'node:stream'
import { type Band, type GuestScreen, SCREEN_HEIGHT, SCREEN_WIDTH } from './guest-screen.ts'

/** How often a screen is looked at for changes while a client waits for them. */
const LOOK_EVERY_MS = 250
const PIXEL_BYTES = 4
const NAME = 'Virthelm demo'

type Stage = 'version' | 'security' | 'init' | 'messages'

export function serveVnc(channel: Duplex, screen: GuestScreen): void {
  const session = new VncSession(channel, screen)
  channel.on('data', (chunk: Buffer) => session.take(chunk))
  for (const end of ['end', 'close', 'error']) channel.on(end, () => session.end())
  channel.write('RFB 003.008\n')
}

class VncSession {
  readonly #channel: Duplex
  readonly #screen: GuestScreen
  #stage: Stage = 'version'
  #rest = Buffer.alloc(0)
  /** Bit offsets of red, green and blue in a pixel. */
  #shifts: readonly [number, number, number] = [16, 8, 0]
  #waits = false
  #timer: NodeJS.Timeout | null = null

  constructor(channel: Duplex, screen: GuestScreen) {
    this.#channel = channel
    this.#screen = screen
    screen.forget()
  }

  take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    for (let size = this.#step(); size > 0; size = this.#step()) this.#rest = this.#rest.subarray(size)
  }

  end(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
    this.#timer = null
    this.#channel.destroy()
  }

  /** Bytes of the message that was taken; 0: not all of it is there. */
  #step(): number {
    const bytes = this.#rest
    if (this.#stage === 'version') {
      if (bytes.length < 12) return 0
      this.#stage = 'security'
      this.#channel.write(Buffer.of(1, 1))
      return 12
    }
    if (bytes.length === 0) return 0
    if (this.#stage === 'security') {
      this.#stage = 'init'
      this.#channel.write(Buffer.alloc(4))
      return 1
    }
    if (this.#stage === 'init') {
      this.#stage = 'messages'
      this.#channel.write(serverInit())
      this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS)
      this.#timer.unref()
      return 1
    }
    const size = messageSize(bytes)
    if (size === null) {
      this.end()
      return 0
    }
    if (bytes.length < size) return 0
    this.#message(bytes)
    return size
  }

  #message(bytes: Buffer): void {
    switch (bytes.readUInt8(0)) {
      case 0:
        this.#shifts = [bytes[14] ?? 16, bytes[15] ?? 8, bytes[16] ?? 0]
        break
      case 3:
        if (bytes[1] === 0) this.#screen.forget()
        this.#waits = true
        this.#look()
        break
      case 4:
        if (bytes[1] === 1) this.#screen.press(bytes.readUInt32BE(4))
        this.#look()
        break
    }
  }

  /** One answer to each request, as soon as there is something to show. */
  #look(): void {
    if (!this.#waits) return
    const bands = this.#screen.changes()
    if (bands.length === 0) return
    this.#waits = false
    const head = Buffer.alloc(4)
    head.writeUInt16BE(bands.length, 2)
    const lines = this.#screen.lines()
    this.#channel.write(Buffer.concat([head, ...bands.map((band) => this.#rect(band, lines))]))
  }

  #rect({ y: top, height }: Band, lines: readonly string[]): Buffer {
    const rect = Buffer.alloc(12 + SCREEN_WIDTH * height * PIXEL_BYTES)
    rect.writeUInt16BE(top, 2)
    rect.writeUInt16BE(SCREEN_WIDTH, 4)
    rect.writeUInt16BE(height, 6)
    const [redAt, greenAt, blueAt] = this.#shifts
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < SCREEN_WIDTH; x++) {
        const [red, green, blue] = this.#screen.colourAt(lines, x, top + y)
        const pixel = ((red << redAt) | (green << greenAt) | (blue << blueAt)) >>> 0
        rect.writeUInt32LE(pixel, 12 + (y * SCREEN_WIDTH + x) * PIXEL_BYTES)
      }
    }
    return rect
  }
}

/** null: a message that this server does not know. Its length would not be known either. */
function messageSize(bytes: Buffer): number | null {
  switch (bytes[0]) {
    case 0:
      return 20
    case 2:
      return bytes.length < 4 ? 4 : 4 + 4 * bytes.readUInt16BE(2)
    case 3:
      return 10
    case 4:
      return 8
    case 5:
      return 6
    case 6:
      return bytes.length < 8 ? 8 : 8 + Math.abs(bytes.readInt32BE(4))
    default:
      return null
  }
}

function serverInit(): Buffer {
  const init = Buffer.alloc(24)
  init.writeUInt16BE(SCREEN_WIDTH, 0)
  init.writeUInt16BE(SCREEN_HEIGHT, 2)
  init.set([32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0], 4)
  init.writeUInt32BE(NAME.length, 20)
  return Buffer.concat([init, Buffer.from(NAME)])
}

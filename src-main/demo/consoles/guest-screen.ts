/** What the screen of a demo VM shows: how it booted, a clock that goes on, and what is typed. */
import type { DemoDomain } from '../model.ts'
import { CELL_HEIGHT, CELL_WIDTH, isLit } from './font.ts'

export const SCREEN_WIDTH = 640
export const SCREEN_HEIGHT = 400
const ROWS = SCREEN_HEIGHT / CELL_HEIGHT
const COLUMNS = SCREEN_WIDTH / CELL_WIDTH
const CLOCK_ROW = 1
const INK = [198, 205, 219] as const
const ACCENT = [106, 150, 255] as const
const GROUND = [16, 20, 29] as const
const MAX_TYPED_CHARS = 60

/** A band of text rows that has changed. */
export interface Band {
  readonly y: number
  readonly height: number
}

export class GuestScreen {
  readonly #domain: DemoDomain
  #typed = ''
  #answers: string[] = []
  #shown: string[] = []

  constructor(domain: DemoDomain) {
    this.#domain = domain
  }

  /** One key of a VNC client, as its X11 keysym. */
  press(keysym: number): void {
    if (keysym === 0xff0d) {
      this.#answers = [...this.#answers, `> ${this.#typed}`].slice(-6)
      this.#typed = ''
    } else if (keysym === 0xff08) this.#typed = this.#typed.slice(0, -1)
    else if (keysym >= 0x20 && keysym < 0x7f && this.#typed.length < MAX_TYPED_CHARS)
      this.#typed += String.fromCharCode(keysym)
  }

  /** Bands of rows that look otherwise than when this was asked last. */
  changes(): Band[] {
    const now = this.lines()
    const bands: Band[] = []
    for (let row = 0; row < ROWS; row++) {
      if (now[row] !== this.#shown[row]) bands.push({ y: row * CELL_HEIGHT, height: CELL_HEIGHT })
    }
    this.#shown = now
    return bands
  }

  /** All of it changes hands anew. */
  forget(): void {
    this.#shown = []
  }

  lines(): string[] {
    const { name, vcpus, memoryMaxBytes, state, disks } = this.#domain
    const head = [
      '',
      `  ${name}   ${new Date().toISOString().slice(0, 19).replace('T', ' ')} UTC`,
      '',
      `  [  0.000000] Booting Linux with ${vcpus} CPUs, ${Math.round(memoryMaxBytes / 2 ** 20)} MiB`,
      `  [  0.412903] virtio_blk virtio0: [${disks[0]?.target ?? 'vda'}] found`,
      '  [  0.733014] EXT4-fs (vda1): mounted filesystem',
      '  [  1.120415] systemd[1]: Reached target Multi-User System.',
      '',
      state === 'paused' ? '  (the machine is paused)' : '  Ready. What is typed here stands below.',
      '',
      ...this.#answers.map((line) => `  ${line}`),
      `  # ${this.#typed}_`
    ]
    return Array.from({ length: ROWS }, (_, row) => (head[row] ?? '').slice(0, COLUMNS))
  }

  /** The colour of a dot of the screen. */
  colourAt(lines: readonly string[], x: number, y: number): readonly [number, number, number] {
    const row = Math.floor(y / CELL_HEIGHT)
    const character = lines[row]?.[Math.floor(x / CELL_WIDTH)] ?? ' '
    if (character === ' ' || !isLit(character, x % CELL_WIDTH, y % CELL_HEIGHT)) return GROUND
    return row === CLOCK_ROW ? ACCENT : INK
  }

  /** As `virsh screenshot` of an older QEMU gives it. */
  ppm(): Buffer {
    const lines = this.lines()
    const pixels = Buffer.alloc(SCREEN_WIDTH * SCREEN_HEIGHT * 3)
    for (let y = 0; y < SCREEN_HEIGHT; y++) {
      for (let x = 0; x < SCREEN_WIDTH; x++)
        pixels.set(this.colourAt(lines, x, y), (y * SCREEN_WIDTH + x) * 3)
    }
    return Buffer.concat([Buffer.from(`P6\n${SCREEN_WIDTH} ${SCREEN_HEIGHT}\n255\n`), pixels])
  }
}

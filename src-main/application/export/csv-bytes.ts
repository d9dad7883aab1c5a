/**
 * CSV made fast: bytes into one buffer that is used again and again, no string per cell. What it writes is, byte for
 * byte, what csv.ts writes (the tests compare the two); a long export spends its time here.
 */
import { csvText, isoTime, type Zone } from './csv.ts'

/** A time is 29 bytes: 2026-11-20T10:02:05.000+01:00. */
const TIME_BYTES = 29
/** The longest number: String(-2.2250738585072014e-308) has 24 characters. */
const NUMBER_BYTES = 25
const ZERO = 48
const COMMA = 44
const DOT = 46
const MINUS = 45
const QUARTER_MS = 900_000
const EIGHT_DIGITS = 100_000_000
/** Below it a decimal of up to 15 digits and its double belong to each other alone. */
const EXACT_BELOW = 1e15

export class CsvBytes {
  private bytes: Uint8Array
  private length = 0
  private readonly encoder = new TextEncoder()
  private readonly clock: ClockCell

  /** `capacityBytes` is where it begins; it grows when a row needs more. */
  constructor(zone: Zone, capacityBytes = 320 * 1024) {
    this.bytes = new Uint8Array(capacityBytes)
    this.clock = new ClockCell(zone)
  }

  /** Bytes written since the last `take`. */
  get size(): number {
    return this.length
  }

  /** What was written; the next write uses the same memory, so use it before. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.length)
    this.length = 0
    return taken
  }

  /** Text that is CSV already: a header line, a line break. */
  raw(text: string): void {
    this.room(text.length * 3)
    this.length += this.encoder.encodeInto(text, this.bytes.subarray(this.length)).written
  }

  copy(bytes: Uint8Array): void {
    this.room(bytes.length)
    const { bytes: into, length: at } = this
    // A call of set() costs more than a few dozen bytes.
    if (bytes.length > 48) into.set(bytes, at)
    else for (let index = 0; index < bytes.length; index++) into[at + index] = bytes[index] ?? 0
    this.length = at + bytes.length
  }

  comma(): void {
    this.room(1)
    this.bytes[this.length++] = COMMA
  }

  commas(count: number): void {
    this.room(count)
    this.bytes.fill(COMMA, this.length, this.length + count)
    this.length += count
  }

  endRow(): void {
    this.room(2)
    this.bytes[this.length++] = 13
    this.bytes[this.length++] = 10
  }

  /** ISO 8601 with milliseconds and offset, as `isoTime`. */
  time(atMs: number): void {
    this.room(TIME_BYTES)
    this.clock.set(atMs)
    this.bytes.set(this.clock.cell, this.length)
    this.length += TIME_BYTES
  }

  /**
   * As `String(value)`; nothing for NaN. `scale` is that of the metric: its values are integers / scale, and the digits
   * of such an integer are those of the shortest decimal that reads back as the value (both have at most 15
   * significant digits, where no two decimals share a double). What is no such value is written by String itself.
   */
  number(value: number, scale: number): void {
    this.room(NUMBER_BYTES)
    const decimals = decimalsOf(scale)
    const scaled = Math.round(value * scale)
    if (decimals >= 0 && scaled / scale === value && scaled < EXACT_BELOW && scaled > -EXACT_BELOW) {
      this.decimal(scaled, scale, decimals)
    } else if (Number.isFinite(value)) {
      const text = String(value)
      for (let at = 0; at < text.length; at++) this.bytes[this.length++] = text.charCodeAt(at)
    }
  }

  private decimal(scaled: number, scale: number, decimals: number): void {
    if (scaled < 0) {
      this.bytes[this.length++] = MINUS
      scaled = -scaled
    }
    const whole = Math.floor(scaled / scale)
    if (whole >= EIGHT_DIGITS) {
      const upper = Math.floor(whole / EIGHT_DIGITS)
      this.digits(upper, digitCount(upper))
      this.digits(whole - upper * EIGHT_DIGITS, 8)
    } else this.digits(whole, digitCount(whole))
    let rest = scaled - whole * scale
    if (rest === 0) return
    while (rest % 10 === 0) {
      rest /= 10
      decimals--
    }
    this.bytes[this.length++] = DOT
    this.digits(rest, decimals)
  }

  /** Exactly `count` digits of a whole number below 10^8, zeros in front. */
  private digits(value: number, count: number): void {
    const { bytes } = this
    let rest = value | 0
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const tenth = (rest / 10) | 0
      bytes[at] = ZERO + rest - tenth * 10
      rest = tenth
    }
    this.length += count
  }

  private room(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + more))
    grown.set(this.bytes.subarray(0, this.length))
    this.bytes = grown
  }
}

/** Text as the bytes of one cell: formula-safe, quoted where it must be. */
export function cellBytes(text: string): Uint8Array {
  return new TextEncoder().encode(csvText(text))
}

/** 0 to 6 for the powers of ten up to a million; -1 for any other scale. */
function decimalsOf(scale: number): number {
  switch (scale) {
    case 1:
      return 0
    case 10:
      return 1
    case 100:
      return 2
    case 1_000:
      return 3
    case 10_000:
      return 4
    case 100_000:
      return 5
    case 1_000_000:
      return 6
    default:
      return -1
  }
}

/** Of a whole number below 10^8. */
function digitCount(value: number): number {
  if (value < 10_000) {
    if (value < 100) return value < 10 ? 1 : 2
    return value < 1_000 ? 3 : 4
  }
  if (value < 1_000_000) return value < 100_000 ? 5 : 6
  return value < 10_000_000 ? 7 : 8
}

/**
 * The bytes of a time. Date and offset are made once per quarter of an hour: zones change their clocks on its marks
 * alone (Lord Howe's half hour, Nepal's and Chatham's quarters included). Within it only the last digits move.
 */
class ClockCell {
  readonly cell = new Uint8Array(TIME_BYTES)
  private readonly zone: Zone
  private quarter = NaN
  /** Local minute of the hour at which the quarter begins. */
  private firstMinute = 0

  constructor(zone: Zone) {
    this.zone = zone
  }

  set(atMs: number): void {
    const { cell } = this
    const quarter = Math.floor(atMs / QUARTER_MS)
    if (quarter !== this.quarter) this.begin(quarter)
    const ms = atMs - quarter * QUARTER_MS
    const minute = (ms / 60_000) | 0
    const second = ((ms - minute * 60_000) / 1_000) | 0
    const rest = ms % 1_000
    const hundreds = (rest / 100) | 0
    const tens = ((rest - hundreds * 100) / 10) | 0
    this.twoDigits(14, this.firstMinute + minute)
    this.twoDigits(17, second)
    cell[20] = ZERO + hundreds
    cell[21] = ZERO + tens
    cell[22] = ZERO + (rest - hundreds * 100 - tens * 10)
  }

  private begin(quarter: number): void {
    this.quarter = quarter
    const text = isoTime(quarter * QUARTER_MS, this.zone)
    for (let at = 0; at < TIME_BYTES; at++) this.cell[at] = text.charCodeAt(at)
    this.firstMinute = Number(text.slice(14, 16))
  }

  private twoDigits(at: number, value: number): void {
    const tens = (value / 10) | 0
    this.cell[at] = ZERO + tens
    this.cell[at + 1] = ZERO + value - tens * 10
  }
}

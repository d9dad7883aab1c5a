/**
 * How a column (whole numbers, one per sample) is packed into a chunk. Version 1; never changed, only followed by another.
 *
 *   column   = shape (1 byte) rest
 *   constant : zigzag-varint(value)
 *   noise    : predictor (1 byte) zigzag-varint(first) varint(unit) varint(-smallest) residuals (bits.ts)
 *   held     : varint(runs) varint(bytes) column of run lengths, column of values      each value stands for a while
 *   listed   : varint(n) varint(bytes) column of the n values, ascending; column of places in it      few values come again
 *
 * A column is taken for whichever is shorter; the columns within one are constant or noise (values of `held` may be
 * listed). Noise: the values become steps (value - first) / unit, where the unit is the largest number that divides them
 * all (pages of 4,096 bytes, jiffies); what a predictor leaves of the steps is packed as Rice codes.
 */
import { BitWriter, readResiduals, writeResiduals } from './bits.ts'
import { type ByteReader, ByteWriter, unzigzag, zigzag } from './bytes.ts'
import {
  NARROW,
  NARROW_SPREAD,
  narrowResiduals,
  PREDICTORS,
  restoreNarrow,
  restoreWide,
  WIDE,
  WIDE_SPREAD,
  wideResiduals,
  type NarrowPredictor,
  type Predictor
} from './predictors.ts'

const SHAPE = { constant: 0, noise: 1, held: 2, listed: 3 } as const

/** Of damaged bytes no more than this is unpacked. */
const MAX_VALUES = 1 << 17
/** Shapes that are tried cost time: only where they promise something. */
const HELD_SHARE = 0.6
const LISTED_SHARE = 0.5
const LISTED_SPREAD = 4
/** Places in a list take several bits themselves. */
const LISTED_FROM_BITS = 9

/** What was seen in one pass over a column. */
interface Survey {
  readonly low: number
  readonly high: number
  /** The largest number that divides every difference from the first value; 0 for a constant column. */
  readonly unit: number
  readonly runs: number
}

function survey(values: Float64Array): Survey {
  const first = values[0] ?? 0
  let [low, high, before] = [first, first, first]
  let unit = 0
  let runs = 1
  for (let at = 1; at < values.length; at++) {
    const value = values[at] ?? 0
    if (value === before) continue
    before = value
    runs++
    if (value < low) low = value
    else if (value > high) high = value
    if (unit === 1) continue
    // Mostly it divides this one too: a division is cheaper than a remainder.
    const times = (value - first) / unit
    if (times !== Math.floor(times) || times * unit !== value - first)
      unit = gcd(Math.abs(value - first), unit)
  }
  return { low, high, unit, runs }
}

function gcd(a: number, b: number): number {
  let [larger, smaller] = [a, b]
  while (smaller !== 0) {
    const rest = larger % smaller
    larger = smaller
    smaller = rest
  }
  return larger
}

const bitsOut = new BitWriter(64 * 1024)
/** Grown as needed; nothing runs between. */
let narrowScratch = { steps: new Int32Array(1024), residuals: new Int32Array(1024) }
/** Values by which the predictor is chosen: a quarter of the column, and at least so many. */
const LEAST_SAMPLE = 128

function narrowArrays(length: number): typeof narrowScratch {
  const { steps, residuals } = narrowScratch
  if (steps.length < length) {
    narrowScratch = { steps: new Int32Array(length * 2), residuals: new Int32Array(length * 2) }
    return narrowArrays(length)
  }
  return { steps: steps.subarray(0, length), residuals: residuals.subarray(0, length) }
}

interface Predicted {
  readonly predictor: Predictor
  readonly residuals: Int32Array | Float64Array
}

function predictNarrow(values: Float64Array, unit: number, smallest: number): Predicted {
  const first = values[0] ?? 0
  const { steps, residuals } = narrowArrays(values.length)
  for (let at = 0; at < values.length; at++) steps[at] = ((values[at] ?? 0) - first) / unit
  let chosen: NarrowPredictor = 'value'
  // A part of the hour shows which one fits.
  const sample = steps.subarray(0, Math.max(LEAST_SAMPLE, steps.length >> 2))
  let fewest = Infinity
  for (const predictor of NARROW) {
    const bits = narrowResiduals(sample, predictor, smallest, residuals)
    if (bits >= fewest) continue
    fewest = bits
    chosen = predictor
  }
  narrowResiduals(steps, chosen, smallest, residuals)
  return { predictor: chosen, residuals }
}

function predictWide(values: Float64Array, unit: number, smallest: number, spread: number): Predicted {
  const first = values[0] ?? 0
  const steps = new Float64Array(values.length)
  for (let at = 0; at < values.length; at++) steps[at] = ((values[at] ?? 0) - first) / unit
  const usable = spread < WIDE_SPREAD ? WIDE : WIDE.slice(0, 1)
  const tried = usable.map((predictor) => {
    const residuals = new Float64Array(values.length)
    return { predictor, residuals, bits: wideResiduals(steps, predictor, smallest, residuals) }
  })
  return tried.reduce((best, one) => (one.bits < best.bits ? one : best))
}

function packNoise(values: Float64Array, { low, high, unit }: Survey, out: ByteWriter): void {
  const first = values[0] ?? 0
  const smallest = (low - first) / unit
  const spread = (high - low) / unit
  const { predictor, residuals } =
    spread < NARROW_SPREAD
      ? predictNarrow(values, unit, smallest)
      : predictWide(values, unit, smallest, spread)
  bitsOut.length = 0
  writeResiduals(bitsOut, residuals)
  out.reserve(32)
  out.byte(SHAPE.noise)
  out.byte(PREDICTORS.indexOf(predictor))
  out.varint(zigzag(first))
  out.varint(unit)
  out.varint(-smallest)
  out.append(bitsOut.bytes.subarray(0, bitsOut.length))
}

function packHeld(values: Float64Array, { runs }: Survey, out: ByteWriter): void {
  const lengths = new Float64Array(runs)
  const held = new Float64Array(runs)
  let run = -1
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0
    if (run === -1 || value !== held[run]) held[++run] = value
    lengths[run] = (lengths[run] ?? 0) + 1
  }
  packPair(SHAPE.held, runs, lengths, held, out)
}

function packListed(values: Float64Array, distinct: Float64Array, out: ByteWriter): void {
  const placeOf = new Map<number, number>()
  for (let place = 0; place < distinct.length; place++) placeOf.set(distinct[place] ?? 0, place)
  const places = new Float64Array(values.length)
  for (let at = 0; at < values.length; at++) places[at] = placeOf.get(values[at] ?? 0) ?? 0
  packPair(SHAPE.listed, distinct.length, distinct, places, out)
}

/** Two columns within one; the first one's length is told. */
function packPair(
  shape: number,
  count: number,
  first: Float64Array,
  second: Float64Array,
  out: ByteWriter
): void {
  const inner = new ByteWriter(first.length * 2 + 64)
  packPlain(first, inner)
  out.reserve(16)
  out.byte(shape)
  out.varint(count)
  out.varint(inner.length)
  out.append(inner.bytes.subarray(0, inner.length))
  if (shape === SHAPE.held) packColumn(second, out, false)
  else packPlain(second, out)
}

function packPlain(values: Float64Array, out: ByteWriter): void {
  const seen = survey(values)
  if (seen.unit !== 0) {
    packNoise(values, seen, out)
    return
  }
  out.reserve(16)
  out.byte(SHAPE.constant)
  out.varint(zigzag(values[0] ?? 0))
}

const SLOTS = 2_048
const slotOf = new Uint8Array(SLOTS)

/** About how many distinct values there are, never much too many: by the slots that their hashes fill. */
function roughlyDistinct(values: Float64Array, unit: number): number {
  slotOf.fill(0)
  const first = values[0] ?? 0
  let filled = 0
  for (let at = 0; at < values.length; at++) {
    const slot = Math.imul(((values[at] ?? 0) - first) / unit, 0x9e3779b1) >>> 21
    if (slotOf[slot] === 1) continue
    slotOf[slot] = 1
    filled++
  }
  return filled
}

/** The distinct values, ascending; null when a list of them is not worth it. */
function distinctOf(values: Float64Array, { low, high, unit }: Survey): Float64Array | null {
  const spread = (high - low) / unit
  // A list of all numbers in between says nothing.
  if (spread < LISTED_SPREAD * 8) return null
  const about = roughlyDistinct(values, unit)
  if (about > values.length * LISTED_SHARE || spread < LISTED_SPREAD * about) return null
  const distinct = new Set<number>()
  for (let at = 0; at < values.length; at++) distinct.add(values[at] ?? 0)
  return distinct.size > values.length * LISTED_SHARE ? null : Float64Array.from(distinct).sort()
}

/** Appends one column. `values` are whole numbers within ± 2^51, at least one. */
export function packColumn(values: Float64Array, out: ByteWriter, mayHold = true): void {
  const seen = survey(values)
  const start = out.length
  packPlain(values, out)
  if (seen.unit === 0) return
  const plainBits = ((out.length - start) * 8) / values.length
  const tries: ((other: ByteWriter) => void)[] = []
  if (mayHold && seen.runs < values.length * HELD_SHARE) tries.push((other) => packHeld(values, seen, other))
  const distinct = plainBits < LISTED_FROM_BITS ? null : distinctOf(values, seen)
  if (distinct !== null) tries.push((other) => packListed(values, distinct, other))
  for (const pack of tries) {
    const other = new ByteWriter(out.length - start + 64)
    pack(other)
    if (other.length >= out.length - start) continue
    out.length = start
    out.append(other.bytes.subarray(0, other.length))
  }
}

/** The reverse of `packColumn`: fills `values`, from bytes that end at `end`. Throws RangeError on what it cannot be. */
export function unpackColumn(reader: ByteReader, end: number, values: Float64Array): void {
  if (values.length > MAX_VALUES || end > reader.bytes.length) throw new RangeError('column beyond its chunk')
  const shape = reader.byte()
  if (shape === SHAPE.constant) values.fill(unzigzag(reader.varint()))
  else if (shape === SHAPE.noise) unpackNoise(reader, values)
  else if (shape === SHAPE.held || shape === SHAPE.listed) unpackPair(shape, reader, end, values)
  else throw new RangeError('unknown shape of a column')
}

function unpackNoise(reader: ByteReader, values: Float64Array): void {
  const predictor = PREDICTORS[reader.byte()]
  if (predictor === undefined) throw new RangeError('unknown predictor')
  const first = unzigzag(reader.varint())
  const unit = reader.varint()
  const smallest = -reader.varint()
  if (isNarrow(predictor)) {
    const { steps, residuals } = narrowArrays(values.length)
    readResiduals(reader.bytes, reader.at, residuals)
    restoreNarrow(residuals, predictor, smallest, steps)
    for (let at = 0; at < values.length; at++) values[at] = first + (steps[at] ?? 0) * unit
    return
  }
  readResiduals(reader.bytes, reader.at, values)
  restoreWide(values, predictor, smallest)
  for (let at = 0; at < values.length; at++) values[at] = first + (values[at] ?? 0) * unit
}

function isNarrow(predictor: Predictor): predictor is NarrowPredictor {
  return (NARROW as readonly Predictor[]).includes(predictor)
}

function unpackPair(shape: number, reader: ByteReader, end: number, values: Float64Array): void {
  const count = reader.varint()
  if (count > values.length) throw new RangeError('more runs than values')
  const innerEnd = reader.varint() + reader.at
  const inner = new Float64Array(count)
  unpackColumn(reader, innerEnd, inner)
  reader.at = innerEnd
  if (shape === SHAPE.listed) {
    unpackColumn(reader, end, values)
    for (let at = 0; at < values.length; at++) values[at] = inner[values[at] ?? 0] ?? 0
    return
  }
  const held = new Float64Array(count)
  unpackColumn(reader, end, held)
  let at = 0
  for (let run = 0; run < count; run++) {
    const next = Math.min(values.length, at + (inner[run] ?? 0))
    values.fill(held[run] ?? 0, at, next)
    at = next
  }
}

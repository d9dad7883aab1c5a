/**
 * Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt), which remote write
 * prescribes: the length of the whole, then literals and copies of what came before. Greedy, in blocks of 64 KiB.
 */
import { ByteWriter } from './byte-writer.ts'

const BLOCK_BYTES = 64 * 1_024
const HASH_BITS = 14
const MIN_MATCH = 4
const MAX_COPY = 64
/** Longer literals have their length in the two bytes behind the tag. */
const SHORT_LITERAL = 60
const LITERAL_ONE_BYTE = 60
const LITERAL_TWO_BYTES = 61
const COPY_TWO_BYTE_OFFSET = 2

/** Gives at most input + input / 6 + 32 bytes. */
export function snappy(input: Uint8Array): Uint8Array {
  const out = new ByteWriter(64 + Math.ceil(input.length / 3))
  out.varint(input.length)
  // Positions of four-byte beginnings, + 1; 0 = none. One table for all blocks: a copy must not reach beyond its block.
  const table = new Uint32Array(1 << HASH_BITS)
  for (let start = 0; start < input.length; start += BLOCK_BYTES) {
    writeBlock(out, input, start, Math.min(start + BLOCK_BYTES, input.length), table)
  }
  return out.written()
}

function writeBlock(
  out: ByteWriter,
  input: Uint8Array,
  start: number,
  end: number,
  table: Uint32Array
): void {
  let literalFrom = start
  let at = start
  while (at + MIN_MATCH <= end) {
    const slot = hashAt(input, at)
    const candidate = (table[slot] ?? 0) - 1
    table[slot] = at + 1
    if (candidate < start || !sameFour(input, candidate, at)) {
      // The longer nothing repeats, the wider the steps: data that does not compress costs little.
      at += 1 + ((at - literalFrom) >> 5)
      continue
    }
    let length = MIN_MATCH
    while (at + length < end && input[candidate + length] === input[at + length]) length++
    writeLiteral(out, input, literalFrom, at)
    writeCopy(out, at - candidate, length)
    at += length
    literalFrom = at
  }
  writeLiteral(out, input, literalFrom, end)
}

const hashAt = (input: Uint8Array, at: number): number =>
  Math.imul(
    (input[at] ?? 0) |
      ((input[at + 1] ?? 0) << 8) |
      ((input[at + 2] ?? 0) << 16) |
      ((input[at + 3] ?? 0) << 24),
    0x1e35a7bd
  ) >>>
  (32 - HASH_BITS)

const sameFour = (input: Uint8Array, a: number, b: number): boolean =>
  input[a] === input[b] &&
  input[a + 1] === input[b + 1] &&
  input[a + 2] === input[b + 2] &&
  input[a + 3] === input[b + 3]

function writeLiteral(out: ByteWriter, input: Uint8Array, from: number, to: number): void {
  if (from === to) return
  const rest = to - from - 1
  if (rest < SHORT_LITERAL) out.byte(rest << 2)
  else if (rest < 0x100) {
    out.byte(LITERAL_ONE_BYTE << 2)
    out.byte(rest)
  } else {
    out.byte(LITERAL_TWO_BYTES << 2)
    out.byte(rest & 0xff)
    out.byte(rest >> 8)
  }
  out.bytes(input.subarray(from, to))
}

/** At most 64 bytes an element. An offset within a block of 64 KiB fits into two bytes. */
function writeCopy(out: ByteWriter, offset: number, length: number): void {
  for (let rest = length; rest > 0; rest -= MAX_COPY) {
    out.byte(((Math.min(rest, MAX_COPY) - 1) << 2) | COPY_TWO_BYTE_OFFSET)
    out.byte(offset & 0xff)
    out.byte(offset >> 8)
  }
}

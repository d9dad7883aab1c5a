/**
 * Readings of processes as bytes. A reading by itself (the tail), and all readings of an hour: there each process has its columns one
 * after another as differences, nearly all of them 0, and the whole is deflated. Both begin with a CRC of the rest.
 */
import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib'
import { ByteReader, ByteWriter, unzigzag, zigzag } from '../samples/bytes.ts'

/** The values of a process in one reading, as integers, in this order. 0 = no value; else value + 1 (niceness + 21). */
export const COLUMNS = [
  'cpu',
  'cpuUser',
  'cpuSystem',
  'resident',
  'virtual',
  'swap',
  'read',
  'write',
  'nice',
  'threads',
  'state'
] as const
export type Column = (typeof COLUMNS)[number]
const WIDTH = COLUMNS.length

export interface StoredReading {
  readonly atMs: number
  /** 0 = not known. */
  readonly memoryTotalBytes: number
  /** By the id of `process`: WIDTH integers. */
  readonly processes: ReadonlyMap<number, readonly number[]>
}

const CRC_BYTES = 4
/** Readings in an hour at one per second; more is damage. */
const MAX_READINGS = 4_096
const MAX_PROCESSES = 65_536
const MAX_BLOCK_BYTES = 64 * 1024 * 1024

function sealed(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(CRC_BYTES + body.length)
  new DataView(bytes.buffer).setUint32(0, crc32(body))
  bytes.set(body, CRC_BYTES)
  return bytes
}

/** null when the bytes are not those that were written. */
function opened(bytes: Uint8Array): Uint8Array | null {
  if (bytes.length < CRC_BYTES) return null
  const body = bytes.subarray(CRC_BYTES)
  const expected = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
  return crc32(body) === expected ? body : null
}

export function encodeReading({ memoryTotalBytes, processes }: StoredReading): Uint8Array {
  const out = new ByteWriter(1024)
  out.reserve(16)
  out.varint(memoryTotalBytes)
  out.varint(processes.size)
  for (const [id, values] of processes) {
    out.reserve((WIDTH + 1) * 8)
    out.varint(id)
    for (let column = 0; column < WIDTH; column++) out.varint(values[column] ?? 0)
  }
  return sealed(out.take())
}

/** null when it is damaged. */
export function decodeReading(atMs: number, bytes: Uint8Array): StoredReading | null {
  const body = opened(bytes)
  if (body === null) return null
  const from = new ByteReader(body)
  const memoryTotalBytes = from.varint()
  const count = from.varint()
  if (count > MAX_PROCESSES) return null
  const processes = new Map<number, readonly number[]>()
  for (let index = 0; index < count; index++) {
    const id = from.varint()
    processes.set(
      id,
      COLUMNS.map(() => from.varint())
    )
  }
  return { atMs, memoryTotalBytes, processes }
}

/** Readings in order of time. */
export function encodeHour(readings: readonly StoredReading[]): Uint8Array {
  const out = new ByteWriter(64 * 1024)
  out.reserve(16)
  out.varint(readings.length)
  let [atMs, memory] = [0, 0]
  for (const reading of readings) {
    out.reserve(16)
    out.varint(reading.atMs - atMs)
    out.varint(zigzag(reading.memoryTotalBytes - memory))
    atMs = reading.atMs
    memory = reading.memoryTotalBytes
  }
  const ids = [...new Set(readings.flatMap(({ processes }) => [...processes.keys()]))].sort((a, b) => a - b)
  out.reserve(8)
  out.varint(ids.length)
  let lastId = 0
  for (const id of ids) {
    const columns = encodeProcess(readings, id)
    out.reserve(16)
    out.varint(id - lastId)
    out.varint(columns.length)
    out.append(columns)
    lastId = id
  }
  return sealed(deflateRawSync(out.take(), { level: 6 }))
}

/** Which readings it is in (lengths of runs, first one of absence), then its columns. */
function encodeProcess(readings: readonly StoredReading[], id: number): Uint8Array {
  const out = new ByteWriter(1024)
  const own = readings.map(({ processes }) => processes.get(id))
  let isIn = false
  let run = 0
  for (const values of own) {
    if ((values !== undefined) !== isIn) {
      out.reserve(8)
      out.varint(run)
      run = 0
      isIn = !isIn
    }
    run++
  }
  out.reserve(8)
  out.varint(run)
  for (let column = 0; column < WIDTH; column++) {
    let before = 0
    for (const values of own) {
      if (values === undefined) continue
      const value = values[column] ?? 0
      out.reserve(8)
      out.varint(zigzag(value - before))
      before = value
    }
  }
  return out.take()
}

/** null when it is damaged. `only`: ids whose values are wanted; all others are passed over. */
export function decodeHour(bytes: Uint8Array, only?: ReadonlySet<number>): StoredReading[] | null {
  const packed = opened(bytes)
  if (packed === null) return null
  const from = new ByteReader(inflateRawSync(packed, { maxOutputLength: MAX_BLOCK_BYTES }))
  const count = from.varint()
  if (count > MAX_READINGS) return null
  const readings: { atMs: number; memoryTotalBytes: number; processes: Map<number, number[]> }[] = []
  let [atMs, memory] = [0, 0]
  for (let index = 0; index < count; index++) {
    atMs += from.varint()
    memory += unzigzag(from.varint())
    readings.push({ atMs, memoryTotalBytes: memory, processes: new Map() })
  }
  const processes = from.varint()
  if (processes > MAX_PROCESSES) return null
  let id = 0
  for (let index = 0; index < processes; index++) {
    id += from.varint()
    const end = from.varint() + from.at
    if (only === undefined || only.has(id)) decodeProcess(from, id, readings)
    from.at = end
  }
  return readings
}

function decodeProcess(
  from: ByteReader,
  id: number,
  readings: readonly { readonly processes: Map<number, number[]> }[]
): void {
  const own: number[][] = []
  let isIn = false
  for (let index = 0; index < readings.length;) {
    const end = Math.min(readings.length, index + from.varint())
    // A run of nothing is only written first.
    if (end === index && isIn) return
    for (; index < end; index++) {
      if (!isIn) continue
      const values: number[] = []
      readings[index]?.processes.set(id, values)
      own.push(values)
    }
    isIn = !isIn
  }
  for (let column = 0; column < WIDTH; column++) {
    let value = 0
    for (const values of own) {
      value += unzigzag(from.varint())
      values.push(value)
    }
  }
}

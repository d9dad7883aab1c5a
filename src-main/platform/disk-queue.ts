/**
 * A bounded queue of records in segment files, `<number>.seg`, oldest first. A record: length, CRC-32 of the payload,
 * samples (each 4 bytes, little end first), payload. `head` names the place up to which all was acknowledged.
 *
 * Nothing is synced: what was appended is in the kernel's hands and outlives this process, and an engine that answers
 * has its segments deleted before most of them ever reach the disk.
 */
import { mkdir, open, readdir, readFile, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type {
  QueuedRecord,
  QueuePosition,
  QueueStats,
  RecordQueue,
  RecordQueues
} from '../application/engines/record-queue.ts'
import type { Log } from '../application/platform/platform.ts'
import { readAll, readHead, writeAll, writeHead } from './queue-files.ts'

const HEADER_BYTES = 12
/** A sixteenth of the smallest limit: dropping the oldest segment never costs much of what is kept. */
const SEGMENT_BYTES = 1024 * 1024
const MAX_RECORD_BYTES = 16 * 1024 * 1024

/** What is known of one file without its payloads. Offsets are where the records begin. */
interface Segment {
  readonly number: number
  readonly records: { readonly offset: number; readonly length: number; readonly samples: number }[]
  /** Where the next record would begin. */
  endOffset: number
}

/** Queues below `folder`, one folder each. */
export function diskQueues(folder: string, log: Log): RecordQueues {
  const pathOf = (name: string): string => {
    if (!/^[0-9a-f-]{36}$/.test(name)) throw new RangeError('a queue is named by a UUID')
    return join(folder, name)
  }
  return {
    open: (name, limitBytes) => DiskQueue.open(pathOf(name), limitBytes, log),
    remove: (name) => rm(pathOf(name), { recursive: true, force: true })
  }
}

class DiskQueue implements RecordQueue {
  readonly #folder: string
  readonly #log: Log
  #limitBytes: number
  /** Oldest first. Only those with records that wait, and the one that is written to. */
  #segments: Segment[] = []
  #writing: { readonly segment: Segment; readonly file: FileHandle } | null = null
  #nextNumber = 1
  #bytes = 0
  #samples = 0
  #droppedSamples = 0
  /** One thing at a time: every operation waits for the one before. */
  #last: Promise<unknown> = Promise.resolve()

  private constructor(folder: string, limitBytes: number, log: Log) {
    this.#folder = folder
    this.#limitBytes = limitBytes
    this.#log = log
  }

  static async open(folder: string, limitBytes: number, log: Log): Promise<DiskQueue> {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    const queue = new DiskQueue(folder, limitBytes, log)
    await queue.#load()
    return queue
  }

  get stats(): QueueStats {
    return { bytes: this.#bytes, samples: this.#samples, droppedSamples: this.#droppedSamples }
  }

  setLimit(limitBytes: number): void {
    this.#limitBytes = limitBytes
  }

  append(bytes: Uint8Array, samples: number): Promise<void> {
    return this.#inTurn(async () => {
      await this.#makeRoom(HEADER_BYTES + bytes.length)
      const { segment, file } = await this.#writable()
      const record = Buffer.alloc(HEADER_BYTES + bytes.length)
      record.writeUInt32LE(bytes.length, 0)
      record.writeUInt32LE(crc32(bytes), 4)
      record.writeUInt32LE(samples, 8)
      record.set(bytes, HEADER_BYTES)
      try {
        await writeAll(file, record, segment.endOffset)
      } catch (error) {
        // Half a record may stand there now: nothing is ever written behind it.
        await this.#endSegment()
        throw error
      }
      segment.records.push({ offset: segment.endOffset, length: bytes.length, samples })
      segment.endOffset += record.length
      this.#bytes += record.length
      this.#samples += samples
    })
  }

  peek(maxSamples: number): Promise<readonly QueuedRecord[]> {
    return this.#inTurn(async () => {
      const found: QueuedRecord[] = []
      let samples = 0
      for (const segment of this.#segments.slice()) {
        if (segment.records.length === 0) continue
        const wanted: Segment['records'] = []
        for (const record of segment.records) {
          if (found.length + wanted.length > 0 && samples + record.samples > maxSamples) break
          samples += record.samples
          wanted.push(record)
        }
        if (wanted.length === 0) break
        found.push(...(await this.#readOrLose(segment, wanted)))
        if (wanted.length < segment.records.length) break
      }
      return found
    })
  }

  acknowledge(upTo: QueuePosition): Promise<void> {
    return this.#inTurn(async () => {
      let changed = false
      for (const segment of this.#segments) {
        if (segment.number > upTo.segment) break
        while (segment.records[0] !== undefined) {
          if (segment.number === upTo.segment && segment.records[0].offset > upTo.offset) break
          this.#forgetFirst(segment)
          changed = true
        }
      }
      if (!changed) return
      try {
        // First the head: a segment of which the deletion fails is then known to be done.
        await writeHead(this.#folder, upTo)
        await this.#deleteDone()
      } catch (cause) {
        // A full disk, say. This run knows what is done; the next one gives it again.
        this.#log.warn('queue.notAcknowledged', { segment: upTo.segment, cause })
      }
    })
  }

  close(): Promise<void> {
    return this.#inTurn(() => this.#endSegment())
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work)
    // The failure belongs to who asked; the next in turn only waits.
    this.#last = mine.catch(() => undefined)
    return mine
  }

  async #load(): Promise<void> {
    const numbers = (await readdir(this.#folder))
      .flatMap((name) => /^(\d{1,15})\.seg$/.exec(name)?.[1] ?? [])
      .map(Number)
      .toSorted((a, b) => a - b)
    const head = await readHead(this.#folder)
    for (const number of numbers) {
      this.#nextNumber = number + 1
      const segment = { number, records: [], endOffset: 0 } satisfies Segment
      if (number >= head.segment) await this.#scan(segment, number === head.segment ? head.offset : -1)
      this.#segments.push(segment)
    }
    await this.#deleteDone()
  }

  /** Finds the records behind `doneOffset`; what does not hold together ends the segment. */
  async #scan(segment: Segment, doneOffset: number): Promise<void> {
    const bytes = await readFile(this.#pathOf(segment.number))
    let offset = 0
    while (offset + HEADER_BYTES <= bytes.length) {
      const length = bytes.readUInt32LE(offset)
      const end = offset + HEADER_BYTES + length
      if (length > MAX_RECORD_BYTES || end > bytes.length) break
      if (crc32(bytes.subarray(offset + HEADER_BYTES, end)) !== bytes.readUInt32LE(offset + 4)) break
      if (offset > doneOffset) {
        const samples = bytes.readUInt32LE(offset + 8)
        segment.records.push({ offset, length, samples })
        this.#bytes += HEADER_BYTES + length
        this.#samples += samples
      }
      offset = end
    }
    segment.endOffset = offset
    if (offset < bytes.length) {
      this.#log.warn('queue.tornRecord', { segment: segment.number, lostBytes: bytes.length - offset })
    }
  }

  /** A file that cannot be read must not hold up those behind it. */
  async #readOrLose(segment: Segment, records: Segment['records']): Promise<QueuedRecord[]> {
    try {
      return await this.#read(segment, records)
    } catch (cause) {
      const samples = segment.records.reduce((sum, record) => sum + record.samples, 0)
      this.#log.error('queue.segmentUnreadable', cause, { segment: segment.number, samples })
      this.#droppedSamples += samples
      if (segment === this.#writing?.segment) await this.#endSegment()
      while (segment.records.length > 0) this.#forgetFirst(segment)
      return []
    }
  }

  async #read(segment: Segment, records: Segment['records']): Promise<QueuedRecord[]> {
    const first = records[0]
    const last = records.at(-1)
    if (first === undefined || last === undefined) return []
    const length = last.offset + HEADER_BYTES + last.length - first.offset
    const bytes = Buffer.alloc(length)
    const file = await open(this.#pathOf(segment.number), 'r')
    try {
      await readAll(file, bytes, first.offset)
    } finally {
      await file.close()
    }
    return records.map((record) => {
      const start = record.offset - first.offset + HEADER_BYTES
      return {
        bytes: bytes.subarray(start, start + record.length),
        samples: record.samples,
        position: { segment: segment.number, offset: record.offset }
      }
    })
  }

  /** Drops whole segments from the old end until `more` bytes fit. */
  async #makeRoom(more: number): Promise<void> {
    while (this.#bytes > 0 && this.#bytes + more > this.#limitBytes) {
      const oldest = this.#segments[0]
      if (oldest === undefined) break
      if (oldest === this.#writing?.segment) await this.#endSegment()
      while (oldest.records[0] !== undefined) {
        this.#droppedSamples += oldest.records[0].samples
        this.#forgetFirst(oldest)
      }
      await this.#deleteDone()
    }
  }

  #forgetFirst(segment: Segment): void {
    const record = segment.records.shift()
    if (record === undefined) return
    this.#bytes -= HEADER_BYTES + record.length
    this.#samples -= record.samples
  }

  /** Deletes the segments of which nothing waits any more. The one that is written to stays while it is small. */
  async #deleteDone(): Promise<void> {
    for (const segment of this.#segments.filter(({ records }) => records.length === 0)) {
      if (segment === this.#writing?.segment) {
        if (segment.endOffset < SEGMENT_BYTES) continue
        await this.#endSegment()
      }
      await rm(this.#pathOf(segment.number), { force: true })
      this.#segments = this.#segments.filter((other) => other !== segment)
    }
  }

  async #writable(): Promise<{ readonly segment: Segment; readonly file: FileHandle }> {
    if (this.#writing !== null && this.#writing.segment.endOffset >= SEGMENT_BYTES) await this.#endSegment()
    if (this.#writing === null) {
      const segment: Segment = { number: this.#nextNumber++, records: [], endOffset: 0 }
      const file = await open(this.#pathOf(segment.number), 'wx', 0o600)
      this.#writing = { segment, file }
      this.#segments.push(segment)
    }
    return this.#writing
  }

  async #endSegment(): Promise<void> {
    const file = this.#writing?.file
    this.#writing = null
    await file?.close()
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${String(number)}.seg`)
  }
}

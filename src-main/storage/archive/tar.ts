/**
 * The tar format (POSIX ustar), as much as a backup needs of it: a handful of plain files with short names, whose sizes
 * are known before they are written. Any tar program can look into a backup and unpack it.
 */
import { AppError } from '#contract/errors.ts'

const BLOCK_BYTES = 512
/** More does not fit the eleven octal digits; from there on the size is binary, as GNU tar and others have it. */
const OCTAL_SIZE_BELOW = 8 ** 11

/** Bytes of an archive that holds files of these sizes. */
export function tarBytes(sizes: readonly number[]): number {
  return sizes.reduce((sum, size) => sum + BLOCK_BYTES + size + padding(size), 2 * BLOCK_BYTES)
}

const padding = (size: number): number => (BLOCK_BYTES - (size % BLOCK_BYTES)) % BLOCK_BYTES

/** What stands before a file's bytes. */
export function tarHeader(name: string, sizeBytes: number, modifiedAtMs: number): Buffer {
  const header = Buffer.alloc(BLOCK_BYTES)
  header.write(name, 0, 100, 'utf8')
  header.write('0000600\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  if (sizeBytes < OCTAL_SIZE_BELOW) header.write(`${octal(sizeBytes, 11)}\0`, 124)
  else {
    header[124] = 0x80
    header.writeBigUInt64BE(BigInt(sizeBytes), 128)
  }
  header.write(`${octal(Math.floor(modifiedAtMs / 1_000), 11)}\0`, 136)
  header.write('        ', 148)
  header.write('0', 156)
  header.write('ustar\x0000', 257)
  header.write(`${octal(checksum(header), 6)}\0 `, 148)
  return header
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')

/** What stands behind a file's bytes. */
export const tarPadding = (sizeBytes: number): Buffer => Buffer.alloc(padding(sizeBytes))

/** What stands at the end of the archive. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * BLOCK_BYTES)

/** Of a header whose own checksum field is blank. */
function checksum(header: Buffer): number {
  let sum = 0
  for (const [at, byte] of header.entries()) sum += at >= 148 && at < 156 ? 32 : byte
  return sum
}

export interface TarEntry {
  readonly name: string
  readonly sizeBytes: number
  /** To be read to its end before the next entry is asked for; what is left is skipped. */
  readonly bytes: AsyncIterable<Uint8Array>
}

/**
 * The plain files of an archive, one after another. Folders and extended headers are passed over; what comes behind the
 * end mark is read and ignored. Throws backupInvalid: `notABackup` for what is no tar, `cutOff` where it ends too soon.
 */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry, void> {
  const reader = new BlockReader(source)
  for (;;) {
    const header = await reader.exactly(BLOCK_BYTES)
    if (header === null || header.every((byte) => byte === 0)) break
    const { name, sizeBytes, type } = parseHeader(header)
    let left = sizeBytes
    const bytes = async function* (): AsyncGenerator<Uint8Array, void> {
      while (left > 0) {
        const piece = await reader.some(left)
        if (piece === null) throw invalid('cutOff')
        left -= piece.byteLength
        yield piece
      }
    }
    if (type === '0' || type === '\0') yield { name: name.replace(/^\.\//, ''), sizeBytes, bytes: bytes() }
    while (left > 0) {
      const piece = await reader.some(left)
      if (piece === null) throw invalid('cutOff')
      left -= piece.byteLength
    }
    if (padding(sizeBytes) > 0 && (await reader.exactly(padding(sizeBytes))) === null) throw invalid('cutOff')
  }
  await reader.drain()
}

function parseHeader(header: Buffer): { name: string; sizeBytes: number; type: string } {
  const sum = Number.parseInt(header.toString('latin1', 148, 156), 8)
  if (sum !== checksum(header)) throw invalid('notABackup')
  const text = (from: number, to: number): string => {
    const field = header.toString('utf8', from, to)
    const end = field.indexOf('\0')
    return end < 0 ? field : field.slice(0, end)
  }
  const isBinary = ((header[124] ?? 0) & 0x80) !== 0
  const sizeBytes = isBinary ? Number(header.readBigUInt64BE(128)) : Number.parseInt(text(124, 136), 8)
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) throw invalid('notABackup')
  return { name: text(0, 100), sizeBytes, type: header.toString('latin1', 156, 157) }
}

const invalid = (reason: string): AppError => new AppError('backupInvalid', { params: { reason } })

/** Hands out the bytes of a stream in the portions that are asked for. */
class BlockReader {
  private readonly source: AsyncIterator<Uint8Array>
  private held: Buffer = Buffer.alloc(0)

  constructor(source: AsyncIterable<Uint8Array>) {
    this.source = source[Symbol.asyncIterator]()
  }

  /** As much as there is, at most `atMost`; null at the end. */
  async some(atMost: number): Promise<Buffer | null> {
    if (this.held.length === 0 && !(await this.more())) return null
    const piece = this.held.subarray(0, atMost)
    this.held = this.held.subarray(piece.length)
    return piece
  }

  /** So many bytes in one piece; null at the end. Throws cutOff when it comes in their midst. */
  async exactly(count: number): Promise<Buffer | null> {
    while (this.held.length < count) {
      if (await this.more()) continue
      if (this.held.length === 0) return null
      throw invalid('cutOff')
    }
    return this.some(count)
  }

  async drain(): Promise<void> {
    for (;;) if ((await this.source.next()).done === true) return
  }

  private async more(): Promise<boolean> {
    const next = await this.source.next()
    if (next.done === true) return false
    this.held = this.held.length === 0 ? Buffer.from(next.value) : Buffer.concat([this.held, next.value])
    return true
  }
}

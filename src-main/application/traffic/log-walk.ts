/**
 * Reads a log on from where the last reading ended, over rotations: first the rest of the file it was in, wherever that is now
 * (renamed, copied, compressed), then those that came after it. Keeps nothing itself; the place is the caller's to store.
 */
import { createHash } from 'node:crypto'
import { AppError } from '#contract/errors.ts'
import { z } from 'zod'
import type { LogFile } from '../../domain/traffic/rotated-files.ts'
import type { LogBytes, LogFiles, LogLook } from './log-files.ts'
import { splitLines } from './log-lines.ts'

/** How far a log was read. */
export const LogPlace = z.object({
  device: z.string(),
  inode: z.string(),
  /** Uncompressed bytes that were read. */
  offset: z.int().nonnegative(),
  /** What the bytes just before the offset are: a file is the one that was read if it has the same there. */
  guardBytes: z.int().nonnegative().max(256),
  guard: z.string(),
  /** Of the file, when it was read: files of later rotations are younger. */
  modifiedSec: z.int().nonnegative(),
  inLongLine: z.boolean()
})
export type LogPlace = z.infer<typeof LogPlace>

export interface Piece {
  /** null = one that cannot be read. */
  readonly lines: readonly (string | null)[]
  readonly place: LogPlace
  /** Still to be read, as far as it is known: what is in compressed files counts as it lies there. */
  readonly behindBytes: number
  /** Nothing more is to be had now. */
  readonly atEnd: boolean
  /** At the end of a file that was rotated away just now: its writer may still write to it. More is to be had later. */
  readonly isWaiting: boolean
  /** The file of the place was gone before it was read to its end. */
  readonly lost: boolean
}

export interface WalkOptions {
  readonly pieceBytes?: number
  /** A file that was rotated away is left when nothing was written to it for so long: its writer may not have noticed yet. */
  readonly settleSec?: number
}

const GUARD_BYTES = 256
const PIECE_BYTES = 1024 * 1024
/** To skip within a compressed file, all before it is unpacked again: fewer, larger pieces. */
const COMPRESSED_PIECES = 8
const SETTLE_SEC = 10
/** The log was rotated between looking and reading; looked at anew. */
const ATTEMPTS = 3

interface Found {
  readonly index: number
  readonly offset: number
  readonly lost: boolean
}

export class LogWalk {
  readonly path: string
  readonly #files: LogFiles
  readonly #pieceBytes: number
  readonly #settleSec: number

  constructor(files: LogFiles, path: string, options: WalkOptions = {}) {
    this.#files = files
    this.path = path
    this.#pieceBytes = options.pieceBytes ?? PIECE_BYTES
    this.#settleSec = options.settleSec ?? SETTLE_SEC
  }

  /** The end of the log as it is now: where a log that is new begins. null: there is no file, or nothing that can be read. */
  async end(
    { current }: LogLook,
    signal: AbortSignal
  ): Promise<{ place: LogPlace; tail: Uint8Array } | null> {
    if (current === null) return null
    const from = Math.max(0, current.sizeBytes - 64 * 1024)
    const { bytes, device, inode } = await this.#files.read(current, from, 64 * 1024, signal)
    const length = bytes.lastIndexOf(10) + 1
    const tail = bytes.subarray(0, length)
    // Within a line of which nothing else is known: its rest is dropped.
    const inLongLine = length === 0 && from > 0
    const seen = inLongLine ? bytes : tail
    const place = placeAt({ ...current, device, inode }, from + seen.length, seen, inLongLine)
    return { place, tail }
  }

  /** The beginning of the oldest file that was written after `fromSec`. */
  start(look: LogLook, fromSec: number): LogPlace | null {
    const first = chainOf(look).find(({ modifiedSec }) => modifiedSec >= fromSec)
    return first === undefined ? null : placeAt(first, 0, new Uint8Array(0), false)
  }

  /**
   * One piece more, of one file or, where that is at its end, of the next. `until`: not beyond that place.
   * Throws conflict when the log is rotated faster than it can be read; what LogFiles throws.
   */
  async next(
    look: LogLook,
    place: LogPlace,
    signal: AbortSignal,
    until: LogPlace | null = null
  ): Promise<Piece> {
    let now = look
    for (let attempt = 1; ; attempt++) {
      try {
        // An inode may have been given to another file: what is read says so, and then every file is looked at.
        return await this.#next(now, { place, until, trustsInode: attempt === 1 }, signal)
      } catch (error) {
        const isMoved = error instanceof AppError && (error.code === 'conflict' || error.code === 'notFound')
        if (!isMoved || attempt === ATTEMPTS) throw error
        now = await this.#files.look(this.path, signal)
      }
    }
  }

  async #next(look: LogLook, asked: Asked, signal: AbortSignal): Promise<Piece> {
    const { place, until, trustsInode } = asked
    const chain = chainOf(look)
    if (chain.length === 0)
      return { lines: [], place, behindBytes: 0, atEnd: true, isWaiting: false, lost: false }
    const stop = until === null ? null : await this.#locate(chain, until, false, signal)
    const found = await this.#locate(chain, place, trustsInode, signal)
    let at = place
    let index = found.index
    let isWaiting = false
    for (; index < chain.length; index++) {
      const file = chain[index]
      const from = index === found.index ? found.offset : 0
      const limit = stopAt(stop, index)
      if (file === undefined || (limit !== null && from >= limit)) break
      const isCurrent = file === look.current
      const isSettled = file.compressed || look.nowSec - file.modifiedSec >= this.#settleSec
      const isUnchanged = isAsRead(file, place, from) && (isCurrent || isSettled)
      const whole = !isCurrent && isSettled
      const piece = isUnchanged ? null : await this.#read(file, place, { from, limit, whole }, signal)
      if (piece !== null && piece.place.offset !== from) {
        const isAtLimit = limit !== null && piece.place.offset >= limit
        const isLast = index === chain.length - 1
        isWaiting = piece.ended && !isCurrent && !isSettled && !isAtLimit
        return {
          ...piece,
          behindBytes: behind(chain, index, piece.place.offset, stop),
          atEnd: isAtLimit || isWaiting || (piece.ended && isLast),
          isWaiting,
          lost: found.lost
        }
      }
      // The same file under another name or inode, or only touched: where it is found the next time.
      if (piece !== null && index === found.index && from > 0) at = piece.place
      isWaiting = !isCurrent && !isSettled
      if (isWaiting) break
    }
    const behindBytes = behind(chain, index + 1, 0, stop)
    return { lines: [], place: at, behindBytes, atEnd: true, isWaiting, lost: false }
  }

  async #read(
    file: LogFile,
    place: LogPlace,
    { from, limit, whole }: { from: number; limit: number | null; whole: boolean },
    signal: AbortSignal
  ): Promise<{ lines: readonly (string | null)[]; place: LogPlace; ended: boolean }> {
    const isSame = from > 0 && from === place.offset
    const before = isSame ? place.guardBytes : 0
    const room = this.#pieceBytes * (file.compressed ? COMPRESSED_PIECES : 1)
    const wanted = limit === null ? room : Math.min(room, limit - from)
    const got = await this.#files.read(file, from - before, wanted + before, signal)
    refuseOther(file, got, { before, guard: place.guard })
    const fresh = got.bytes.subarray(before)
    const isAtLimit = limit !== null && fresh.length === limit - from
    const split = splitLines(fresh, {
      inLongLine: isSame && place.inLongLine,
      whole: isAtLimit || (whole && got.ended),
      full: fresh.length === room
    })
    const seen = got.bytes.subarray(0, before + split.consumedBytes)
    return {
      lines: split.lines,
      place: placeAt(file, from + split.consumedBytes, seen, split.inLongLine),
      ended: got.ended
    }
  }

  /** Which file the place is in: by inode, then by what stands before it. */
  async #locate(
    chain: readonly LogFile[],
    place: LogPlace,
    trustsInode: boolean,
    signal: AbortSignal
  ): Promise<Found> {
    const { offset, modifiedSec } = place
    const same = chain.findIndex((file) => isSameFile(file, place) && mayReach(file, offset))
    const sameFile = chain[same]
    if (sameFile !== undefined && (trustsInode || (await this.#isIn(sameFile, place, signal))))
      return { index: same, offset, lost: false }
    for (const [index, file] of chain.entries()) {
      if (index === same || offset === 0 || file.modifiedSec < modifiedSec) continue
      if (mayReach(file, offset) && (await this.#isIn(file, place, signal)))
        return { index, offset, lost: false }
    }
    const later = chain.findIndex((file) => file.modifiedSec > modifiedSec)
    // Of a log that was empty nothing can have been missed but what came and went unseen.
    return { index: later < 0 ? chain.length - 1 : later, offset: 0, lost: offset > 0 }
  }

  async #isIn(file: LogFile, { offset, guardBytes, guard }: LogPlace, signal: AbortSignal): Promise<boolean> {
    if (guardBytes === 0) return offset === 0
    let bytes: Uint8Array
    try {
      bytes = (await this.#files.read(file, offset - guardBytes, guardBytes, signal)).bytes
    } catch (error) {
      // One that is closed to the account was never read.
      if (error instanceof AppError && error.code === 'notFound') return false
      throw error
    }
    return bytes.length === guardBytes && hashOf(bytes) === guard
  }
}

interface Asked {
  readonly place: LogPlace
  readonly until: LogPlace | null
  readonly trustsInode: boolean
}

const isSameFile = (file: LogFile, place: LogPlace): boolean =>
  file.device === place.device && file.inode === place.inode

/** The uncompressed size of a compressed file is not known. */
const mayReach = (file: LogFile, offset: number): boolean => file.compressed || file.sizeBytes >= offset

/** Nothing was written to it since its end was read. */
const isAsRead = (file: LogFile, place: LogPlace, from: number): boolean =>
  !file.compressed &&
  isSameFile(file, place) &&
  from === file.sizeBytes &&
  file.modifiedSec === place.modifiedSec

/** Another file has taken the path since it was looked at, or what stood before the place is no longer there. */
function refuseOther(
  file: LogFile,
  got: LogBytes,
  { before, guard }: { before: number; guard: string }
): void {
  const isOther = got.inode !== file.inode || got.device !== file.device
  const isChanged = before > 0 && hashOf(got.bytes.subarray(0, before)) !== guard
  if (isOther || isChanged) throw new AppError('conflict', { params: { what: 'log' }, retryable: true })
}

const chainOf = ({ rotated, current }: LogLook): readonly LogFile[] =>
  current === null ? rotated : [...rotated, current]

/** Up to which byte of the file at `index` is read; null = to its end. */
function stopAt(stop: Found | null, index: number): number | null {
  if (stop === null || index < stop.index) return null
  return index === stop.index ? stop.offset : 0
}

function behind(chain: readonly LogFile[], index: number, offset: number, stop: Found | null): number {
  return chain.slice(index).reduce((sum, file, further) => {
    const limit = stopAt(stop, index + further) ?? file.sizeBytes
    return sum + Math.max(0, limit - (further === 0 && !file.compressed ? offset : 0))
  }, 0)
}

function placeAt(
  { device, inode, modifiedSec }: LogFile,
  offset: number,
  seen: Uint8Array,
  inLongLine: boolean
): LogPlace {
  const last = seen.subarray(Math.max(0, seen.length - GUARD_BYTES))
  return {
    device,
    inode,
    offset,
    guardBytes: last.length,
    guard: last.length === 0 ? '' : hashOf(last),
    modifiedSec,
    inLongLine
  }
}

const hashOf = (bytes: Uint8Array): string =>
  createHash('sha256').update(bytes).digest('base64url').slice(0, 22)

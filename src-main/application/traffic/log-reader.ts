/** One log on one connection: reads on, counts, and says how it stands. */
import { AppError } from '#contract/errors.ts'
import type { EntityValues } from '#contract/metric-catalogue.ts'
import type { LogChoice, LogSpec, LogStatus } from '#contract/traffic.ts'
import type { CapabilityCause } from '#contract/vocabulary.ts'
import { detectLog, specFor } from '../../domain/traffic/detect-log.ts'
import type { LogLine } from '../../domain/traffic/log-line.ts'
import type { Clock } from '../clock.ts'
import type { Zone } from '../export/csv.ts'
import type { LogBook, LogState } from './log-book.ts'
import type { LogFiles, LogLook } from './log-files.ts'
import { splitLines } from './log-lines.ts'
import { LogWalk, type LogPlace, type Piece, type WalkOptions } from './log-walk.ts'
import { readLines, type ReadLines } from './read-lines.ts'

/** Of one reading; what is more waits for the next one, which comes soon. */
const PIECES_PER_READING = 8
const HEAD_BYTES = 64 * 1024

export interface LogReaderDeps {
  readonly files: LogFiles
  readonly book: LogBook
  readonly clock: Clock
  readonly zone: () => Zone
  readonly onRequests: (path: string, requests: readonly LogLine[]) => void
  readonly onStatus: (path: string, change: Partial<LogStatus>) => void
  readonly walk?: WalkOptions
}

type Total = ReadLines['counts']['total']

export class LogReader {
  readonly walk: LogWalk
  readonly #deps: LogReaderDeps
  readonly #choice: LogChoice
  #spec: LogSpec | null = null
  #wasMissing = false
  /** A place that was found under another name; not worth a commit. */
  #sameAs: { readonly kept: LogPlace; readonly found: LogPlace } | null = null
  /** When the log's end was reached the last time: rates are from there on. */
  #endMs: number | null = null

  constructor(choice: LogChoice, deps: LogReaderDeps) {
    this.#choice = choice
    this.#deps = deps
    this.walk = new LogWalk(deps.files, choice.path, deps.walk)
  }

  get spec(): LogSpec | null {
    return this.#spec
  }

  /** Reads what is new. null: no values this time (the first reading, or one that did not reach the end). */
  async read(signal: AbortSignal): Promise<EntityValues<'web'> | null> {
    const { files, book } = this.#deps
    const { path } = this.#choice
    const look = await files.look(path, signal)
    const state = await book.state()
    this.#tell(state, { cause: look.cause, fix: look.fix })
    if (look.cause === 'notPresent') this.#wasMissing = true
    if (look.cause === 'permissionDenied') return null
    await this.#learnFormat(look, state.spec, signal)
    if (state.place === null) return this.#begin(look, signal)
    if (this.#spec === null) {
      const isEmpty = look.current === null || look.current.sizeBytes === 0
      this.#deps.onStatus(path, {
        state: isEmpty ? 'reading' : 'unknown',
        readAtMs: this.#deps.clock.nowMs()
      })
      return null
    }
    return this.#readOn(look, state.place, this.#spec, signal)
  }

  /** From now on; a log that was not there before counts from its beginning. */
  async #begin(look: LogLook, signal: AbortSignal): Promise<null> {
    const { book, clock } = this.#deps
    const end = this.#wasMissing ? null : await this.walk.end(look, signal)
    const place =
      this.#wasMissing && look.current !== null ? this.walk.start({ ...look, rotated: [] }, 0) : null
    const from = end?.place ?? place
    if (from === null) return null
    const countedFromAtMs = clock.nowMs()
    const state = await book.commit(
      (before) => ({ ...before, place: from, since: from, countedFromAtMs, spec: this.#spec }),
      []
    )
    this.#tell(state, {})
    this.#endMs = clock.monotonicMs()
    // What was there before is shown, although it is not counted.
    if (end !== null && this.#spec !== null) {
      const lines = splitLines(end.tail, { inLongLine: false, whole: false, full: false }).lines.slice(1)
      this.#show(lines, this.#spec)
    }
    return null
  }

  async #readOn(
    look: LogLook,
    from: LogPlace,
    spec: LogSpec,
    signal: AbortSignal
  ): Promise<EntityValues<'web'> | null> {
    const { clock } = this.#deps
    const totals: Total[] = []
    let kept = from
    let place = this.#sameAs?.kept.guard === from.guard ? this.#sameAs.found : from
    let now = look
    let piece: Piece
    let pieces = 0
    do {
      piece = await this.walk.next(now, place, signal)
      place = piece.place
      if (piece.lines.length > 0 || piece.place.offset !== kept.offset) {
        totals.push(await this.#take(piece, kept, spec))
        kept = piece.place
      }
      // Between two pieces others have their turn; and the log may have been rotated.
      if (!piece.atEnd) now = await this.#deps.files.look(this.#choice.path, signal)
    } while (!piece.atEnd && ++pieces < PIECES_PER_READING)
    this.#sameAs = { kept, found: place }
    this.#deps.onStatus(this.#choice.path, {
      state: 'reading',
      behindBytes: piece.behindBytes,
      readAtMs: clock.nowMs()
    })
    return this.#values(totals, piece.atEnd)
  }

  async #take(piece: Piece, kept: LogPlace, spec: LogSpec): Promise<Total> {
    const { book, clock, zone } = this.#deps
    const { path, format } = this.#choice
    const read = readLines(piece.lines, {
      spec: this.#spec ?? spec,
      mayChange: format === 'auto',
      zone: zone(),
      nowMs: clock.nowMs()
    })
    this.#spec = read.spec
    const state = await book.commit((before) => {
      // Another reading (of a connection that has just ended) was first.
      if (before.place?.guard !== kept.guard || before.place.offset !== kept.offset)
        throw new AppError('conflict', { params: { what: 'log' }, retryable: true })
      return {
        ...before,
        place: piece.place,
        spec: read.spec,
        newestAtMs: latest(before.newestAtMs, read.newestAtMs),
        unreadableLines: before.unreadableLines + read.unreadable,
        lostParts: before.lostParts + (piece.lost ? 1 : 0)
      }
    }, read.counts.counts())
    this.#deps.onRequests(path, read.requests)
    this.#tell(state, { behindBytes: piece.behindBytes, detected: read.spec })
    return read.counts.total
  }

  #show(lines: readonly (string | null)[], spec: LogSpec): void {
    const { clock, zone, onRequests } = this.#deps
    const { requests } = readLines(lines, { spec, mayChange: false, zone: zone(), nowMs: clock.nowMs() })
    onRequests(this.#choice.path, requests)
    this.#deps.onStatus(this.#choice.path, {})
  }

  #tell(state: LogState, change: Partial<LogStatus>): void {
    const { newestAtMs, countedFromAtMs, past, unreadableLines, lostParts } = state
    const now = { readAtMs: this.#deps.clock.nowMs(), state: 'reading' as const, detected: this.#spec }
    const known = { newestAtMs, countedFromAtMs, past, unreadableLines, lostParts }
    this.#deps.onStatus(this.#choice.path, { ...now, ...known, ...change })
  }

  /** By its first lines, once; of a log that was rotated just now by those of the file before. */
  async #learnFormat(
    { current, rotated }: LogLook,
    known: LogSpec | null,
    signal: AbortSignal
  ): Promise<void> {
    if (this.#spec !== null) return
    const { format } = this.#choice
    if (known !== null && (format === 'auto' || format === known.format)) this.#spec = known
    if (this.#spec !== null) return
    const candidates = [current, rotated.findLast(({ sizeBytes }) => sizeBytes > 0) ?? null]
    for (const file of candidates) {
      if (file === null || file.sizeBytes === 0) continue
      const { bytes } = await this.#deps.files.read(file, 0, HEAD_BYTES, signal)
      const split = splitLines(bytes, { inLongLine: false, whole: bytes.length < HEAD_BYTES, full: false })
      const lines = split.lines.filter((line) => line !== null)
      this.#spec = format === 'auto' ? detectLog(lines) : specFor(format, lines)
      if (this.#spec !== null) break
    }
    if (this.#spec !== null) this.#deps.onStatus(this.#choice.path, { detected: this.#spec })
  }

  #values(totals: readonly Total[], atEnd: boolean): EntityValues<'web'> | null {
    const sinceMs = this.#endMs
    const nowMs = this.#deps.clock.monotonicMs()
    // What was caught up with came over a time that is not known.
    this.#endMs = atEnd ? nowMs : null
    if (sinceMs === null || !atEnd || nowMs <= sinceMs) return null
    const seconds = (nowMs - sinceMs) / 1_000
    const sum = (field: keyof Total): number => totals.reduce((all, total) => all + total[field], 0)
    const visits = sum('visits')
    return {
      kind: 'web',
      key: this.#choice.path,
      values: {
        requestsPerSec: visits / seconds,
        bytesPerSec: sum('bytes') / seconds,
        ...(sum('judged') > 0 && { hitRatio: sum('hits') / sum('judged') }),
        ...(sum('timed') > 0 && { responseMs: sum('responseMs') / sum('timed') }),
        ...(visits > 0 && {
          clientErrorRatio: sum('status4xx') / visits,
          serverErrorRatio: sum('status5xx') / visits
        })
      }
    }
  }
}

const latest = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.max(one, other)

/** What the panel says of a reading that failed. null: of the moment only, not of the log. */
export function causeOf(error: AppError): CapabilityCause | null {
  if (error.code === 'deadlineExceeded') return 'stalled'
  if (error.code === 'outputTooLarge' || error.code === 'protocolViolation') return 'unreadable'
  return null
}

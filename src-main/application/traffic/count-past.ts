/** Counts what a log holds from before counting began: its rotated files, oldest first, up to where counting began. */
import { AppError } from '#contract/errors.ts'
import type { LogSpec, PastProgress } from '#contract/traffic.ts'
import { specFor } from '../../domain/traffic/detect-log.ts'
import { sleepUnlessAborted, type Clock } from '../clock.ts'
import { isoTime, type Zone } from '../export/csv.ts'
import type { LogBook, LogState } from './log-book.ts'
import type { LogFiles } from './log-files.ts'
import { LogWalk, type LogPlace, type Piece, type WalkOptions } from './log-walk.ts'
import { readLines, type ReadLines } from './read-lines.ts'

const DAY_MS = 86_400_000
/** Until a file that was rotated away just now is looked at again. */
const WAIT_MS = 2_000

export interface CountPastDeps {
  readonly files: LogFiles
  readonly book: LogBook
  readonly path: string
  /** As the log's newest lines are. */
  readonly spec: LogSpec | null
  readonly days: number
  readonly clock: Clock
  readonly zone: Zone
  readonly signal: AbortSignal
  readonly progress: (progress: PastProgress) => void
  readonly walk?: WalkOptions
}

/**
 * Requests of whole days only, so that no day is half there because of where it begins. Throws notFound when the log is not
 * counted yet; conflict when its past was counted already.
 */
export async function countPast(deps: CountPastDeps): Promise<{ lines: number; skipped: number }> {
  const { files, book, path, signal } = deps
  const state = await book.state()
  if (state.since === null) throw new AppError('notFound', { params: { what: 'log', path } })
  if (state.past === 'counted') throw new AppError('conflict', { params: { what: 'logPast', path } })
  const fromAtMs = dayBefore(deps)
  const walk = new LogWalk(files, path, deps.walk)
  let look = await files.look(path, signal)
  let place = state.pastPlace ?? walk.start(look, Math.floor(fromAtMs / 1_000))
  const done = { lines: 0, skipped: 0 }
  let [totalBytes, spec] = [0, deps.spec]
  for (;;) {
    if (signal.aborted) throw new AppError('cancelled', { cause: signal.reason })
    const piece: Piece | null = place === null ? null : await walk.next(look, place, signal, state.since)
    // In files of their own time the format may have been another.
    spec ??= specFor('combined', [])
    const read = readLines(piece?.lines ?? [], {
      spec,
      mayChange: true,
      zone: deps.zone,
      nowMs: deps.clock.nowMs(),
      fromAtMs
    })
    spec = read.spec
    await keep(book, place, piece, read)
    done.lines += read.requests.length
    done.skipped += read.skipped
    if (piece === null || isLast(piece)) return done
    totalBytes = Math.max(totalBytes, piece.behindBytes + sizeOf(piece))
    const doneRatio = totalBytes === 0 ? 0 : 1 - piece.behindBytes / totalBytes
    deps.progress({ doneRatio, lines: done.lines, atMs: read.newestAtMs })
    place = piece.place
    if (piece.isWaiting) await sleepUnlessAborted(deps.clock, WAIT_MS, signal)
    look = await files.look(path, signal)
  }
}

async function keep(
  book: LogBook,
  from: LogPlace | null,
  piece: Piece | null,
  read: ReadLines
): Promise<void> {
  const isDone = piece === null || isLast(piece)
  if (!isDone && piece.lines.length === 0) return
  await book.commit((before): LogState => {
    const isOwn = before.pastPlace === null || before.pastPlace.guard === from?.guard
    // Two runs at once: the other one has counted this piece.
    if (before.past === 'counted' || !isOwn) throw new AppError('conflict', { params: { what: 'logPast' } })
    const known = before.countedFromAtMs
    return {
      ...before,
      past: isDone ? 'counted' : 'partly',
      pastPlace: isDone ? null : piece.place,
      countedFromAtMs: read.oldestAtMs === null ? known : Math.min(known ?? Infinity, read.oldestAtMs),
      unreadableLines: before.unreadableLines + read.unreadable,
      lostParts: before.lostParts + (piece?.lost === true ? 1 : 0)
    }
  }, read.counts.counts())
}

const isLast = ({ atEnd, isWaiting }: Piece): boolean => atEnd && !isWaiting
const sizeOf = ({ lines }: Piece): number => lines.reduce((sum, line) => sum + (line?.length ?? 0) + 1, 0)

/** Midnight before, in the operator's zone. */
function dayBefore({ days, clock, zone }: CountPastDeps): number {
  const atMs = Math.max(0, clock.nowMs() - days * DAY_MS)
  const text = isoTime(atMs, zone)
  return Math.max(0, Date.parse(`${text.slice(0, 10)}T00:00:00.000${text.slice(23)}`))
}

/** Lines of a log into counts, and the newest of them to be shown. */
import type { LogSpec } from '#contract/traffic.ts'
import { detectLog } from '../../domain/traffic/detect-log.ts'
import { lineParser, type LogLine } from '../../domain/traffic/log-line.ts'
import { TrafficCounts } from '../../domain/traffic/traffic-counts.ts'
import { isoTime, type Zone } from '../export/csv.ts'

const DAY_MS = 86_400_000
/** Requests from beyond have a wrong time. */
const OLDEST_MS = 10 * 366 * DAY_MS
const NEWEST_MS = 2 * DAY_MS
const QUARTER_MS = 900_000

export interface ReadOptions {
  readonly spec: LogSpec
  /** The format was not chosen by the operator: lines that do not fit are looked at for another one. */
  readonly mayChange: boolean
  readonly zone: Zone
  readonly nowMs: number
  /** Older requests are left out. */
  readonly fromAtMs?: number
}

export interface ReadLines {
  readonly counts: TrafficCounts
  readonly spec: LogSpec
  readonly requests: readonly LogLine[]
  readonly unreadable: number
  /** Older than asked for. */
  readonly skipped: number
  readonly oldestAtMs: number | null
  readonly newestAtMs: number | null
}

/** Empty lines are none. */
export function readLines(lines: readonly (string | null)[], options: ReadOptions): ReadLines {
  const first = read(lines, options.spec, options)
  if (!options.mayChange || first.unreadable * 2 <= lines.length) return first
  // A log whose program was told to write another format.
  const spec = detectLog(lines.filter((line) => line !== null))
  if (spec === null) return first
  const second = read(lines, spec, options)
  return second.unreadable < first.unreadable ? second : first
}

function read(lines: readonly (string | null)[], spec: LogSpec, options: ReadOptions): ReadLines {
  const { nowMs, zone, fromAtMs = 0 } = options
  const parse = lineParser(spec)
  const dateOf = dates(zone)
  const counts = new TrafficCounts()
  const requests: LogLine[] = []
  let [unreadable, skipped] = [0, 0]
  for (const text of lines) {
    if (text === '') continue
    const line = text === null ? null : parse(text)
    if (line === null || line.atMs < nowMs - OLDEST_MS || line.atMs > nowMs + NEWEST_MS) unreadable++
    else if (line.atMs < fromAtMs) skipped++
    else {
      counts.add(line, line.local ?? dateOf(line.atMs))
      requests.push(line)
    }
  }
  let [oldest, newest] = [Infinity, -Infinity]
  for (const { atMs } of requests) {
    oldest = Math.min(oldest, atMs)
    newest = Math.max(newest, atMs)
  }
  const isNone = requests.length === 0
  return {
    counts,
    spec,
    requests,
    unreadable,
    skipped,
    oldestAtMs: isNone ? null : oldest,
    newestAtMs: isNone ? null : newest
  }
}

/** The operator's date and hour. Zones change their clocks on quarters of an hour alone. */
function dates(zone: Zone): (atMs: number) => { day: string; hour: number } {
  let quarter = NaN
  let date = { day: '', hour: 0 }
  return (atMs) => {
    const at = Math.floor(atMs / QUARTER_MS)
    if (at !== quarter) {
      const text = isoTime(at * QUARTER_MS, zone)
      date = { day: text.slice(0, 10), hour: Number(text.slice(11, 13)) }
      quarter = at
    }
    return date
  }
}

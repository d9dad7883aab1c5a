/** Which kind of log it is, by its lines. */
import type { LogFormat, LogSpec } from '#contract/vocabulary.ts'
import { parseAccessLine, parseSquidLine, timingOf } from './log-line.ts'

/** More than so many say nothing new. */
const ENOUGH_LINES = 200

/** The kind that most lines are of; null when it is less than half of them. */
export function detectLog(lines: readonly string[]): LogSpec | null {
  const looked = lines.filter((line) => line !== '').slice(0, ENOUGH_LINES)
  const votes = new Map<string, { spec: LogSpec; count: number }>()
  for (const line of looked) {
    const spec = specOf(line)
    if (spec === null) continue
    const name = `${spec.format} ${spec.timing}`
    votes.set(name, { spec, count: (votes.get(name)?.count ?? 0) + 1 })
  }
  const understood = [...votes.values()].reduce((sum, { count }) => sum + count, 0)
  const [most] = [...votes.values()].sort((one, other) => other.count - one.count)
  return most === undefined || understood * 2 < looked.length ? null : most.spec
}

/** The operator's format, with the timing that the lines show. */
export function specFor(format: LogFormat, lines: readonly string[]): LogSpec {
  const detected = detectLog(lines)
  return { format, timing: format === 'squid' || detected === null ? 'none' : detected.timing }
}

function specOf(line: string): LogSpec | null {
  if (parseSquidLine(line) !== null) return { format: 'squid', timing: 'none' }
  const hasHost = hasHostInFront(line)
  const hasAgent = /" (?:\d{3}|-) (?:\d+|-) "(?:[^"\\]|\\.)*" "/.test(line)
  const spec: LogSpec = {
    format: hasHost ? (hasAgent ? 'vhostCombined' : 'vhostCommon') : hasAgent ? 'combined' : 'common',
    timing: timingOf(line)
  }
  return parseAccessLine(line, spec) === null ? null : spec
}

/** Four words before the time instead of three, of which the third is the identity, that nobody sends. */
function hasHostInFront(line: string): boolean {
  const words = line.slice(0, Math.max(0, line.indexOf(' ['))).split(' ')
  return words.length >= 4 && words[2] === '-'
}

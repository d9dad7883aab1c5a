/** /proc/loadavg, /proc/uptime and /proc/pressure. */
import { parseCounter, parseDecimal, words } from './numbers.ts'

export interface ProcLoad {
  readonly load1: number
  readonly load5: number
  readonly load15: number
  /** Tasks (processes and their threads) that run or wait for a CPU, and all of them. */
  readonly running: number | null
  readonly total: number | null
}

/** Parses /proc/loadavg. null when one of the three averages is missing. */
export function parseProcLoad(text: string): ProcLoad | null {
  const [first, second, third, tasks] = words(text.split('\n', 1)[0] ?? '')
  const load1 = parseDecimal(first)
  const load5 = parseDecimal(second)
  const load15 = parseDecimal(third)
  if (load1 === null || load5 === null || load15 === null) return null
  const [running, total] = (tasks ?? '').split('/')
  return { load1, load5, load15, running: parseCounter(running), total: parseCounter(total) }
}

/** Seconds since boot: the first field of /proc/uptime. */
export function parseProcUptime(text: string): number | null {
  return parseDecimal(words(text.split('\n', 1)[0] ?? '')[0])
}

/** Microseconds since boot in which some, or all, tasks waited for the resource. */
export interface ProcPressure {
  readonly someMicros: number | null
  /** null for the CPU before Linux 5.13. */
  readonly fullMicros: number | null
}

/** Parses one file of /proc/pressure. */
export function parseProcPressure(text: string): ProcPressure {
  const totals = { some: null as number | null, full: null as number | null }
  for (const line of text.split('\n', 4)) {
    const fields = words(line)
    const total = parseCounter(fields.find((field) => field.startsWith('total='))?.slice(6))
    if (fields[0] === 'some') totals.some = total
    else if (fields[0] === 'full') totals.full = total
  }
  return { someMicros: totals.some, fullMicros: totals.full }
}

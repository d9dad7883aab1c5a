/** /proc/stat: CPU times of all and of each thread, boot time, blocked processes. The intr line (kilobytes on big hosts) is never looked into. */
import { parseCounter, words } from './numbers.ts'

/** Ticks since boot. `user` already holds guest time, `nice` holds guest_nice. */
export interface CpuTicks {
  readonly user: number
  readonly nice: number
  readonly system: number
  readonly idle: number
  readonly iowait: number
  readonly irq: number
  readonly softirq: number
  readonly steal: number
}

export interface ProcStat {
  /** All CPUs together; null when the line is missing or damaged. */
  readonly cpu: CpuTicks | null
  /** Number of cpuN lines: the CPUs that are online. */
  readonly cpuCount: number
  /** By number of the thread. Those that are offline have no line. */
  readonly cores: ReadonlyMap<string, CpuTicks>
  readonly bootTimeSec: number | null
  /** Processes that wait for I/O right now. */
  readonly blocked: number | null
}

/** More than the largest machines have; a server that prints more is not believed. */
const MAX_CORES = 4096

const CORE = /^cpu(\d{1,5}) /

/** Parses /proc/stat. Kernels before 2.6.11 print fewer columns: those count as 0, as they do not exist there. */
export function parseProcStat(text: string): ProcStat {
  let cpu: CpuTicks | null = null
  let cpuCount = 0
  let bootTimeSec: number | null = null
  let blocked: number | null = null
  const cores = new Map<string, CpuTicks>()
  for (const line of linesOf(text)) {
    if (line.startsWith('cpu ')) cpu = parseCpuLine(line)
    else if (line.startsWith('cpu')) {
      const [, number] = CORE.exec(line) ?? []
      if (number === undefined) continue
      cpuCount++
      const ticks = cores.size < MAX_CORES ? parseCpuLine(line) : null
      if (ticks !== null) cores.set(number, ticks)
    } else if (line.startsWith('btime ')) bootTimeSec = parseCounter(words(line)[1])
    else if (line.startsWith('procs_blocked ')) blocked = parseCounter(words(line)[1])
  }
  return { cpu, cpuCount, cores, bootTimeSec, blocked }
}

/** Lines without the long `intr` one. */
function* linesOf(text: string): Generator<string> {
  let from = 0
  while (from < text.length) {
    let to = text.indexOf('\n', from)
    if (to === -1) to = text.length
    if (!text.startsWith('intr', from) && !text.startsWith('softirq', from)) yield text.slice(from, to)
    from = to + 1
  }
}

function parseCpuLine(line: string): CpuTicks | null {
  const fields = words(line).slice(1, 9).map(parseCounter)
  if (fields.length < 4 || fields.includes(null)) return null
  const at = (index: number): number => fields[index] ?? 0
  return {
    user: at(0),
    nice: at(1),
    system: at(2),
    idle: at(3),
    iowait: at(4),
    irq: at(5),
    softirq: at(6),
    steal: at(7)
  }
}

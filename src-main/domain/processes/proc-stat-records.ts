/** Records of /proc/PID/stat, as the sampler's shell hands them on: one after the other, with hostile names in them. */
import { parseCounter } from '../metrics/numbers.ts'

/** One process as the kernel counts it. Ticks and pages are turned into time and bytes where they are derived. */
export interface ProcessStat {
  readonly pid: number
  /** The kernel's name of it: at most 15 bytes of its own choice, line feeds and brackets among them. */
  readonly name: string
  /** R, S, D, Z, T, t, I, …, as the kernel letters it. */
  readonly state: string
  readonly parentPid: number
  readonly isKernelThread: boolean
  readonly userTicks: number
  readonly systemTicks: number
  readonly nice: number
  readonly threads: number
  /** Ticks after boot. With the pid it names one process and no other. */
  readonly startTicks: number
  readonly virtualBytes: number
  readonly residentPages: number
}

/** More than Linux gives out by default; more of one answer are left out. */
export const MAX_PROCESSES = 32_768
/** A name with line feeds spreads a record over as many lines at most (names of kernel workers are longer). */
const MAX_RECORD_LINES = 64
const MAX_NAME = 64
/** PF_KTHREAD of the kernel's task flags. */
const KERNEL_THREAD_FLAG = 0x0020_0000

/** The fields after the name. A name is too short to look like them. */
const TAIL = /\) ([A-Za-z]) ((?:-?\d{1,20} ){25,}-?\d{1,20}) ?\r?$/

export interface StatRecords {
  readonly stats: ReadonlyMap<number, ProcessStat>
  /** Pids that were there before and are no more: lines `-PID` between records. */
  readonly gone: readonly number[]
}

/** Never throws; what is no record is skipped. */
export function parseStatRecords(text: string): StatRecords {
  const stats = new Map<number, ProcessStat>()
  const gone: number[] = []
  let open: string | null = null
  let lines = 0
  for (const line of text.split('\n')) {
    if (open === null) {
      const pid = goneOf(line)
      if (pid !== null) gone.push(pid)
      else if (/^\d{1,10} \(/.test(line)) {
        open = line
        lines = 1
      } else continue
    } else {
      open += `\n${line}`
      lines++
    }
    const stat: ProcessStat | null = open === null ? null : parseStat(open)
    if (stat !== null && stats.size < MAX_PROCESSES) stats.set(stat.pid, stat)
    if (stat !== null || lines >= MAX_RECORD_LINES) open = null
  }
  return { stats, gone }
}

/** One whole record, from the pid to the last field; null when it is none (yet). */
export function parseStat(record: string): ProcessStat | null {
  const tail = TAIL.exec(record)
  const [, pidText] = /^(\d{1,10}) \(/.exec(record) ?? []
  const pid = parseCounter(pidText)
  if (tail === null || pidText === undefined || pid === null) return null
  const [whole, state = '', rest = ''] = tail
  const fields = rest.split(' ')
  // Field 4 of proc(5) is the first here.
  const at = (field: number): number => Number(fields[field - 4])
  return {
    pid,
    name: record.slice(pidText.length + 2, record.length - whole.length).slice(0, MAX_NAME),
    state,
    parentPid: at(4),
    isKernelThread: (at(9) & KERNEL_THREAD_FLAG) !== 0,
    userTicks: at(14),
    systemTicks: at(15),
    nice: at(19),
    threads: at(20),
    startTicks: at(22),
    virtualBytes: at(23),
    residentPages: Math.max(0, at(24))
  }
}

function goneOf(line: string): number | null {
  return line.startsWith('-') ? parseCounter(line.slice(1).trimEnd()) : null
}

/** What /proc/PID/status adds. */
export interface ProcessStatus {
  /** The effective user. */
  readonly uid: number | null
  /** null: the kernel does not say (a kernel thread, a kernel without swap). */
  readonly swapBytes: number | null
}

/** Lines `Pid:`, `Uid:` and `VmSwap:` of any number of status files, in their order. Names in them are escaped by the kernel. */
export function parseStatusRecords(text: string): ReadonlyMap<number, ProcessStatus> {
  const statuses = new Map<number, ProcessStatus>()
  let pid: number | null = null
  let uid: number | null = null
  for (const line of text.split('\n')) {
    const [, name, value = ''] = /^(Pid|Uid|VmSwap):\s*(\d{1,20}(?:\s+\d{1,20})*)/.exec(line) ?? []
    const [first, second] = value.split(/\s+/)
    // The user's ids stand behind the pid in every kernel.
    if (name === 'Pid') {
      pid = parseCounter(first)
      uid = null
    } else if (pid === null || statuses.size >= MAX_PROCESSES) continue
    else if (name === 'Uid') {
      uid = parseCounter(second)
      statuses.set(pid, { uid, swapBytes: null })
    } else if (name === 'VmSwap') {
      const kib = parseCounter(first)
      statuses.set(pid, { uid, swapBytes: kib === null ? null : kib * 1024 })
    }
  }
  return statuses
}

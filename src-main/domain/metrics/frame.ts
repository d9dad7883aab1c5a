/** One frame of the fast lane: the text of several files of /proc, read within a millisecond. */
import { type ArcStats, parseArcStats, parseProcMemory, type ProcMemory } from './proc-memory.ts'
import { type DiskCounters, parseProcDiskstats } from './proc-diskstats.ts'
import {
  parseProcLoad,
  parseProcPressure,
  parseProcUptime,
  type ProcLoad,
  type ProcPressure
} from './proc-load.ts'
import { type InterfaceCounters, parseProcNetDev } from './proc-net-dev.ts'
import { parseProcStat, type ProcStat } from './proc-stat.ts'

/** The files a frame may hold, in the order in which they are read. The first five are everywhere. */
export const FRAME_FILES = [
  '/proc/uptime',
  '/proc/stat',
  '/proc/meminfo',
  '/proc/loadavg',
  '/proc/net/dev',
  '/proc/diskstats',
  '/proc/pressure/cpu',
  '/proc/pressure/memory',
  '/proc/pressure/io',
  '/proc/spl/kstat/zfs/arcstats'
] as const
export type FrameFile = (typeof FRAME_FILES)[number]

/** A file of one constant line that every Linux has; read between two others it parts them. */
export const SEPARATOR_FILE = '/proc/sys/kernel/ostype'
const SEPARATOR_LINE = 'Linux'

export interface HostFrame {
  readonly uptimeSec: number
  readonly stat: ProcStat | null
  readonly memory: ProcMemory | null
  readonly arc: ArcStats | null
  readonly load: ProcLoad | null
  readonly interfaces: ReadonlyMap<string, InterfaceCounters>
  readonly disks: ReadonlyMap<string, DiskCounters>
  readonly pressure: {
    readonly cpu: ProcPressure | null
    readonly memory: ProcPressure | null
    readonly io: ProcPressure | null
  }
}

/**
 * Parts the body of a frame into its files. `files` is the list of the inventory. An unreadable file is empty text.
 * null when the number of parts is wrong: the text is not what was asked for.
 */
export function splitFrame(body: string, files: readonly string[]): Map<string, string> | null {
  const sections = new Map<string, string>()
  let index = 0
  let text: string[] = []
  for (const line of body.split('\n')) {
    if (line !== SEPARATOR_LINE) {
      text.push(line)
      continue
    }
    const file = files[index++]
    if (file === undefined) return null
    sections.set(file, text.join('\n'))
    text = []
  }
  const last = files[index]
  if (last === undefined || index !== files.length - 1) return null
  sections.set(last, text.join('\n'))
  return sections
}

/** Parses the files of a frame. null without an uptime: no rate could be told. */
export function parseHostFrame(sections: ReadonlyMap<string, string>): HostFrame | null {
  const parse = <T>(file: FrameFile, parser: (text: string) => T): T | null => {
    const text = sections.get(file)
    return text === undefined || text === '' ? null : parser(text)
  }
  const uptimeSec = parse('/proc/uptime', parseProcUptime)
  if (uptimeSec === null) return null
  return {
    uptimeSec,
    stat: parse('/proc/stat', parseProcStat),
    memory: parse('/proc/meminfo', parseProcMemory),
    arc: parse('/proc/spl/kstat/zfs/arcstats', parseArcStats),
    load: parse('/proc/loadavg', parseProcLoad),
    interfaces: parse('/proc/net/dev', parseProcNetDev) ?? new Map(),
    disks: parse('/proc/diskstats', parseProcDiskstats) ?? new Map(),
    pressure: {
      cpu: parse('/proc/pressure/cpu', parseProcPressure),
      memory: parse('/proc/pressure/memory', parseProcPressure),
      io: parse('/proc/pressure/io', parseProcPressure)
    }
  }
}

/** What the scripts of the process lane print: command lines, bytes of storage, users, units. */
import { parseCounter } from '../metrics/numbers.ts'
import type { ProcessIo, ProcessUnits } from './derive-processes.ts'

/** Characters of a command line that are kept. */
export const MAX_COMMAND_LINE = 1_000
const MAX_USERS = 50_000
/** Between two arguments, as the script hands them on. */
const ARGUMENT_END = '\u001f'

/**
 * Lines `PID/cmdline:ARGUMENTS`, arguments parted by U+001F; a line feed within them begins another line of the same pid. Every
 * line carries the name of the file it is from, so that no process can speak for another.
 */
export function parseCommandLines(text: string): Map<number, string> {
  const found = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [whole = '', pidText] = /^(\d{1,10})\/cmdline:/.exec(line) ?? []
    const pid = parseCounter(pidText)
    if (pid === null) continue
    const before = found.get(pid)
    const more = line.slice(whole.length)
    found.set(pid, (before === undefined ? more : `${before}\n${more}`).slice(0, MAX_COMMAND_LINE + 1))
  }
  for (const [pid, text_] of found) {
    const text = text_.endsWith(ARGUMENT_END) ? text_.slice(0, -1) : text_
    found.set(pid, text.replaceAll(ARGUMENT_END, ' ').slice(0, MAX_COMMAND_LINE))
  }
  return found
}

/** Lines `PID/io:read_bytes: N` and `PID/io:write_bytes: N`, by their whole path with sudo. Only pids with both. */
export function parseIo(text: string): Map<number, ProcessIo> {
  const reads = new Map<number, number>()
  const found = new Map<number, ProcessIo>()
  for (const [, pidText, what, valueText] of text.matchAll(
    /^(?:\/proc\/)?(\d{1,10})\/io:(read|write)_bytes: (\d{1,20})$/gm
  )) {
    const pid = Number(pidText)
    const value = Number(valueText)
    const readBytes = reads.get(pid)
    if (what === 'read') reads.set(pid, value)
    else if (readBytes !== undefined) found.set(pid, { readBytes, writeBytes: value })
  }
  return found
}

/** Lines of passwd(5). The first name of a uid counts, as it does for ls and ps. */
export function parseUsers(text: string): Map<number, string> {
  const users = new Map<number, string>()
  for (const line of text.split('\n')) {
    const [name = '', , uidText] = line.split(':', 4)
    const uid = parseCounter(uidText)
    if (uid === null || name === '' || users.has(uid) || users.size >= MAX_USERS) continue
    users.set(uid, name.slice(0, 256))
  }
  return users
}

/** `MemTotal: 16384 kB`. null = not said. */
export function parseMemoryTotal(text: string): number | null {
  const kib = parseCounter(/^MemTotal:\s*(\d{1,15}) kB$/m.exec(text)?.[1])
  return kib === null || kib === 0 ? null : kib * 1024
}

/** `page BYTES`, `tick PER-SECOND`, else `KernelPageSize: 4 kB`. What is not said is what nearly every Linux has. */
export function parseUnits(text: string): ProcessUnits {
  const number = (pattern: RegExp): number | null => parseCounter(pattern.exec(text)?.[1])
  const kib = number(/^KernelPageSize:\s*(\d{1,7}) kB$/m)
  const page = number(/^page (\d{1,9})$/m) ?? (kib === null ? null : kib * 1024)
  const ticks = number(/^tick (\d{1,6})$/m)
  return {
    pageBytes: page === null || page < 1024 ? 4096 : page,
    ticksPerSec: ticks === null || ticks === 0 ? 100 : ticks
  }
}

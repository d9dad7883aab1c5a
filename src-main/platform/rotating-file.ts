/** A log file that never grows beyond its size: `x.log`, then `x.1.log` (newest) to `x.N.log`. */
import { closeSync, openSync, renameSync, statSync, writeSync } from 'node:fs'

export interface RotatingFile {
  write(line: string): void
  close(): Promise<void>
}

/**
 * Lines are gathered for a moment and written together. A disk that is full (or gone) loses log lines, never the
 * console: how many were lost is written once there is room again.
 */
export function openRotatingFile(path: string, maxBytes: number, files: number): RotatingFile {
  let descriptor = openSync(path, 'a', 0o600)
  let bytes = statSync(path).size
  let waiting: string[] = []
  let lost = 0
  let timer: NodeJS.Timeout | null = null

  const rotate = (): void => {
    closeSync(descriptor)
    for (let number = files - 1; number >= 1; number--) {
      const older = number === 1 ? path : numbered(path, number - 1)
      if (exists(older)) renameSync(older, numbered(path, number))
    }
    descriptor = openSync(path, 'a', 0o600)
    bytes = 0
  }
  const flush = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (waiting.length === 0) return
    const lines = waiting
    waiting = []
    const note =
      lost === 0 ? '' : `${JSON.stringify({ level: 'warn', event: 'log.linesLost', lines: lost })}\n`
    const chunk = Buffer.from(note + lines.join(''))
    try {
      if (bytes > 0 && bytes + chunk.byteLength > maxBytes) rotate()
      writeSync(descriptor, chunk)
      bytes += chunk.byteLength
      lost = 0
    } catch {
      // The log cannot log its own failure; how many lines were lost is told in the next that can be written.
      lost += lines.length
    }
  }
  return {
    write(line) {
      waiting.push(line)
      // A burst is cut here; otherwise one write per quarter of a second at most.
      if (waiting.length >= MAX_WAITING) flush()
      else timer ??= setTimeout(flush, FLUSH_AFTER_MS).unref()
    },
    async close() {
      flush()
      closeSync(descriptor)
    }
  }
}

const FLUSH_AFTER_MS = 250
const MAX_WAITING = 200

const numbered = (path: string, number: number): string => path.replace(/(\.\w+)?$/, `.${number}$1`)
const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined

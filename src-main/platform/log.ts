/** The log: JSON lines in the data folder, rotated by size. Fields, not sentences; never a secret. */
import { randomInt } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import type { Log } from '../application/platform/platform.ts'
import { openRotatingFile } from './rotating-file.ts'
import { safeFields } from './safe-fields.ts'

export interface FileLogOptions {
  /** Made when absent, for this user only. */
  readonly folder: string
  readonly level?: 'debug' | 'info' | 'warn'
  /** Size of one file; `files` of them are kept. */
  readonly maxBytes?: number
  readonly files?: number
}

export interface FileLog extends Log {
  readonly path: string
  /** Writes what is queued. Nothing may be logged afterwards. */
  close(): Promise<void>
}

const DEFAULT_MAX_BYTES = 5 * 1024 * 1024
const DEFAULT_FILES = 4

export function openFileLog(options: FileLogOptions): FileLog {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const path = join(options.folder, 'virthelm.log')
  const file = openRotatingFile(path, options.maxBytes ?? DEFAULT_MAX_BYTES, options.files ?? DEFAULT_FILES)
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'event'
    },
    file
  )
  const write =
    (level: 'debug' | 'info' | 'warn') =>
    (event: string, fields: Record<string, unknown> = {}): void => {
      if (logger.isLevelEnabled(level)) logger[level](safeFields(fields), event)
    }
  return {
    path,
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error(event, cause, fields = {}) {
      const incidentId = newIncidentId()
      logger.error(safeFields({ ...fields, incidentId, cause }), event)
      return incidentId
    },
    close: () => file.close()
  }
}

/** Short enough to read out on the telephone; no letters that look like digits. */
function newIncidentId(): string {
  const letters = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
  const half = (): string => Array.from({ length: 4 }, () => letters[randomInt(letters.length)]).join('')
  return `${half()}-${half()}`
}

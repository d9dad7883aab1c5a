/** Access logs on a server, as bytes. Implemented by `remote/traffic`. */
import type { CapabilityCause } from '#contract/vocabulary.ts'
import type { LogFile } from '../../domain/traffic/rotated-files.ts'

export interface LogLook {
  /** The server's clock. */
  readonly nowSec: number
  /** null: there is none at its path now, or it cannot be read (then `cause` says so). */
  readonly current: LogFile | null
  /** Oldest first; those that can be read. */
  readonly rotated: readonly LogFile[]
  readonly cause: CapabilityCause | null
  /** One line to copy that gives access. */
  readonly fix: string | null
}

export interface LogBytes {
  readonly bytes: Uint8Array
  /** The file is at its end (as it was then). */
  readonly ended: boolean
  /** What was opened, in case another file has taken the path since it was looked at. */
  readonly device: string
  readonly inode: string
}

/** On one connection. All calls have deadlines of their own and throw AppError. */
export interface LogFiles {
  look(path: string, signal: AbortSignal): Promise<LogLook>
  /** At most `maxBytes` from the uncompressed byte `from` on. Throws notFound when the file cannot be opened. */
  read(file: LogFile, from: number, maxBytes: number, signal: AbortSignal): Promise<LogBytes>
  /** Logs that lie where logs lie. */
  find(signal: AbortSignal): Promise<readonly string[]>
}

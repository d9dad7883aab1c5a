/** Starts a resident shell on a channel of its own (docs/remote-protocol.md). */
import { randomBytes } from 'node:crypto'
import type { AppError } from '#contract/errors.ts'
import type { Connection } from '../../application/servers/connection.ts'
import { MAX_NOISE_BYTES, ResidentShell } from './resident-shell.ts'

export interface ResidentShellOptions {
  readonly lane: string
  /** Constant script; it finds the marker in `$M` and prints `$M ready` at the end of its preparations. */
  readonly script: string
  readonly signal: AbortSignal
  /** For the channel, and again for the shell until it is ready: rc files may be slow. */
  readonly deadlineMs: number
  /** Told each line outside a frame that begins with the marker, without the marker. */
  readonly onNote?: (note: string) => void
  /** Told once, when the shell can no longer be asked. */
  readonly onFailure?: (error: AppError) => void
}

/** Opens a channel, starts the script and waits until it is ready. Throws as `HostSampler.start` says. */
export async function openResidentShell(
  connection: Connection,
  options: ResidentShellOptions
): Promise<ResidentShell> {
  const { lane, script, signal, deadlineMs } = options
  const marker = randomBytes(16).toString('hex')
  const channel = await connection.openShell({ signal, deadlineMs })
  const shell = new ResidentShell(channel, marker, options.onNote ?? (() => undefined), options.onFailure)
  try {
    await shell.begin(`: virthelm ${lane} ${marker}\nM=${marker}\n${script}\n: virthelm end\n`, {
      signal,
      deadlineMs,
      maxBytes: MAX_NOISE_BYTES
    })
  } catch (error) {
    shell.close()
    throw error
  }
  return shell
}

/** What lanes run on a server: short scripts, side by side, over one channel. Implemented by `remote/tools`. */

export interface ToolResult {
  /** The lines of stdout, joined by line feeds. */
  readonly stdout: string
  /** null: the shell could not tell. */
  readonly exitCode: number | null
}

export interface ToolOptions {
  readonly signal: AbortSignal
  /** The script and all that it started is ended on the server then, and given up here in any case. */
  readonly deadlineMs: number
  /** Default 256 KiB. More is outputTooLarge. */
  readonly maxBytes?: number
}

/** One shell per connection. Scripts are constants with parameters quoted by `quote`; POSIX sh, LC_ALL=C, stdin empty, stderr dropped. */
export interface Tools {
  /** Scripts of several callers run at the same time; none waits for another. Throws deadlineExceeded, outputTooLarge, cancelled, disconnected, shellUnavailable, channelRefused. */
  run(script: string, options: ToolOptions): Promise<ToolResult>
  /**
   * Runs a script that goes on by itself (a tool that prints every few seconds), each line as it comes. Resolves with its exit
   * code when it ends, rejects as `run` does; an aborted signal ends it here and on the server.
   */
  follow(script: string, onLine: (line: string) => void, signal: AbortSignal): Promise<number | null>
  close(): void
}

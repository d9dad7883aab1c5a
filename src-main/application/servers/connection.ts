/** What the application needs of a way to reach servers. Implemented by `remote/ssh`; played by fakes in tests. */
import type { AppError } from '#contract/errors.ts'
import type { ServerId } from '#contract/ids.ts'
import type { ConnectionSettings, HostKey, TestStepId } from '#contract/servers.ts'

/** Text that prints as [redacted] wherever it would leak. `reveal()` is called at the last moment only. */
export interface Secret {
  reveal(): string
  toString(): string
  toJSON(): string
}

/** A question that only the operator can answer while a login waits. Resolves null when cancelled. */
export interface LoginPrompt {
  readonly host: string
  readonly title: string
  readonly instructions: string
  readonly questions: readonly { readonly text: string; readonly echo: boolean }[]
}

export interface ConnectRequest {
  /** Absent while a draft is tested. */
  readonly serverId: ServerId | null
  readonly settings: ConnectionSettings
  readonly password: Secret | null
  readonly passphrase: Secret | null
  readonly signal: AbortSignal
  /** Address that worked last time; used when names cannot be resolved. */
  readonly lastGoodAddress?: string
  /** Asked for keyboard-interactive questions that are not the password. */
  prompt(question: LoginPrompt, signal: AbortSignal): Promise<readonly string[] | null>
  /** Told as each stage begins and passes; facts as in TestStep.detail. */
  onStage?(
    step: Extract<TestStepId, 'resolve' | 'connect' | 'hostKey' | 'login'>,
    state: 'running' | 'passed',
    detail: Record<string, string | number>
  ): void
}

/** Host key failures carry what the operator must see. */
export interface HostKeyFailure {
  readonly shown: HostKey
  readonly expected: readonly HostKey[]
}

export interface Connector {
  /**
   * One attempt: resolve, connect, verify the host key, log in. Every stage has its own deadline.
   * Throws AppError; for hostKeyUnknown / hostKeyChanged / hostKeyRevoked `hostKeyFailureOf(error)` has the keys.
   */
  connect(request: ConnectRequest): Promise<Connection>
  hostKeyFailureOf(error: unknown): HostKeyFailure | null
}

export interface ShellOptions {
  readonly signal: AbortSignal
  readonly deadlineMs: number
  /**
   * true: it lasts as long as what it carries, so few at a time. false: it is over in a moment. Absent: of `openShell` it stands
   * as long as the connection, of `run` the deadline tells.
   */
  readonly isJob?: boolean
}

/** One ssh connection to one server: one login, ten session channels (`session-places.ts` says for whom). */
export interface Connection {
  /** The address that answered (for lastGoodAddress). */
  readonly address: string
  /** The server's identification string, e.g. SSH-2.0-OpenSSH_9.2p1; remote text. */
  readonly serverSoftware: string
  /** Resolves once, when the connection is gone for whatever reason. Never rejects. */
  readonly closed: Promise<AppError>
  /**
   * Opens a session channel that runs the constant command `exec /bin/sh -s`. The caller writes the script to it.
   * Throws channelRefused, deadlineExceeded, cancelled or disconnected.
   */
  openShell(options: ShellOptions): Promise<ShellChannel>
  /**
   * Runs one constant script (parameters quoted by `quote`) to its end on a channel of its own. One that may take more than a
   * minute is a job unless `isJob` says otherwise.
   * Output is cut off at `maxBytes` (default 8 MiB) with outputTooLarge.
   */
  run(script: string, options: ShellOptions & { maxBytes?: number }): Promise<ScriptResult>
  /**
   * Opens a byte stream from the server to one of its own ports or sockets. Nothing listens anywhere for it, and it
   * takes no session channel. Throws forwardFailed, deadlineExceeded, cancelled or disconnected.
   */
  openForward(
    target: ForwardTarget,
    options: { signal: AbortSignal; deadlineMs: number }
  ): Promise<ByteStream>
  /**
   * Opens a terminal: the account's login shell, or one constant script. At most `MAX_TERMINALS` at once, fewer
   * beside jobs. Throws tooManyTerminals, channelRefused, deadlineExceeded, cancelled or disconnected.
   */
  openTerminal(
    request: TerminalRequest,
    options: { signal: AbortSignal; deadlineMs: number }
  ): Promise<TerminalStream>
  /** Answers within the deadline, or the link is taken for dead and closed (after suspend, say). */
  probe(deadlineMs: number): Promise<boolean>
  /** Idempotent; never throws. */
  close(): void
}

/** Where a forward leads, seen from the server. */
export type ForwardTarget =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'socket'; readonly path: string }

export interface TerminalSize {
  readonly columns: number
  readonly rows: number
}

export interface TerminalRequest extends TerminalSize {
  /** One line of POSIX sh (parameters quoted by `quote`); null = the login shell. */
  readonly script: string | null
}

/** Bytes both ways. What is not read waits on the server: sshd's window is the only buffer. */
export interface ByteStream {
  /** Read once. Ends when the other end does; leaving the loop closes the stream. */
  readonly incoming: AsyncIterable<Uint8Array>
  /** Resolves when the other end has room for more. Rejects once the stream is closed. */
  write(bytes: Uint8Array): Promise<void>
  /** Resolves when the stream is gone. Never rejects. */
  readonly closed: Promise<void>
  /** Idempotent; never throws. */
  close(): void
}

export interface TerminalStream extends ByteStream {
  resize(size: TerminalSize): void
}

export interface ScriptResult {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface ShellChannel {
  /** Bytes of stdout, as they come. Set once, right after opening. */
  onData(listener: (chunk: Uint8Array) => void): void
  /** Bytes of stderr, as they come. */
  onErrorData(listener: (chunk: Uint8Array) => void): void
  /** Resolves when the channel has taken it (back-pressure). Rejects when it is closed. */
  write(data: string | Uint8Array): Promise<void>
  /** Takes no more stdout until `resume`: the program on the server waits then. Its end is seen only after `resume`. */
  pause(): void
  resume(): void
  /** Ends stdin: the script's read loop ends by itself. */
  end(): void
  /** Resolves when the channel is gone. Never rejects. */
  readonly closed: Promise<{ exitCode: number | null; signal: string | null }>
  /** Idempotent; never throws. */
  close(): void
}

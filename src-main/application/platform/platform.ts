/** What differs between the desktop and the browser mode, behind interfaces. Implemented by `platform/`. */
import type { ConsoleInfo, ConsoleNotification } from '#contract/console.ts'
import type { ReportDesk } from '../reports/report-desk.ts'

/** Ciphers secrets for the next start. Where it cannot (`canKeep` false) secrets live in memory only. */
export interface SecretCipher {
  readonly canKeep: boolean
  /** Stored beside each ciphertext: keychain, gnome_libsecret, key-file, … */
  readonly backend: string
  encrypt(plain: string): Promise<Uint8Array>
  /** null when it cannot be read back (another backend, another user): the operator is asked again. */
  decrypt(cipher: Uint8Array, backend: string): Promise<string | null>
}

/** Native notifications; in browser mode those of the browser, shown by the window. */
export interface Notifier {
  show(notification: { title: string; body: string; urgent: boolean }): void
}

/** Where an export goes. */
export interface ExportTarget {
  /**
   * Desktop: asks where to save (null = the operator cancelled) and writes beside the target, renamed at the end.
   * Browser mode: an address good for one download, streamed with back-pressure; `opened` resolves on the request.
   */
  open(fileName: string, signal: AbortSignal): Promise<ExportSink | null>
}

export interface ExportSink {
  readonly kind: 'file' | 'download'
  /** file: the full path. download: the path on this console. */
  readonly location: string
  /** Resolves when there is room for more. The bytes are the caller's again then: what is kept longer is copied. */
  write(bytes: Uint8Array): Promise<void>
  /** Completes the file (rename) or the download. */
  finish(): Promise<void>
  /** Leaves nothing half-written behind. Idempotent. */
  abort(): Promise<void>
}

/** Logger as the application sees it: fields, not sentences. `error` returns the incident id that the operator sees. */
export interface Log {
  debug(event: string, fields?: Record<string, unknown>): void
  info(event: string, fields?: Record<string, unknown>): void
  warn(event: string, fields?: Record<string, unknown>): void
  error(event: string, cause: unknown, fields?: Record<string, unknown>): string
}

export interface Platform {
  readonly info: ConsoleInfo
  readonly cipher: SecretCipher
  readonly notifier: Notifier
  /** What the windows have to do with notifications; absent = nothing. */
  readonly notifications?: (signal: AbortSignal) => AsyncIterable<ConsoleNotification>
  readonly exportTarget: ExportTarget
  /**
   * The window may have secrets exported under a passphrase of its own. Where the page itself gets the file, one that was taken
   * over would have them: there the operator has to say so at the start.
   */
  readonly exportsSecrets: boolean
  readonly log: Log
  readonly reportDesk: ReportDesk
  /** Opens the demo fleet beside this console; its address in browser mode. */
  openDemo(): Promise<string | null>
}

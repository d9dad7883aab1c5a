/** The whole data folder as one file, and back. Implemented by `storage/archive`, beside the open storage. */
import type { BackupManifest, BackupSummary } from '#contract/backup.ts'

export interface ArchiveCopy {
  readonly manifest: BackupManifest
  /** Of the archive file. */
  readonly archiveBytes: number
  /** The archive. Each piece is good until the next is asked for. */
  pieces(): AsyncIterable<Uint8Array>
  /** Deletes the copy. Idempotent. */
  discard(): Promise<void>
}

export interface CopyOptions {
  readonly signal: AbortSignal
  /** 0 to 1. */
  readonly progress: (doneRatio: number) => void
}

export interface DataArchive {
  /** Bytes that a copy of the present files takes. */
  expectedBytes(): Promise<number>
  /**
   * A consistent copy, made in slices beside running samples and reads. Throws cancelled, diskFull (`neededBytes`,
   * `freeBytes`), databaseDamaged.
   */
  copy(options: CopyOptions): Promise<ArchiveCopy>
  /**
   * Unpacks an archive beside the data, checks it (names, sizes, SHA-256, schema, integrity) and keeps it for `arm`; an
   * earlier one is dropped. Throws cancelled, backupInvalid (`reason`), databaseNewer, diskFull.
   */
  stage(bytes: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<BackupSummary>
  /** The checked backup that is kept, if any. */
  staged(): Promise<{ readonly summary: BackupSummary; readonly isArmed: boolean } | null>
  /** It takes effect at the next start. Throws notFound. */
  arm(): Promise<void>
  disarm(): Promise<void>
  /** Names of the folders where restores have put data aside, newest first. */
  putAside(): Promise<string[]>
}

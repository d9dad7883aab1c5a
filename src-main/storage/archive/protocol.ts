/** What is said between the main thread and an archive worker: one job per worker. */
import type { BackupManifest } from '#contract/backup.ts'
import type { ErrorInfo } from '#contract/errors.ts'

export type ArchiveJob =
  | {
      readonly kind: 'copy'
      readonly dataFolder: string
      /** An empty folder. */
      readonly into: string
      readonly madeAtMs: number
      readonly consoleVersion: string
    }
  | { readonly kind: 'check'; readonly folder: string; readonly manifest: BackupManifest }

export type FromArchiveWorker =
  | { readonly kind: 'progress'; readonly doneRatio: number }
  /** The manifest of what was copied or checked. */
  | { readonly kind: 'done'; readonly manifest: BackupManifest }
  | { readonly kind: 'fail'; readonly error: ErrorInfo; readonly cause: string }

export type ToArchiveWorker = 'cancel'

/**
 * Backup of the whole data folder into one file (a tar archive), and restoring it. A restore is checked first, and takes
 * effect at the next start; what is there now is put aside, never deleted.
 */
import { z } from 'zod'
import { call, channel, stream, task } from './define.ts'
import { AtMs } from './units.ts'

/** The files of an archive besides its manifest, in the order in which they stand in it. */
export const BACKUP_FILES = ['console.sqlite', 'history.sqlite', 'servers.json'] as const

/** `manifest.json` of an archive. `formatVersion` 1 is all there is; a higher one is of a newer console. */
export const BackupManifest = z.object({
  format: z.literal('virthelm-backup'),
  formatVersion: z.int().positive(),
  madeAtMs: AtMs,
  /** Version of the console that made it. */
  consoleVersion: z.string().max(40),
  serverCount: z.int().nonnegative(),
  files: z
    .array(
      z.object({
        name: z.enum(BACKUP_FILES),
        sizeBytes: z.int().nonnegative(),
        sha256: z.string().regex(/^[0-9a-f]{64}$/)
      })
    )
    .max(BACKUP_FILES.length)
})
export type BackupManifest = z.infer<typeof BackupManifest>

/** What is in a backup. */
export const BackupSummary = z.object({
  madeAtMs: AtMs,
  consoleVersion: z.string().max(40),
  serverCount: z.int().nonnegative(),
  sizeBytes: z.int().nonnegative()
})
export type BackupSummary = z.infer<typeof BackupSummary>

export const BackupStatus = z.object({
  /** The last one made from a window. `path` null: it was downloaded. */
  last: z.object({ atMs: AtMs, sizeBytes: z.number(), path: z.string().nullable() }).nullable(),
  /** About the size of a backup made now. */
  expectedBytes: z.number(),
  /** A checked backup that waits for the operator's word, or for the next start. */
  restore: z
    .object({
      summary: BackupSummary,
      /** True: it takes the place of the present data at the next start. */
      isArmed: z.boolean()
    })
    .nullable(),
  /** Folders within the data folder where earlier restores have put the data of their time aside. */
  putAside: z.array(z.string().max(200))
})
export type BackupStatus = z.infer<typeof BackupStatus>

/** What the task reports: in browser mode the address to download from; and how far it is, 0 to 1. */
export const BackupEvent = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('address'), path: z.string() }),
  z.object({ kind: z.literal('progress'), doneRatio: z.number() })
])
export type BackupEvent = z.infer<typeof BackupEvent>

export const BackupResult = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string(), sizeBytes: z.number() }),
  z.object({ kind: z.literal('download'), sizeBytes: z.number() })
])
export type BackupResult = z.infer<typeof BackupResult>

export const backupContract = {
  'backup.watch': stream(z.object({}), BackupStatus, 'latest'),
  /** Fails with diskFull (`neededBytes`, `freeBytes`) before it begins when the copy would fill the disk. */
  'backup.make': task(z.object({ fileName: z.string().min(1).max(120) }), BackupEvent, BackupResult),
  /**
   * Takes the bytes of an archive, checks it and keeps it as `restore` of the status. Fails with backupInvalid
   * (`reason`), databaseNewer, diskFull. Nothing of the present data is touched.
   */
  'backup.upload': channel(z.object({})),
  /** The checked backup takes effect at the next start. Throws notFound when there is none. */
  'backup.arm': call(z.object({}), z.null()),
  /** Drops the checked backup; nothing is restored. */
  'backup.disarm': call(z.object({}), z.null())
}

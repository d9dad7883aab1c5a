/** The operation journal: every write on a server, recorded before it is sent. */
import { z } from 'zod'
import { call, stream } from './define.ts'
import { ServerId, VmUuid } from './ids.ts'
import { AtMs, DurationMs } from './units.ts'

export const JournalEntry = z.object({
  id: z.int(),
  atMs: AtMs,
  serverId: ServerId,
  /** Names as they were then; the server or VM may be gone since. */
  serverName: z.string(),
  vmUuid: VmUuid.nullable(),
  vmName: z.string().nullable(),
  /** `machine.start`, `machine.forceOff`, … */
  action: z.string().max(64),
  /** Exactly what was run on the server. */
  command: z.string(),
  /** `pending`: sent, no answer yet. `unknown`: the link or the console ended before the answer came. */
  outcome: z.enum(['pending', 'done', 'failed', 'unknown']),
  exitCode: z.int().nullable(),
  stderr: z.string(),
  durationMs: DurationMs.nullable()
})
export type JournalEntry = z.infer<typeof JournalEntry>

export const activityContract = {
  /** Newest first. `beforeId` pages on. */
  'activity.list': call(
    z.object({
      serverId: ServerId.optional(),
      vmUuid: VmUuid.optional(),
      beforeId: z.int().optional(),
      limit: z.int().min(1).max(500).default(200)
    }),
    z.object({ entries: z.array(JournalEntry) })
  ),
  /** New and changed entries from now on. */
  'activity.watch': stream(z.object({}), JournalEntry, 'all')
}

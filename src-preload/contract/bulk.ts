/** One action on many VMs of many servers. */
import { z } from 'zod'
import { task } from './define.ts'
import { ErrorInfo } from './errors.ts'
import { VmRef } from './ids.ts'
import { RemoteText } from './units.ts'
import { MachineAction } from './vocabulary.ts'

export const BulkTarget = VmRef.extend({
  /** The name the operator saw; behind another one nothing is done. */
  seenName: RemoteText
})
export type BulkTarget = z.infer<typeof BulkTarget>

export const BulkItem = z.object({
  /** Place among the targets. */
  index: z.int().nonnegative(),
  /** `skipped`: stopped before its turn. */
  state: z.enum(['running', 'done', 'already', 'failed', 'skipped']),
  error: ErrorInfo.nullable()
})
export type BulkItem = z.infer<typeof BulkItem>

export const BulkProgress = z.object({
  /** What has changed since the last event. */
  items: z.array(BulkItem),
  ended: z.int(),
  total: z.int()
})
export type BulkProgress = z.infer<typeof BulkProgress>

export const bulkContract = {
  /**
   * At most `perServer` at once on each server, all servers at the same time. Each is its own row of the journal.
   * Cancelling starts no more; what was sent is waited for. A VM that fails does not stop the others.
   */
  'bulk.run': task(
    z.object({
      action: MachineAction,
      targets: z.array(BulkTarget).min(1).max(2_000),
      perServer: z.int().min(1).max(8).default(2)
    }),
    BulkProgress,
    z.object({ items: z.array(BulkItem).max(2_000) })
  )
}

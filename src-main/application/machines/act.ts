/** The operator acts on a VM: allowed?, journalled before it is sent, then done by UUID. */
import type { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { type JournalDeps, journalled, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'

/** The whole of one act, reading back included. Saving writes all of a VM's memory, and starting may read it. */
const ACT_DEADLINE_MS = 45_000
const LONG_ACTS_MS: Partial<Record<MachineAction, number>> = { save: 930_000, start: 210_000 }

export const actDeadlineMs = (action: MachineAction): number => LONG_ACTS_MS[action] ?? ACT_DEADLINE_MS

export interface ActRequest {
  readonly runtime: ServerRuntime
  readonly vmUuid: VmUuid
  readonly action: MachineAction
  readonly seenName: string
}

/** Throws refused (look-only), disconnected, vmNotFound, vmChanged, vmNotResponding, vmActionNotPossible, libvirtFailed. */
export async function actOnMachine(
  { runtime, vmUuid, action, seenName }: ActRequest,
  deps: JournalDeps,
  signal: AbortSignal
): Promise<'done' | 'already'> {
  const session = writableSessionOf(runtime)
  return journalled(
    { action: `machine.${action}`, record: runtime.record, vm: { uuid: vmUuid, name: seenName } },
    deps,
    (journal) => session.act({ uuid: vmUuid, action, seenName }, journal, signal)
  )
}

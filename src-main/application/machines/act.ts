/** The operator acts on a VM: allowed?, journalled before it is sent, then done by UUID. */
import type { VmUuid } from '#contract/ids.ts'
import type { MachineAction } from '#contract/vocabulary.ts'
import { type JournalDeps, journalled, writableSessionOf } from '../operations/journal-row.ts'
import type { ServerRuntime } from '../servers/server-runtime.ts'

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
